"""A generated project and the host that it deploys to: what the tests of deploys act on."""

import contextlib
import fcntl
import os
import pty
import re
import socket
import ssl
import subprocess
import sys
import termios
import threading
from http.client import HTTPSConnection

import pytest
from load import Connection

# The other one has its turn in the other modules, and here in nox -s everything.
ONE_SUITE_IN_CI = [pytest.param("bookworm", marks=pytest.mark.long), "trixie"]
HOST = "www.one.example"
PASSWORD = "a'b\"c $HOME \\ é中 %(x)s {{y}}"
# What FABRIC says where the user of deploys logs in, and uses sudo, with a password.
BY_PASSWORD = {"SSH_USER": "deploy", "SSH_PASS": PASSWORD, "SSH_KEY_PATH": ""}

# Makes the user of BY_PASSWORD, but for the password.
USER_BY_PASSWORD = """
apt-get -qq update && apt-get -qq install --no-install-recommends sudo >/dev/null
useradd --create-home --groups sudo --shell /bin/bash deploy
"""

# Makes alice, who has a user of her own, sudo, and the rig's key.
COLLEAGUE = """
apt-get -qq update && apt-get -qq install --no-install-recommends sudo >/dev/null
useradd --create-home --shell /bin/bash alice
install -d -o alice -m 700 /home/alice/.ssh
install -o alice -m 600 ~/.ssh/authorized_keys /home/alice/.ssh/
echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice
"""


class Site:
    """A generated project, and the host that it deploys to."""

    def __init__(self, project, host, name=HOST, **fabric):
        self.project, self.host, self.name = project, host, name
        self.home = project.parent.parent
        self.configure(**{"HOSTS": [host.address], "SSH_KEY_PATH": str(host.key)} | fabric)
        (self.home / ".ssh").mkdir(mode=0o700)
        (self.home / ".ssh/known_hosts").write_text(host.known_hosts.read_text())

    def configure(self, **fabric):
        """Add keys to the FABRIC of local_settings.py."""
        local = self.project / self.project.name / "local_settings.py"
        text = local.read_text("utf-8").rpartition("\nFABRIC = ")[0] or local.read_text("utf-8")
        self.fabric = getattr(self, "fabric", {}) | fabric
        local.write_text(f"{text}\nFABRIC = {self.fabric!r}\n", "utf-8")

    def start(self, *arguments, environment=None, **options):
        """Start fab in the project and return the Popen; options are Popen's own."""
        return subprocess.Popen(
            [sys.executable, "-m", "fabric", *arguments],
            cwd=self.project,
            env=os.environ | {"HOME": str(self.home), "SSH_AUTH_SOCK": ""} | (environment or {}),
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "text": True}
            | {"stderr": subprocess.STDOUT, "encoding": "utf-8"}
            | options,
        )

    def fab(self, *arguments, status=0, environment=None):
        """Run fab in the project and return what it printed; its exit status is asserted."""
        with self.start(*arguments, environment=environment) as process:
            try:
                output = process.communicate(timeout=600)[0]
            except BaseException:
                process.kill()
                raise
        assert process.returncode == status, output
        assert "\nTraceback" not in f"\n{output}", output  # one of the server is indented
        return output

    def status(self):
        """Return what fab status prints, whether something is wrong, as a job of cron, or not."""
        with self.start("status") as process:
            output = process.communicate(timeout=600)[0]
        assert process.returncode in (0, 1), output
        return output

    def answer(self, *arguments, status=0):
        """Run fab in the project and return what is on its standard output alone."""
        with self.start(*arguments, stderr=subprocess.PIPE) as process:
            output, errors = process.communicate(timeout=600)
        assert process.returncode == status, output + errors
        return output

    def commit(self):
        subprocess.run(["git", "add", "."], cwd=self.project, check=True)
        author = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
        command = ["git", *author, "commit", "-q", "-m", "Change"]
        subprocess.run(command, cwd=self.project, check=True)

    def get(self, path, host=""):
        """Return the status and the text of a page, asked over TLS by host name."""
        host = host or self.name
        context = ssl._create_unverified_context()
        connection = HTTPSConnection(self.host.address, timeout=30, context=context)
        connection.sock = context.wrap_socket(
            socket.create_connection((self.host.address, 443), 30),
            server_hostname=host.partition(":")[0].rstrip("."),
        )
        # The cookie of who has just sent a form: nothing kept is shown to that visitor.
        connection.request("GET", path, headers={"Host": host, "Cookie": "just-sent=1"})
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")


