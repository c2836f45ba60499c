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
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

PARAMETERS = json.loads(sys.argv[1])
NAME, RELEASE = PARAMETERS["name"], PARAMETERS["release"]
PORT, HOSTNAME = PARAMETERS["port"], PARAMETERS["host"]
ROOT = Path(PARAMETERS["root"])
STANDBY, SOCKET = f"{NAME}-standby", f"/run/{NAME}/standby.sock"
USE_STANDBY = Path(f"/run/{NAME}/use-standby")
CURRENT, NEXT = ROOT / "current", ROOT / "next"
HEALTH_SECONDS = 30  # for a gunicorn to answer that it is well
DRAIN_SECONDS = 30  # for requests that have begun to be answered: gunicorn's graceful_timeout


class Failed(Exception):
    """A step cannot be done: what is wrong, in one line, and perhaps the end of a log."""


class Stuck(Exception):
    """Neither release starts as the main gunicorn."""


# Files

sys.path.insert(0, str(Path(__file__).parent))
from configuration import Configuration  # noqa: E402  put beside this file by the deploy


def link(path, release):
    """Let a symbolic link point to a release, at once."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(f"releases/{release}")
    temporary.rename(path)


def live_release():
    return os.readlink(CURRENT).rpartition("/")[2] if CURRENT.is_symlink() else None


# Processes


def supervisorctl(*words):
    result = subprocess.run(["supervisorctl", *words], capture_output=True, text=True)
    return result.stdout + result.stderr


def state_of(program):
    """Return supervisor's word for a program, such as RUNNING, or an empty string."""
    words = supervisorctl("status", program).split()
    return words[1] if words[:1] == [program] else ""


def start(program):
    """Start a program, with the newest configuration of it."""
    supervisorctl("reread")
    supervisorctl("update", program)
    if state_of(program) not in ("STARTING", "RUNNING"):
        supervisorctl("start", program)
    while state_of(program) == "STARTING":  # for a second, as supervisor has it
        time.sleep(0.1)
    if state_of(program) != "RUNNING":
        raise Failed(f"{program} does not start\n{end_of_log(program)}")


def end_of_log(program):
    """Return what the last start of a program has logged: its errors, and the last lines."""
    path = Path(f"/var/log/supervisor/{program}.log")
    text = path.read_text("utf-8", "replace") if path.exists() else ""
    lines = text.rpartition("Starting gunicorn")[2].splitlines()
    errors = dict.fromkeys(line for line in lines if re.match(r"[\w.]+(Error|Exception): ", line))
    return "\n".join([*list(errors)[-5:], *lines[-15:]])  # gunicorn's own traceback comes last


def connections(*filters):
    """Return how many connections `ss` sees that fit."""
    shown = subprocess.run(["ss", "-H", *filters], capture_output=True, text=True).stdout
    return len(shown.splitlines())


def drain(count):
    """Wait until no request is under way, or for DRAIN_SECONDS."""
    end = time.monotonic() + DRAIN_SECONDS
    while count() and time.monotonic() < end:
        time.sleep(0.1)


def main_connections():
    return connections("-tn", "state", "established", f"sport = :{PORT}")


def standby_connections():
    return connections("-xn", "state", "established", "src", SOCKET)


# Asking


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


class LocalTLSConnection(http.client.HTTPSConnection):
    """To the NGINX of this server, under the name of the site."""

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", 443), self.timeout)
        self.sock = self._context.wrap_socket(sock, server_hostname=HOSTNAME)


def ask(connection, path, **headers):
    """Return the status and the body of a page."""
    try:
        connection.request("GET", path, headers={"Host": HOSTNAME, **headers})
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")
    finally:
        connection.close()


def through_nginx(path):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it may be its own signer
    return ask(LocalTLSConnection(HOSTNAME, timeout=10, context=context), path)


