"""Fixtures: a project under its live settings, on PostgreSQL, memcached and gunicorn."""

import glob
import http.client
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from support import program, unavailable

HOST = "www.example.com"
CSRF_COOKIE, SESSION_COOKIE = "__Host-csrftoken", "__Host-sessionid"
DB_PASS = r"""a'b"c $HOME \ é中 %(x)s {{y}}"""


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_until(condition, limit=30):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"waited {limit} seconds in vain"
        time.sleep(0.05)


@contextmanager
def running(command, ask, log, **options):
    """Run a server from the moment that ask() no longer fails to the end of the block."""

    def answers():
        assert server.poll() is None, f"{command} ended by itself:\n{log.read_text()}"
        try:
            ask()
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    with log.open("a") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **options)
    try:
        wait_until(answers)
        yield
    finally:
        server.terminate()
        try:
            server.wait(30)
        finally:
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def database():
    """A PostgreSQL with the project's role: .host, .port, and .sql() as its superuser."""
    where = os.pathsep.join([*glob.glob("/usr/lib/postgresql/*/bin"), os.environ["PATH"]])
    names = ("initdb", "postgres", "pg_isready", "psql")
    initdb, postgres, pg_isready, psql = (shutil.which(name, path=where) for name in names)
    if not (initdb and postgres and pg_isready and psql):
        unavailable("PostgreSQL is not installed: apt-get install postgresql")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    # Not below pytest's own directory, which only its owner may enter.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as directory:
        user = os.geteuid() or "nobody"  # it refuses to run as root
        shutil.chown(directory, user)
        port, data = unused_port(), f"{directory}/data"
        options = {"cwd": directory, "env": environment, "user": user}
        here = ["-h", directory, "-p", str(port)]

        def sql(statement, name="mysite", **variables):
            values = [f"--set={key}={value}" for key, value in variables.items()]
            command = [psql, "-XAtq", "--set=ON_ERROR_STOP=1", *here, *values, name]
            return subprocess.check_output(command, input=statement, text=True, **options).strip()

        cluster = ["--no-locale", "-EUTF8", "-N", "--auth-local=peer", "--auth-host=scram-sha-256"]
        subprocess.run([initdb, *cluster, data], stdout=subprocess.DEVNULL, check=True, **options)
        # On a server the site runs as the user of its role; here, by its password.
        access = Path(data, "pg_hba.conf")
        access.write_text("local all mysite scram-sha-256\n" + access.read_text())
        server = [postgres, "-D", data, "-k", directory, "-p", str(port), "-F"]
        ask = partial(subprocess.run, [pg_isready, "-q", *here], check=True)
        with running(server, ask, Path(directory, "log"), **options):
            sql("CREATE ROLE mysite LOGIN PASSWORD :'password'", "postgres", password=DB_PASS)
            sql("CREATE DATABASE mysite OWNER mysite", "postgres")
            yield SimpleNamespace(host=directory, port=port, sql=sql)


@pytest.fixture(scope="module")
def memcached(tmp_path_factory):
    """A memcached: .port, .start(), .stop(), and .stored(), how much it was ever given to keep."""
    with running_memcached(tmp_path_factory.mktemp("memcached") / "log") as memcached:
        yield memcached


@contextmanager
def running_memcached(log):
    port = unused_port()
    command = [program("memcached", "memcached"), "-l127.0.0.1", f"-p{port}", "-unobody"]

    def stored():
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"stats\r\nquit\r\n")
            return int(re.search(r"STAT total_items (\d+)", client.makefile().read())[1])

    run = partial(running, command, stored, log)
    with ExitStack() as server:
        server.enter_context(run())
        controls = {"start": lambda: server.enter_context(run()), "stop": server.close}
        yield SimpleNamespace(port=port, stored=stored, **controls)


class Visitor:
    """Someone with a browser, which keeps cookies, behind the proxy that ends TLS."""

    def __init__(self, port, tls=None):
        self.port, self.tls, self.cookies = port, tls, {}

    def connect(self):
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def open(self, path, fields=(), method="GET", **headers):
        """Ask for a page, or send it a form, and return the answer, with its .body and .text."""
        cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())
        about = {"Host": HOST, "X-Forwarded-Proto": "https", "Cookie": cookies}
        if fields:
            about |= {"Content-Type": "application/x-www-form-urlencoded"}
            about |= {"Origin": f"https://{HOST}"}
            if CSRF_COOKIE in self.cookies:
                about |= {"X-CSRFToken": self.cookies[CSRF_COOKIE].value}
        about |= headers
        connection = self.connect()
        connection.request("POST" if fields else method, path, urlencode(fields), about)
        answer = connection.getresponse()
        answer.body = answer.read()
        answer.text = answer.body.decode(errors="replace")
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= SimpleCookie(cookie)
        return answer

    def log_in(self):
        self.open("/admin/login/")
        return self.open("/admin/login/", {"username": "editor", "password": DB_PASS})