def run_jobs(site, project="", job=""):
    """Run what cron runs each minute for a project of the host, or that job of it, without a wait.

    Those of a project by the name of `site`, unless another is given. What runs just now is left to
    that run, and so is the agent, whose runs take most of the minute.
    """
    text = (site.host.root / "etc/cron.d" / (project or site.project.name)).read_text("utf-8")
    variables = dict(re.findall(r"^([A-Z_]+)=(.*)", text, re.M))
    lines = re.findall(r"^(?:\* ){5}(\S+) (.*/job\.sh \S+ (\S+) .*)", text, re.M)
    for user, command, name in lines:
        if job in ("", name):
            site.host.run(command, user=user, env=variables, check=False)


def known_hosts(site):
    return site.home / ".ssh/known_hosts"


def who(site, *arguments, **options):
    """Return the user that logged in, and the one that a command runs as."""
    output = site.fab(*arguments, "sudo", "echo who: ${SUDO_USER:-nobody} $(id -un)", **options)
    return re.search("who: (.*)", output)[1]


def home_page_css(site):
    """Return the style sheet that the home page names."""
    path = re.search(r'href="(/static/css/theme\.\w+\.css)"', site.get("/")[1])[1]
    return site.get(path)[1]


def typed(site, answers, *arguments, status=0, environment=None, meanwhile=None):
    """Run fab on a terminal, type an answer at each question, and return what it showed.

    meanwhile is a pattern and what to call, once, when that has been shown.
    """
    leader, follower = pty.openpty()
    process = site.start(
        *arguments,
        environment=environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(follower, termios.TIOCSCTTY, 0),
    )
    os.close(follower)
    deadline = threading.Timer(300, process.kill)
    deadline.start()
    answers, output, answered = list(answers), "", 0
    with contextlib.suppress(OSError):  # EIO: nobody has the terminal any more
        while data := os.read(leader, 4096):
            output += data.decode("utf-8", "replace")
            if answers and re.search(r"[?:] $", output[answered:]):
                os.write(leader, answers.pop(0).encode() + b"\n")
                answered = len(output)
            if meanwhile and re.search(meanwhile[0], output):
                meanwhile[1]()
                meanwhile = None
    os.close(leader)
    deadline.cancel()
    assert process.wait(timeout=60) == status, output
    assert "Traceback" not in output, output
    return output


class Visitor:
    """Somebody with a browser of his own, who can log in: it keeps cookies and sends forms."""

    def __init__(self, site):
        self.site, self.cookies = site, {}

    def ask(self, path, fields=None):
        """Return the status and the body, in bytes; with fields, a dict, they are sent by POST."""
        headers = {
            "Host": self.site.name,
            "Referer": f"https://{self.site.name}{path}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        body = None
        if fields is not None:
            token = {"csrfmiddlewaretoken": self.csrf_token()}
            body, headers["Content-Type"] = multipart(token | fields)
            headers["Origin"] = f"https://{self.site.name}"
        connection = Connection(self.site.host.address, self.site.name)
        connection.request("GET" if body is None else "POST", path, body, headers)
        response = connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return response.status, response.read()

    def csrf_token(self):
        """Return the value of the cookie, whose name had no prefix in earlier releases."""
        found = [value for name, value in self.cookies.items() if name.endswith("csrftoken")]
        return found[-1] if found else ""

    def log_in(self, username, password):
        self.ask("/admin/login/")
        fields = {"username": username, "password": password}
        assert self.ask("/admin/login/?next=/admin/", fields)[0] == 302


def multipart(fields):
    """Return the body of a form, and its type; a field in bytes is sent as a file of its name."""
    parts = []
    for name, value in fields.items():
        file = "" if isinstance(value, str) else f'; filename="{name}.gif"'
        head = f'--=limit\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        parts += [head.encode(), value.encode() if isinstance(value, str) else value, b"\r\n"]
    return b"".join([*parts, b"--=limit--\r\n"]), "multipart/form-data; boundary==limit"
