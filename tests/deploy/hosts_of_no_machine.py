"""Hosts that are none: what fab asks of each is noted, and answered as a test says."""

import sys
from collections import ChainMap
from contextlib import nullcontext
from types import SimpleNamespace

from invoke import Exit
from support import TEMPLATE

sys.path.insert(0, str(TEMPLATE / "{{cookiecutter.project_name}}"))
sys.dont_write_bytecode = True  # cookiecutter would take it for a part of the template
from deploy import (  # noqa: E402, F401
    at_once,
    common,
    database,
    deploying,
    due,
    files,
    going_back,
    lease,
    packages,
    plans,
    releases,
    removing,
    secret_settings,
    server,
)
from deploy.hosts import Hosts, answering  # noqa: E402, F401

ANSWERS = {
    "releases": {"live": "new", "before": "old", "proven": ["old", "new"]},
    "live": {"live": "new", "problem": "", "hostname": ""},
    "losses": {"losses": []},
    "uploads_differ": {"differ": False},
    "swap": {"secrets": []},
    "relay": {"result": "done"},
    "fetch": {"revision": "1" * 40},
    "begin": lambda revision, release: {"name": release or "newer", "room": 1},
}
FABRIC = {
    "database": "postgresql://garden@db.example/garden",
    "uploads": "s3://garden?endpoint=https://s3.example",
    "network": "",
    "repo_url": "",
    "backup_to": "",
    "project_name": "garden",
    "project_app": "garden",
    "gunicorn_port": 8000,
    "live_hostname": "www.garden.example",
    "environment": "production",
    "requirements_path": "requirements/project.txt",
    "suffix": "",
}


class FakeHost:
    """A host of HOSTS, a, b and c, which has the release `new` live.

    `calls` are the pairs of a command and its parameters, or of a script and its variables. What a
    command answers is in `answers`: a dict, or a function of its parameters.
    """

    def __init__(self, name, entries=("a", "b", "c"), fabric=None, **stand):
        self.name, self.calls, self.beside, self.verbose, self.lease = name, [], True, False, None
        self.is_lost, self.work = False, None
        config = FABRIC | {"hosts": list(entries)} | (fabric or {})
        self.config = SimpleNamespace(typed=str, **config)
        self.connection = SimpleNamespace(original_host=name, host=name, port=22, user="root")
        self.root, self.environment, self.app_user = "/srv/garden", "production", "garden"
        self.stand = {"live": "new", "behind": False, "made": True, "hosts": list(entries)}
        self.stand |= {"asks": True, "aside": False, "alive": list(entries), "settings": "x"}
        self.stand |= {"common": 1, "me": name} | stand
        self.things = {"secrets": f"of {name}", "settings": f"of {name}"}
        given = {"things": self.things, "version": self.stand["common"]}
        own = {"stand": self.stand, "give_common": given}
        self.answers = ChainMap({}, own, ANSWERS)

    def sudo_prefix(self):
        return "", b""

    def call(self, command, as_site=False, **parameters):
        self.calls.append((command, parameters))
        if self.is_lost:
            raise Exit(f"{self.name}: connection lost", 255)
        answer = self.answers.get(command, {})
        answer = answer(**parameters) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def session(self, command, **parameters):
        answer = self.call(command, **parameters)
        return SimpleNamespace(answer=answer, channel=SimpleNamespace(recv_exit_status=int))

    def as_root(self, script, **variables):
        self.call(script, **variables)
        return SimpleNamespace(stdout="", output="", status=0)

    as_site = as_root

    def asked(self, command):
        """Return the parameters of each call of a command."""
        return [parameters for name, parameters in self.calls if name == command]


class NoLeases(nullcontext):
    """Leases of nobody; what was noted is in .noted."""

    def __init__(self, *_arguments):
        super().__init__(self)
        self.noted = {}

    def note(self, **values):
        self.noted |= values


def three(away="", fabric=None, **stands):
    """Return Hosts of a, b and c, of which some letters are away; stands are by the letter."""
    hosts = [FakeHost(name, fabric=fabric, **stands.get(name, {})) for name in "abc"]
    there = [host for host in hosts if host.name not in away]
    return Hosts(there, [host for host in hosts if host.name in away])
