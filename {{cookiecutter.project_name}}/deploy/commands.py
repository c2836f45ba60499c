"""What turns a function of a host into a command of the fabfile."""

import functools
import sys

from fabric import Connection, task
from invoke import Collection, Exit

from .host import CommandFailed, Host

_hosts = {}  # by user, name and port: commands of one run share their connections
_done = {}  # by command: the hosts it has been through


def host_of(connection, config):
    key = connection.user, connection.host, connection.port
    if key not in _hosts:
        _hosts[key] = Host(connection, config)
    return _hosts[key]


class Commands:
    """The commands of the fabfile, for the hosts of a Config."""

    def __init__(self, config):
        self.config = config
        self.namespace = Collection()
        if config.ssh_key_path:
            key = {"key_filename": config.ssh_key_path, "look_for_keys": False}
            self.namespace.configure({"connect_kwargs": key})
        if config.ssh_user:
            self.namespace.configure({"user": config.ssh_user})

    def command(self, function):
        """Make a command of function(host, ...), which then runs on each host in turn."""
        name = function.__name__.rstrip("_").replace("_", "-")

        @functools.wraps(function)
        def body(connection, *args, **kwargs):
            if not isinstance(connection, Connection):
                raise Exit("No host to work on: name one in FABRIC or after -H", 2)
            if connection.config.run.dry:
                raise Exit("fab --dry would connect and upload all the same; fab plan tells", 2)
            host = host_of(connection, self.config)
            host.verbose = bool(connection.config.run.echo)
            done = _done.setdefault(name, [])
            print(f"{name} on {host.name}", flush=True)
            try:
                function(host, *args, **kwargs)
            except CommandFailed as error:
                print(error.output, end="", file=sys.stderr)
                raise Exit(self.failure(name, host, error), error.status) from None
            except Exit as error:
                raise Exit(self.failure(name, host, error.message), error.code) from None
            done.append(host.name)

        made = task(body, name=name, hosts=self.config.hosts)
        self.namespace.add_task(made)
        return made

    def failure(self, name, host, reason):
        """Return the reason and, where there are several hosts, which are done and which not."""
        hosts = hosts_of_this_run(self.config)
        if len(hosts) == 1:
            return str(reason)
        done = _done[name]
        left = [other for other in hosts if other not in [*done, host.name]]
        return (
            f"{reason}\n{name}: done on {', '.join(done) or 'no host'};"
            f" not begun on {', '.join(left) or 'none'}"
        )


def hosts_of_this_run(config):
    """Return the hosts after -H, else those of FABRIC."""
    for word, following in zip(sys.argv, [*sys.argv[1:], ""], strict=True):
        if word in ("-H", "--hosts"):
            return following.split(",")
        if word.startswith("--hosts="):
            return word.partition("=")[2].split(",")
    return config.hosts


def confirm(question, answer, given=""):
    """Exit unless the answer is given, or typed when asked."""
    if not given and sys.stdin.isatty():
        given = input(f"{question}? Type {answer} to go on: ").strip()
    if given != answer:
        raise Exit(f"{question}: not confirmed; type {answer} when asked, or --yes {answer}", 2)
