"""A release takes over from the live one so that nobody notices; runs detached: see relay.py.

The main gunicorn cannot restart without a gap, so a second one, the standby, serves the new release
from a unix socket meanwhile. NGINX sends the visitors there while the file use-standby exists;
it needs no reload for that. `run` below is the order of the steps. Each is noted in
ROOT/state/switch.json before it begins, and has told by then how it is undone; when one fails, all
undo themselves, the last one first. If even the release before cannot start again, the standby goes
on serving. The file use-standby is lost in a reboot, as the standby is: then the main gunicorn
starts with whatever ROOT/current is. What a killed switch has left is repaired by the next one.
"""

import fcntl
import json
import os
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from . import (
    aside,
    bucket,
    certificate,
    deployed,
    lead,
    moving_uploads,
    releases,
    rights,
    secret_settings,
    system_mail,
)
from .alarms import account, jobs
from .configuration import Configuration, keep_program
from .files import link, make_flag
from .naming import Naming
from .pages import Visitors
from .processes import Failed, Processes
from .site import Refused, Site
from .supervisor import state_of
from .virtualenv import problem_of


class Stuck(Exception):
    """The release before does not start as the main gunicorn either."""


class Switch:
    """The steps from the live release, or None, to the new one.

    Each hands its undoing to `undos` before it changes anything.
    """

    def __init__(
        self, site: Site, release: str, port: int, host: str, app: str, rename: bool
    ) -> None:
        self.site, self.release, self.old = site, release, site.live
        self.port = port
        self.processes = Processes(site.name, self.port_of(self.old or release), host)
        self.naming = Naming(site, release, app, rename)
        was_live = release in releases.history(site)
        self.visitors = Visitors(host, first=not self.old, was_live=was_live)
        self.was_aside = aside.is_aside(site)
        self.use_standby_file = Path(f"/run/{site.name}/use-standby")
        self.moves, self.moving = False, ExitStack()  # the uploads, and the lock meanwhile
        self.undos: list[Callable[[], object]] = []
        self.journal: dict[str, Any] = {"from": self.old, "to": release, "started": time.time()}
        self.journal["steps"] = []

    def port_of(self, release: str) -> int:
        """Return where a release listens as the main gunicorn."""
        return deployed.kept(self.site, release).get("GUNICORN_PORT", self.port)

    def note(self, step: str) -> None:
        self.journal["steps"].append(step)
        self.write_journal()

    def write_journal(self) -> None:
        path = self.site.state / "switch.json"
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(self.journal))
        temporary.rename(path)

    def look(self) -> None:
        """Look at the site as visitors do, to know what they must find afterwards."""
        if problem := problem_of(self.site, self.release):
            raise Failed(f"{self.release}: {problem}; type fab deploy")
        self.naming.look()
        if not self.old:
            self.rename()
        self.ask_for(self.naming.domain)
        self.visitors.look_before(self.processes.fetch)

    def ask_for(self, host: str) -> None:
        """Let the site be looked at under that name from now on."""
        self.processes.hostname = self.visitors.hostname = host

    def bring_uploads(self) -> None:
        """Copy the uploads, where the new release has them in another place."""
        if not moving_uploads.differ(self.site, self.old, self.release)["differ"]:
            return
        try:
            self.moving.enter_context(moving_uploads.held(self.site))
            moving_uploads.begin(self.site, self.old, self.release)
            self.moves = True
        except Refused as refused:
            raise Failed(str(refused)) from None

    def finish_uploads(self) -> None:
        """Bring what came to the other place meanwhile, whichever release is live now."""
        if not self.moves:
            return
        try:
            moving_uploads.finish(self.site)
        except Exception as error:  # the release is live all the same
            left = moving_uploads.left(self.site)
            self.journal["uploads"] = f"{error}; {left}; type fab backup"

    def configure(self) -> None:
        """Put the configuration of the new release in place; NGINX and the cache take it up."""
        rights.settle(self.site)
        keep_program(self.site)
        certificate.combine(self.site)
        self.configuration = Configuration(self.site, self.release)
        self.undos.append(self.configure_back)
        try:
            bucket.note(self.site, self.release)
            self.journal["files"] = self.configuration.install()
        except (ValueError, Refused) as error:
            raise Failed(str(error)) from None
        self.processes.start_cache()

    def configure_back(self) -> None:
        self.put_back()
        self.processes.start_cache()

    def put_back(self) -> None:
        """Let the files be as before, and the secrets as when visitors saw the site work."""
        self.configuration.put_back()
        if names := secret_settings.put_back(self.site):
            self.journal["taken_back"] = names
        bucket.note(self.site, self.old)

    def start_standby(self) -> None:
        """Serve the new release beside the live one; nobody is sent there yet."""
        self.undos.append(self.stop_standby)
        self.processes.check_memory()
        link(self.site.next, f"releases/{self.release}")
        self.processes.start(self.processes.standby)
        self.processes.standby_is_well(self.release, self.visitors)

    def stop_standby(self) -> None:
        self.processes.stop(self.processes.standby)
        self.site.next.unlink(missing_ok=True)

    def use_standby(self) -> None:
        """Send the visitors to the standby, and look at the site as they do."""
        self.undos.append(self.use_main_again)
        aside.serve_again(self.site)
        make_flag(self.use_standby_file)
        self.processes.site_is_well(self.release, self.visitors)

    def use_main_again(self) -> None:
        self.use_standby_file.unlink(missing_ok=True)
        if self.was_aside:
            aside.stand_aside(self.site)

    def restart_main(self) -> None:
        """Let the main gunicorn answer what it has begun, and start it with the new release."""
        self.undos.append(self.restart_main_with_old)
        self.replace_main(self.release)

    def replace_main(self, release: str) -> None:
        self.processes.stop(self.processes.main)
        self.processes.port = self.port_of(release)
        if self.site.live != release:
            link(self.site.current, f"releases/{release}")
        aside.serve_again(self.site)
        self.processes.start(self.processes.main)
        self.processes.main_is_well(release)

    def restart_main_with_old(self) -> None:
        if not self.old:
            self.processes.stop(self.processes.main)
            self.site.current.unlink(missing_ok=True)
            return
        try:
            self.put_back()
            if self.was_aside:  # the others have gone on from the old one
                self.processes.stop(self.processes.main)
                link(self.site.current, f"releases/{self.old}")
                aside.stand_aside(self.site)
                return
            self.replace_main(self.old)
        except Exception as error:
            raise Stuck(str(error)) from None

    def use_main(self) -> None:
        """Send the visitors to the main gunicorn, and look at the site as they do."""
        self.undos.append(self.use_standby_again)
        self.use_standby_file.unlink()
        self.processes.site_is_well(self.release, self.visitors)

    def use_standby_again(self) -> None:
        make_flag(self.use_standby_file)

    def rename(self) -> None:
        """Let the site have the name that the release was deployed with, and look at it so."""
        if not self.naming.is_due:
            return
        self.undos.append(self.rename_back)
        self.naming.rename()
        self.journal["renamed"] = [self.naming.domain, self.naming.wanted]
        self.ask_for(self.naming.wanted)
        if self.old:
            self.processes.site_is_well(self.release, self.visitors)

    def rename_back(self) -> None:
        self.naming.back()
        self.ask_for(self.naming.domain)

    def undo(self) -> str:
        """Undo what was done, the last step first; return a line that says where that has led."""
        for undo in reversed(self.undos):
            with suppress(OSError):  # a full disk is no reason not to undo
                self.note(f"undo: {undo.__name__}")
            try:
                undo()
            except Stuck as stuck:
                serving = f"the standby serves {self.release}"
                return f"{self.old} does not start again either; {serving}: {stuck}"
            except Exception as error:  # the others are tried all the same
                self.journal["error"] += f"\n{undo.__name__}: {error}"
        if self.use_standby_file.exists():
            return f"the standby serves {os.readlink(self.site.next).rpartition('/')[2]}"
        return f"{self.old} is live as before" if self.old else "nothing is live"

    def repair(self) -> None:
        """Bring to an end what a switch has left that was killed."""
        self.naming.settle()
        with suppress(Refused):  # keys that are gone are told when they are needed
            bucket.note(self.site, self.site.live)
        standby = self.processes.standby
        if not self.use_standby_file.exists() and state_of(standby) != "RUNNING":
            return
        if (live := self.site.live) and not self.was_aside:
            self.processes.start(self.processes.main)
            self.processes.main_is_well(live)
        self.use_standby_file.unlink(missing_ok=True)
        self.processes.stop(standby)


