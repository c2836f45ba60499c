"""On the server, detached: let a release take over from the live one, so that nobody notices.

    python3 switch.py '{"name": ..., "root": ..., "release": ..., "port": ..., "host": ...}'

The main gunicorn cannot restart without a gap, so a second one, the standby, serves the new release
from a unix socket meanwhile. NGINX sends the visitors there while the file use-standby exists;
it needs no reload for that. `main` below is the order of the steps. Each is noted in
ROOT/state/switch.json before it begins, and has told by then how it is undone; when one fails, all
undo themselves, the last one first. If even the release before cannot start again, the standby goes
on serving. The file use-standby is lost in a reboot, as the standby is: then the main gunicorn
starts with whatever ROOT/current is. What a killed switch has left is repaired by the next one.
"""

import fcntl
import json
import os
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

# Put beside this file by the deploy.
from configuration import Configuration
from processes import Failed, Processes, state_of, supervisorctl

PARAMETERS = json.loads(sys.argv[1])
NAME, RELEASE = PARAMETERS["name"], PARAMETERS["release"]
ROOT = Path(PARAMETERS["root"])
CURRENT, NEXT = ROOT / "current", ROOT / "next"
USE_STANDBY = Path(f"/run/{NAME}/use-standby")
PROCESSES = Processes(NAME, PARAMETERS["port"], PARAMETERS["host"])


class Stuck(Exception):
    """The release before does not start as the main gunicorn either."""


def link(path, release):
    """Let a symbolic link point to a release, at once."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(f"releases/{release}")
    temporary.rename(path)


def live_release():
    return os.readlink(CURRENT).rpartition("/")[2] if CURRENT.is_symlink() else None


class Switch:
    """The steps from the live release, or None, to the new one.

    Each hands its undoing to `undos` before it changes anything.
    """

    def __init__(self):
        self.old = live_release()
        self.undos = []
        self.journal = {"from": self.old, "to": RELEASE, "started": time.time(), "steps": []}

    def note(self, step):
        self.journal["steps"].append(step)
        write_journal(self.journal)

    def configure(self):
        """Put the configuration of the new release in place; NGINX takes it up if it changed."""
        self.undos.append(self.configure_back)
        self.configuration = Configuration(ROOT, RELEASE)
        try:
            self.journal["files"] = self.configuration.install()
        except ValueError as error:
            raise Failed(str(error)) from None

    def configure_back(self):
        self.configuration.put_back()
        supervisorctl("reread")

    def start_standby(self):
        """Serve the new release beside the live one; nobody is sent there yet."""
        self.undos.append(self.stop_standby)
        PROCESSES.check_memory()
        link(NEXT, RELEASE)
        PROCESSES.start(PROCESSES.standby)
        PROCESSES.standby_is_well(RELEASE)

    def stop_standby(self):
        PROCESSES.stop(PROCESSES.standby)
        NEXT.unlink(missing_ok=True)

    def use_standby(self):
        """Send the visitors to the standby, and look at the site as they do."""
        self.undos.append(self.use_main_again)
        USE_STANDBY.touch()
        PROCESSES.site_is_well(RELEASE)

    def use_main_again(self):
        USE_STANDBY.unlink(missing_ok=True)

    def restart_main(self):
        """Let the main gunicorn answer what it has begun, and start it with the new release."""
        self.undos.append(self.restart_main_with_old)
        self.replace_main(RELEASE)

    def replace_main(self, release):
        PROCESSES.stop(PROCESSES.main)
        if live_release() != release:
            link(CURRENT, release)
        PROCESSES.start(PROCESSES.main)
        PROCESSES.main_is_well(release)

    def restart_main_with_old(self):
        if self.old is None:
            PROCESSES.stop(PROCESSES.main)
            CURRENT.unlink(missing_ok=True)
            return
        try:
            self.configuration.put_back()
            self.replace_main(self.old)
        except Exception as error:
            raise Stuck(str(error)) from None

    def use_main(self):
        """Send the visitors to the main gunicorn, and look at the site as they do."""
        self.undos.append(USE_STANDBY.touch)
        USE_STANDBY.unlink()
        PROCESSES.site_is_well(RELEASE)

    def undo(self):
        """Undo what was done, the last step first; return a line that says where that has led."""
        for undo in reversed(self.undos):
            with suppress(OSError):  # a full disk is no reason not to undo
                self.note(f"undo: {undo.__name__}")
            try:
                undo()
            except Stuck as stuck:
                return (
                    f"{self.old} does not start again either; the standby serves {RELEASE}: {stuck}"
                )
            except Exception as error:  # the others are tried all the same
                self.journal["error"] += f"\n{undo.__name__}: {error}"
        if USE_STANDBY.exists():
            return f"the standby serves {os.readlink(NEXT).rpartition('/')[2]}"
        return f"{self.old} is live as before" if self.old else "nothing is live"


def repair():
    """Bring to an end what a switch has left that was killed."""
    if not USE_STANDBY.exists() and state_of(PROCESSES.standby) != "RUNNING":
        return
    if live := live_release():
        PROCESSES.start(PROCESSES.main)
        PROCESSES.main_is_well(live)
        USE_STANDBY.unlink(missing_ok=True)
    PROCESSES.stop(PROCESSES.standby)


def write_journal(journal):
    path = ROOT / "state/switch.json"
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(journal))
    temporary.rename(path)


def main():
    lock = (ROOT / "state/switch.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    switch = Switch()
    try:
        for step in (
            repair,
            switch.configure,
            switch.start_standby,
            switch.use_standby,
            switch.restart_main,
            switch.use_main,
            switch.stop_standby,
        ):
            switch.note(step.__name__)
            step()
        (ROOT / "releases" / RELEASE / "PROVEN").touch()  # so it may be gone back to
        switch.journal["result"] = "done"
    except Failed as failed:
        switch.journal["error"] = str(failed)
        switch.journal["result"] = switch.undo()
    except Exception:  # a fault of this script: it is undone as any other
        switch.journal["error"] = traceback.format_exc()
        switch.journal["result"] = switch.undo()
    journal = switch.journal
    journal["seconds"] = round(time.time() - journal["started"], 1)
    print(json.dumps(journal))  # for the system's journal, where the disk is full
    write_journal(journal)


main()