def wait_until_well(connect, program, release):
    """Ask /healthz until it answers 200 with the name of the release; else Failed."""
    end, tries = time.monotonic() + HEALTH_SECONDS, 0
    while True:
        try:
            status, body = ask(connect(), "/healthz", **{"X-Forwarded-Proto": "https"})
            if status == 200 and body.strip() == release:
                return
            answer = f"{status} {body.strip().partition(chr(10))[0][:200]}"
        except (OSError, http.client.HTTPException) as error:
            answer = f"{type(error).__name__}: {error}"
        tries += 1
        ended = tries % 5 == 0 and state_of(program) != "RUNNING"
        if ended or time.monotonic() > end:
            break
        time.sleep(0.2)
    raise Failed(f"{program} is not well: /healthz answers {answer}\n{end_of_log(program)}")


def main_is_well(release):
    wait_until_well(lambda: http.client.HTTPConnection("127.0.0.1", PORT, timeout=5), NAME, release)


def standby_is_well(release):
    """Ask the standby how it is, and for a page before any visitor does."""
    wait_until_well(lambda: UnixConnection("localhost", timeout=5), STANDBY, release)
    status, _ = ask(UnixConnection("localhost", timeout=30), "/", **{"X-Forwarded-Proto": "https"})
    if status == 400 or status >= 500:
        raise Failed(f"/ answers {status}\n{end_of_log(STANDBY)}")


def site_is_well(release):
    """Ask as a visitor does, through NGINX and TLS: the release, a page and a file of its look."""
    end = time.monotonic() + 10  # a reload of NGINX is only a signal
    while True:
        try:
            return look_at_site(release)
        except (Failed, OSError, http.client.HTTPException) as error:
            if time.monotonic() > end:
                raise Failed(f"https://{HOSTNAME}/ is not well: {error}") from None
            time.sleep(0.2)


def look_at_site(release):
    status, body = through_nginx("/healthz")
    if (status, body.strip()) != (200, release):
        raise Failed(f"/healthz answers {status} {body.strip()[:80]}")
    status, page = through_nginx("/")
    if status == 400 or status >= 500:
        raise Failed(f"/ answers {status}")
    if found := re.search(r"(?:href|src)=\"(/static/[^\"?]+\.(?:css|js))", page):
        status, _ = through_nginx(found[1])
        if status != 200:
            raise Failed(f"{found[1]} answers {status}")


# Steps: each a function that does it, after it has handed its undoing to `undo`


class Switch:
    """The steps from the live release, or None, to the new one."""

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
        check_memory()
        link(NEXT, RELEASE)
        start(STANDBY)
        standby_is_well(RELEASE)

    def stop_standby(self):
        drain(standby_connections)
        supervisorctl("stop", STANDBY)
        NEXT.unlink(missing_ok=True)

    def use_standby(self):
        """Send the visitors to the standby, and look at the site as they do."""
        self.undos.append(self.use_main_again)
        USE_STANDBY.touch()
        site_is_well(RELEASE)

    def use_main_again(self):
        USE_STANDBY.unlink(missing_ok=True)

    def restart_main(self):
        """Let the main gunicorn answer what it has begun, and start it with the new release."""
        drain(main_connections)
        self.undos.append(self.restart_main_with_old)
        self.replace_main(RELEASE)

    def replace_main(self, release):
        supervisorctl("stop", NAME)
        if live_release() != release:
            link(CURRENT, release)
        start(NAME)
        main_is_well(release)

    def restart_main_with_old(self):
        if self.old is None:
            supervisorctl("stop", NAME)
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
        site_is_well(RELEASE)

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


def check_memory():
    """Failed where the standby, with its two workers, has no room beside the main gunicorn."""
    processes = subprocess.run(["ps", "-u", NAME, "-o", "rss="], capture_output=True, text=True)
    needed = 3 * max(map(int, processes.stdout.split()), default=70_000) // 1000
    meminfo = Path("/proc/meminfo").read_text()
    available = int(re.search(r"MemAvailable: +(\d+)", meminfo)[1]) // 1000
    if available < needed:
        raise Failed(f"{available} MB of memory are left, and the standby needs {needed} MB")


def repair():
    """Bring to an end what a switch has left that was killed."""
    if not USE_STANDBY.exists() and state_of(STANDBY) != "RUNNING":
        return
    if live := live_release():
        start(NAME)
        main_is_well(live)
        USE_STANDBY.unlink(missing_ok=True)
    drain(standby_connections)
    supervisorctl("stop", STANDBY)


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