def render_live_settings(path, database, memcached, several_hosts=False):
    template = Path(path, "deploy", "local_settings.py.template").read_text(encoding="utf-8")
    answers = {
        "root": str(path),
        "environment": "production",
        "live_hostname": HOST,
        "project_name": "mysite",
        "project_app": "mysite",
        "database_name": "mysite",
        "database_user": "mysite",
        "database_host": "",
        "database_port": "",
        "database_options": {},
        "bucket": None,
        "several_hosts": several_hosts,
    }
    answers |= {name: secrets.token_urlsafe(50) for name in ("secret_key", "nevercache_key")}
    settings = template % (answers | {"db_pass": DB_PASS})
    # The ports of a server, which others may use on this machine.
    settings += f'DATABASES["default"] |= dict(HOST="{database.host}", PORT={database.port})\n'
    settings += f'CACHES["default"]["LOCATION"] = "127.0.0.1:{memcached.port}"\n'
    Path(path, "edits").mkdir()
    settings += f'PAGE_CACHE_EDITS = "{path}/edits"\nCOMMENTS_DEFAULT_APPROVED = True\n'
    Path(path, "mysite", "local_settings.py").write_text(settings, encoding="utf-8")


def gunicorn(python, package, port):
    """Return the command that serves the package at that port, with the worker of a server."""
    command = [python, "-m", "gunicorn", f"{package}.wsgi", f"--bind=127.0.0.1:{port}"]
    return [*command, "--workers=2", "--threads=4", "--no-control-socket"]


@pytest.fixture(scope="session")
def collected(tmp_path_factory):
    """Where the first live project leaves its static files to the next: compressing takes long."""
    return tmp_path_factory.mktemp("collected") / "static"


@pytest.fixture(scope="module")
def several_hosts():
    """Whether the site is on several hosts."""
    return False


EVERY_WARNING = "always::DeprecationWarning,always::PendingDeprecationWarning"
ENVIRONMENT = os.environ | {"PYTHONWARNINGS": EVERY_WARNING}


@pytest.fixture(scope="module")
def live(project, database, memcached, several_hosts, collected, tmp_path_factory):
    """The running site: .path, .port, .manage(), .log(), what gunicorn said, .start(), .stop()."""
    path = tmp_path_factory.mktemp("live") / "mysite"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".git"))
    render_live_settings(path, database, memcached, several_hosts)
    manage = partial(run_manage, project.python, path)
    manage("createdb", "--noinput", "--nodata")
    if collected.exists():
        shutil.copytree(collected, path / "static")
    else:
        manage("collectstatic", "--noinput")
        shutil.copytree(path / "static", collected)
    with running_gunicorn(project.python, path) as live:
        yield live


def run_manage(python, path, *arguments, **variables):
    command, env = [python, "manage.py", *arguments], ENVIRONMENT | variables
    run = subprocess.run(command, cwd=path, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run


@contextmanager
def running_gunicorn(python, path):
    """Run a project of live settings, at its Path; yield what the fixture live is."""
    port, log = unused_port(), path / "gunicorn.log"
    ask = partial(Visitor(port).open, "/robots.txt")
    command = gunicorn(python, "mysite", port)
    run = partial(running, command, ask, log, cwd=path, env=ENVIRONMENT)
    with ExitStack() as server:
        server.enter_context(run())
        controls = {"start": lambda: server.enter_context(run()), "stop": server.close}
        yield SimpleNamespace(
            path=path,
            python=python,
            port=port,
            manage=partial(run_manage, python, path),
            log=log.read_text,
            **controls,
        )


@pytest.fixture
def visitor(live):
    return Visitor(live.port)


@pytest.fixture(scope="module")
def administrator(live):
    """A visitor who has logged in."""
    account = ["--noinput", "--username=editor", "--email=editor@example.com"]
    live.manage("createsuperuser", *account, DJANGO_SUPERUSER_PASSWORD=DB_PASS)
    visitor = Visitor(live.port)
    assert visitor.log_in().status == 302
    return visitor
