"""Projects on the host, and gunicorns that serve them, all with the same configuration and NGINX.

Each gunicorn stands behind a plain server block, which keeps nothing.
"""

import shlex
from contextlib import contextmanager
from typing import NamedTuple
from urllib.request import Request, urlopen

import measuring
from cgroup import wait_for
from sites import HOST

HEADERS = {"Host": HOST, "Accept-Encoding": "gzip"}
DEPLOYED, TRIED = 8000, 8100  # ports on the host: of the deployed gunicorn, of another
PLAIN = """
server {
    listen %(plain)s;
    location / {
        proxy_pass http://127.0.0.1:%(port)s;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto https;
    }
}
"""
CONFIGURATION = "/srv/bench/gunicorn.conf.py"
START = """
systemd-run --quiet --collect --unit=bench --uid={user} --working-directory={path} {variables} \
    {environment}/bin/gunicorn --config {configuration} --bind 127.0.0.1:{port} {options} {app}.wsgi
systemctl show --property=MainPID --value bench
"""
SESSION = """
from importlib import import_module
from django.conf import settings
from django.contrib import auth
editor = auth.get_user_model().objects.create_superuser("bench", "bench@one.example", "bench")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[auth.SESSION_KEY] = str(editor.pk)
session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[auth.HASH_SESSION_KEY] = editor.get_session_auth_hash()
session.save()
print(session.session_key)
"""


class Project(NamedTuple):
    """A Django project on a host."""

    host: object
    user: str
    path: str
    environment: str  # the path of its virtual environment
    app: str
    settings: str

    def manage(self, *arguments):
        """Run a command of manage.py and return what it printed."""
        line = f"cd {self.path} && {self.environment}/bin/python manage.py {shlex.join(arguments)}"
        return self.host.run(line, self.user, env={"DJANGO_SETTINGS_MODULE": self.settings}).stdout

    def run(self, code):
        """Run Python code with the settings of the project; return what it printed."""
        return self.manage("shell", "-c", code)

    def log_in(self):
        """Make an administrator; return the key of a session."""
        return self.run(SESSION).split()[-1]


class Gunicorn(NamedTuple):
    """A gunicorn that runs, and how to ask it for pages past what NGINX keeps."""

    host: object
    main: int  # the ID of its first process, on the host
    port: int

    @property
    def url(self):
        return f"http://{self.host.address}:{self.port + 1000}"

    def rate(self, page, **headers):
        """Return the Rate of a page; the headers are added to those that all send."""
        return measuring.rate(self.url + page, HEADERS | headers)

    def memory(self):
        return measuring.memory(self.host, self.main)

    def answers(self):
        try:
            return urlopen(Request(self.url + "/", headers=HEADERS), timeout=30).status == 200
        except OSError:
            return False


def prepare(host):
    """Put the plain server blocks and gunicorn's configuration in place."""
    blocks = [PLAIN % {"plain": port + 1000, "port": port} for port in (DEPLOYED, TRIED)]
    (host.root / "etc/nginx/conf.d/bench.conf").write_text("".join(blocks))
    host.run("systemctl reload nginx")
    folder = host.root / "srv/bench"
    folder.mkdir()
    text = (host.root / "srv/mysite/current/gunicorn.conf.py").read_text()
    (folder / "gunicorn.conf.py").write_text(text)


def own(host):
    """Return the Project that is deployed."""
    current = "/srv/mysite/current"
    return Project(
        host, "mysite", f"{current}/project", f"{current}/venv", "mysite", "mysite.settings"
    )


def deployed(host):
    """Return the Gunicorn that a deploy has started."""
    main = host.run("supervisorctl pid mysite").stdout.strip()
    return Gunicorn(host, int(main), DEPLOYED)


@contextmanager
def running(project, options="", configuration=CONFIGURATION):
    """Serve a project by a gunicorn of its own; yield the Gunicorn."""
    host = project.host
    variables = f"--setenv=DJANGO_SETTINGS_MODULE={project.settings} --setenv=LANG=C.UTF-8"
    values = project._asdict() | {"options": options, "configuration": configuration}
    main = host.run(START.format(port=TRIED, variables=variables, **values)).stdout.strip()
    server = Gunicorn(host, int(main), TRIED)
    try:
        wait_for(server.answers, 60)
        yield server
    finally:
        host.run("systemctl stop bench", check=False)  # it may have ended by itself
