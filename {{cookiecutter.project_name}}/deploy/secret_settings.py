"""Settings whose values the server alone knows: given, taken away, listed by name.

A value is in no file here, no argument and no output: see on_host/secret_settings.py.
"""

import os
import select
import sys
from typing import Any

from invoke import Exit

from . import backup_keys, common, plans, relay, releases
from .going_back import Failures
from .host import CommandFailed, Host
from .hosts import Hosts
from .lease import Leases
from .on_host.backup_keys import CREDENTIALS
from .on_host.bucket import KEYS
from .on_host.secret_settings import problem_of_name, takes
from .steps import step
from .terminal import ask, can_ask, tell

PATIENCE = 30  # seconds for what writes to our standard input
LONGEST = 2**16  # bytes


def show(host: Host) -> None:
    """Print the names, a line each, and what to type for those that are not live yet."""
    found = host.call("secrets")
    print(*(f"{name}\n" for name in found["names"]), sep="", end="")
    if not found["names"]:
        tell("There are no secrets; type fab secret and the name of a setting")
    if found["waiting"]:
        tell(host.config.typed(f"Not live yet: {', '.join(found['waiting'])}; type fab restart"))


def change(hosts: Hosts, name: str, remove: bool, yes: bool) -> None:
    """Keep a value that is asked for, or none any more, and offer the relay that makes it live."""
    hosts.refuse_other_than_all("A secret")
    host = hosts.lead
    if problem := problem_of_name(name):
        raise Exit(problem, 2)
    if name in CREDENTIALS:  # of no release: what is to open BACKUP_TO is for root alone
        backup_keys.change(host, name, None if remove else given(name, "str"))
        common.carry(hosts)
        return
    if name in KEYS and not releases.live(host):  # the first release has to have them
        change_before(hosts, name, None if remove else given(name, "str"))
        return
    plans.live_or_exit(host)
    app = host.config.project_app
    found: dict[str, Any] = {"reads": True}
    if not remove:
        found = refusing(host, "secret", setting=name, app=app)
    value = None if remove else given(name, found["kind"])
    with Leases(hosts, "secret") as leases:
        leases.note(setting=f"{name} removed" if remove else name)
        before = common.given(host)[0] if hosts.others else {}
        with step(host, f"Setting {name}"):
            done = refusing(host, "change_secret", setting=name, app=app, value=value)
        try:
            common.carry(hosts)
        except (Exit, CommandFailed) as failure:
            words = failure.message if isinstance(failure, Exit) else failure.output
            lines = [str(words).strip(), *take_back(hosts, before)]
            raise Exit("\n".join(lines), getattr(failure, "code", 1)) from None
        common.note(hosts)  # also where it is to be live later
        if not done["changed"]:
            leases.note(result="nothing to do")
            print(f"{name} has that value already.")
        elif not found["reads"]:
            line = f"{name} is kept; the live release is too old to read it: type fab deploy"
            print(host.config.typed(line))
        else:
            make_live(hosts, name, yes, before)


def change_before(hosts: Hosts, name: str, value: str | None) -> None:
    """Keep a key of UPLOADS, or none any more, for a site of which nothing is live yet."""
    with Leases(hosts, "secret") as leases:
        leases.note(setting=name if value is not None else f"{name} removed")
        for host in hosts:
            with step(host, f"Setting {name}"):
                refusing(host, "change_secret_before", setting=name, value=value)
    print(hosts.lead.config.typed(f"{name} is kept; type fab deploy"))


def refusing(host: Host, command: str, **parameters: Any) -> dict[str, Any]:
    """Return the answer of the host; Exit with status 2 where it refuses what was typed."""
    try:
        return host.call(command, **parameters)
    except CommandFailed as failure:
        raise Exit(f"{host.name}: {failure.output.strip()}", 2) from None


def make_live(hosts: Hosts, name: str, yes: bool, before: common.Things) -> None:
    """Restart the site, if that is agreed to; where that fails, the value is as before.

    `before` is what the hosts had in common before that, where there are several.
    """
    question = "Restart the site, so that it is live (yes/no)?"
    later = f"{name}: not live yet; type fab restart"
    if not yes and not (can_ask() and ask(question, Exit(later, 0)) == "yes"):
        print(hosts.lead.config.typed(later))
        return
    done: dict[Host, str] = {}  # with what is live there
    for host in hosts.abreast:  # the next deploy brings it to others
        try:
            live = plans.live_or_exit(host)
            relay.switch(host, live, rename=False)
        except Exit as failure:
            lives = {each.name: release for each, release in done.items()}
            told = [*take_back(hosts, before), *relay.go_back(list(done), lives)]
            raise Exit("\n".join([str(failure.message), *told]), failure.code) from None
        done[host] = live
    common.agree(hosts)
    print(f"Live: {name}")


def take_back(hosts: Hosts, before: common.Things) -> list[str]:
    """Let all of several hosts keep what they had before; return a line for each that cannot."""
    settings = {key: value for key, value in before.items() if key == "settings"}
    failures = Failures(hosts)
    there = [
        host
        for host in (list(hosts) if hosts.others else ())
        if failures.past(host, lambda each: each.call("take_common", things=settings))
    ]
    first = next((host for host in there if host in hosts.abreast), None)
    if first and common.knows_others(hosts):
        failures.past(first, lambda each: each.call("note_live"))
    return failures.lines


def given(name: str, kind: str) -> str:
    """Return the value that is typed, unseen, or that the standard input has; Exit without one."""
    if can_ask():
        hint = ", ".join(filter(None, (name, takes(name, kind))))
        value = ask(f"{hint}:", Exit(f"{name}: nothing was typed", 2), hidden=True)
    else:
        value = without_line_end(standard_input(name))
    if not value.strip():
        how = f"type it at a terminal, or fab secret {name} <FILE"
        raise Exit(f"{name}: no value; {how}; fab secret {name} --remove takes one away", 2)
    return value


def standard_input(name: str) -> str:
    """Return the text of the standard input; Exit where it is none, or does not come to an end."""
    found = b""
    while sys.stdin and len(found) <= LONGEST:
        if not select.select([sys.stdin], [], [], PATIENCE)[0]:
            raise Exit(f"{name}: no value comes from the standard input; type it at a terminal", 2)
        data = os.read(sys.stdin.fileno(), 2**16)
        if not data:
            break
        found += data
    if len(found) > LONGEST:
        raise Exit(f"{name}: more than {LONGEST >> 10} kB is no value of a setting", 2)
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Exit(f"{name}: the standard input is not text in UTF-8", 2) from None


def without_line_end(text: str) -> str:
    """Return a text without the end of its last line, which files have and values have not."""
    return text.removesuffix("\n").removesuffix("\r")
