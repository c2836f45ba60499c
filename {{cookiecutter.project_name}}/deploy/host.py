"""One server over SSH: run things there as root or as the site's user, and say what went wrong."""

import base64
import getpass
import hashlib
import json
import shlex
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from invoke import Exit
from paramiko import BadHostKeyException, MissingHostKeyPolicy, SSHException
from paramiko.hostkeys import InvalidHostKey
from paramiko.ssh_exception import AuthenticationException, NoValidConnectionsError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = f"cd /; export LC_ALL=C.UTF-8 PATH={PATH}; "


class CommandFailed(Exception):
    """A command on a host ended with another status than 0: .status, and .output, a str."""

    def __init__(self, status, output):
        super().__init__(f"exit status {status}")
        self.status, self.output = status, output


class Refused(Exit):
    """The server does not let this user in, or not act as root."""


@dataclass
class Result:
    """What a command printed, as str, and its exit status."""

    stdout: str
    output: str  # stdout and stderr, as they came
    status: int


class Host:
    """A server. `connection` is Fabric's; it is opened on the first use, host key checked."""

    def __init__(self, connection, config):
        self.connection = connection
        self.config = config
        self.name = connection.original_host
        self.verbose = False
        self.lease = None  # a Lease, while one is held
        self._sudo = None
        self._password = config.ssh_pass

    @property
    def app_user(self):
        """The user of the host that the site runs as."""
        return self.config.project_name

    @property
    def root(self):
        """The directory of the project on the host, a str."""
        user = self.connection.user
        home = self.config.virtualenv_home or ("/srv" if user == "root" else f"/home/{user}")
        return f"{home}/{self.config.project_name}"

    # Connecting

    def connect(self):
        """Open the connection, unless it is open; Exit with one line where that is not possible."""
        if self.connection.is_connected:
            return
        load_known_hosts(self.connection)
        self.connection.connect_timeout = self.connection.connect_timeout or 15  # seconds
        if self.config.ssh_pass:  # not earlier: fab --debug prints what connections are made with
            self.connection.connect_kwargs.setdefault("password", self.config.ssh_pass)
        try:
            self.connection.open()
        except BadHostKeyException as error:
            raise Exit(changed_key(self.connection, error), 3) from None
        except NoValidConnectionsError:
            where = f"{self.connection.host} port {self.connection.port}"
            raise Exit(f"{self.name}: nothing answers at {where}", 3) from None
        except (SSHException, OSError, EOFError) as error:
            if self._was_refused(error):
                raise Refused(
                    f"{self.name}: {self.connection.user} may not log in with the key or password"
                    " given; see SSH_USER, SSH_KEY_PATH and SSH_PASS in FABRIC",
                    3,
                ) from None
            reason = "the name is not known" if isinstance(error, socket.gaierror) else error
            raise Exit(f"{self.name}: cannot connect: {reason}", 3) from None
        self.connection.transport.set_keepalive(15)

    def _was_refused(self, error):
        # Of a refused key paramiko may tell as of one that it cannot read: it takes an RSA key for
        # each other kind too, and raises what the last said. Then the connection is still there.
        transport = self.connection.client.get_transport()
        return isinstance(error, AuthenticationException) or bool(
            transport and transport.is_active()
        )

    def sudo_prefix(self):
        """Return the words that make a command run as root, and what sudo wants to read first."""
        if self._sudo is None:
            self.connect()
            if self.connection.user == "root":
                self._sudo = "", b""
            elif self._execute("sudo -kn true").status == 0:
                self._sudo = "sudo -n -- ", b""
            else:
                self._sudo = "sudo -k -S -p '' -- ", self._ask_password()
                if self._execute("sudo -k -S -p '' true", self._sudo[1]).status:
                    raise Refused(
                        f"{self.name}: sudo refuses {self.connection.user} or the password", 3
                    )
        return self._sudo

    def _ask_password(self):
        if not self._password:
            if not sys.stdin.isatty():
                raise Refused(f"{self.name}: sudo wants a password; set SSH_PASS in FABRIC", 3)
            prompt = f"Password of {self.connection.user} on {self.name}, for sudo: "
            self._password = getpass.getpass(prompt)
        return self._password.encode() + b"\n"

    # Running

    def run(self, script, user="root", stdin=b"", check=True, **variables):
        """Run a shell script as that user and return its Result.

        The script finds in $name the name of the project, in $root its directory, and the
        variables given. stdin, bytes or str, is what it reads; secrets go there and nowhere else,
        as the rest can be seen in the host's list of processes. CommandFailed where the status is
        not 0, unless check is False.
        """
        prefix, first = self.sudo_prefix()
        values = {"name": self.config.project_name, "root": self.root} | variables
        assignments = [f"{key}={shlex.quote(value)}; " for key, value in values.items()]
        lease = f"export LEASE={self.lease.id}; " if self.lease else ""
        words = ["sh", "-c", ENVIRONMENT + lease + "".join(assignments) + script]
        if user != "root":
            words = ["runuser", "-u", user, "--", *words]
        command = prefix + shlex.join(words)
        stdin = stdin.encode() if isinstance(stdin, str) else stdin
        result = self._execute(command, first + stdin)
        if check and result.status:
            raise CommandFailed(result.status, result.output)
        return result

    def python(self, script, **parameters):
        """Run a Python script of this directory as root; return what it prints, read as JSON.

        The script finds its parameters in a dict named PARAMETERS.
        """
        loader = (
            "import json,sys;PARAMETERS=json.loads(sys.stdin.readline());"
            f"exec(compile(sys.stdin.read(),{script!r},'exec'))"
        )
        source = (Path(__file__).parent / script).read_text("utf-8")
        stdin = json.dumps(parameters) + "\n" + source
        return json.loads(self.run(f"exec python3 -c {shlex.quote(loader)}", stdin=stdin).stdout)

    def session(self, words):
        """Start a command as root that reads on; return its paramiko Channel."""
        prefix, first = self.sudo_prefix()
        channel = self._open(prefix + shlex.join(words))
        channel.sendall(first)
        return channel

    def download(self, words, path):
        """Run a command as root and write what it prints, as bytes, to a local Path."""
        prefix, first = self.sudo_prefix()
        channel = self._start(prefix + shlex.join(words), first)
        with path.open("wb") as file:
            while data := channel.recv(2**20):
                file.write(data)
        if status := channel.recv_exit_status():
            path.unlink()
            raise CommandFailed(status, channel.recv_stderr(2**16).decode("utf-8", "replace"))

    def _execute(self, command, stdin=b""):
        channel = self._start(command, stdin)
        output, stdout = [], []
        errors = threading.Thread(target=self._read, args=(channel.makefile_stderr("rb"), output))
        errors.start()
        self._read(channel.makefile("rb"), output, stdout)
        errors.join()
        status = channel.recv_exit_status()
        channel.close()
        if status == -1:
            raise Exit(f"{self.name}: connection lost", 255)
        return Result("".join(stdout), "".join(output), status)

    def _open(self, command):
        try:
            channel = self.connection.transport.open_session()
            channel.exec_command(command)
            return channel
        except (SSHException, EOFError, OSError):
            raise Exit(f"{self.name}: connection lost", 255) from None

    def _start(self, command, stdin):
        channel = self._open(command)
        threading.Thread(target=send, args=(channel, stdin), daemon=True).start()
        return channel

    def _read(self, stream, *sinks):
        for line in stream:
            line = line.decode("utf-8", "replace")
            for sink in sinks:
                sink.append(line)
            if self.verbose:
                print(line, end="", flush=True)