def run(site: Site, release: str, port: int, host: str, app: str, rename: bool) -> dict[str, Any]:
    """Let a release take over; return the journal, which is in ROOT/state/switch.json too.

    `port` and `host` are those of FABRIC, for releases that do not know what they were deployed
    with; `app` is the package of the settings. `rename`: the name of the site may change.
    """
    lock = (site.state / "switch.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    switch = Switch(site, release, port, host, app, rename)
    try:
        for step in (
            switch.repair,
            switch.look,
            switch.bring_uploads,
            switch.configure,
            switch.start_standby,
            switch.use_standby,
            switch.restart_main,
            switch.use_main,
            switch.rename,
            switch.stop_standby,
        ):
            switch.note(step.__name__)
            step()
        with suppress(OSError):  # a full disk is no reason to undo; the next switch records it
            releases.note(site, release, switch.old)  # so it may be gone back to
            secret_settings.confirm(site)
            lead.settle(site, {job.name for job in jobs.read(site)})
        with suppress(Exception):  # nor is what alarms and mail to root leave by
            system_mail.update(site, account.keep(site, app))
        switch.naming.mark.unlink(missing_ok=True)
        switch.journal["result"] = "done"
    except Failed as failed:
        switch.journal["error"] = str(failed)
        switch.journal["result"] = switch.undo()
    except Exception:  # a fault of this program: it is undone as any other
        switch.journal["error"] = traceback.format_exc()
        switch.journal["result"] = switch.undo()
    switch.finish_uploads()
    journal = switch.journal
    journal["told"] = [f"{what}, {when}" for what, when in switch.visitors.told.items()]
    journal["seconds"] = round(time.time() - journal["started"], 1)
    print(json.dumps(journal))  # for the system's journal, where the disk is full
    switch.write_journal()
    return journal