def send(channel, data):
    try:
        channel.sendall(data)
        channel.shutdown_write()
    except OSError:  # the command ended without reading all of it, and tells by its status
        pass


# Host keys. Fabric accepts any key of any host: https://github.com/fabric/fabric/issues/2071


def known_hosts_file(connection):
    name = connection.ssh_config.get("userknownhostsfile", "~/.ssh/known_hosts").split()[0]
    return Path(name).expanduser()


def load_known_hosts(connection):
    for path in (Path("/etc/ssh/ssh_known_hosts"), known_hosts_file(connection)):
        if path.is_file():
            try:
                connection.client.load_system_host_keys(str(path))
            except InvalidHostKey as error:
                raise Exit(f"{path} has a line that is no host key: {error.line}", 3) from None
    connection.client.set_missing_host_key_policy(AskAboutUnknownKey(known_hosts_file(connection)))


def fingerprint(key):
    """Return the fingerprint as OpenSSH shows it."""
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def changed_key(connection, error):
    name = connection.host if connection.port == 22 else f"[{connection.host}]:{connection.port}"
    return (
        f"{name}: its host key has changed, to {fingerprint(error.key)}. If the server is new, run "
        f"ssh-keygen -R '{name}' and try again; if not, somebody may be listening."
    )


class AskAboutUnknownKey(MissingHostKeyPolicy):
    """Show the fingerprint and ask, as ssh does; refuse where nobody can answer."""

    def __init__(self, known_hosts):
        self.known_hosts = known_hosts

    def missing_host_key(self, client, hostname, key):
        shown = f"{hostname}: the host key {key.get_name()} {fingerprint(key)} is not known"
        if not sys.stdin.isatty():
            raise Exit(f"{shown}; connect once with ssh and compare it", 3)
        if input(f"{shown}. Connect and remember it (yes/no)? ").strip().lower() != "yes":
            raise Exit(f"{hostname}: not connected", 3)
        self.known_hosts.parent.mkdir(mode=0o700, exist_ok=True)
        with self.known_hosts.open("a", encoding="utf-8") as file:
            file.write(f"{hostname} {key.get_name()} {key.get_base64()}\n")
