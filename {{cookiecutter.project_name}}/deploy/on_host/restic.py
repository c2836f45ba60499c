"""restic, which keeps the backups: a repository on the server, and one where BACKUP_TO says.

What opens a repository is handed to restic in its environment, which only root can see.
"""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

from . import backup_keys, deployed
from .site import Refused, Site

# How long what was made is kept: for restic's "forget".
KEEP = """
    --keep-last 10 --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --group-by=
""".split()
SSH = """
    ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=15
    -o ServerAliveInterval=30 -o IdentitiesOnly=yes
""".split()
# What does not wait for the lock that a server has left which was lost while it removed old ones.
READING = ("cat", "dump", "restore", "snapshots", "stats")
PATIENCE = 120  # seconds for a place to be opened; restic itself tries for a quarter of an hour
TRACE = re.compile(r"^github\.com/.*", re.M | re.S)  # where in restic an error was
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CACHE = "/var/cache/{}-backups"

Snapshot = dict[str, Any]  # as restic writes it


class Incomplete(Refused):
    """A backup in which a file is missing that could not be read."""


class Repository:
    """A place for backups. `name` says which, in words; `address` is as restic has it."""

    def __init__(self, site: Site, name: str, address: str) -> None:
        self.site, self.name, self.address = site, name, address
        self.is_here, self.is_sftp = address.startswith("/"), address.startswith("sftp:")

    @property
    def environment(self) -> dict[str, str]:
        keys = backup_keys.read(self.site)
        given = {
            name: keys["credentials"][ours]
            for ours, name in backup_keys.CREDENTIALS.items()
            if name and ours in keys["credentials"]
        }
        proxies = {name: value for name, value in os.environ.items() if name.endswith("_proxy")}
        return proxies | {
            "PATH": PATH,
            "HOME": "/root",
            "LC_ALL": "C.UTF-8",
            "RESTIC_CACHE_DIR": CACHE.format(self.site.name),
            "RESTIC_REPOSITORY": with_login(self.address, keys["credentials"]),
            "RESTIC_PASSWORD": keys["password"],
            **given,
        }

    def options(self) -> list[str]:
        """Return the options of restic for this place."""
        if self.is_sftp:
            return ["-o", f"sftp.command={' '.join(self.ssh())}"]
        return ["--no-cache"] if self.is_here else []

    def ssh(self) -> list[str]:
        """Return the command that speaks SFTP with this place."""
        there = urlsplit(self.address)
        known = self.site.state / "backup-known-hosts"
        words = [*SSH, "-i", str(backup_keys.ssh_key(self.site))]
        words += ["-o", f"UserKnownHostsFile={known}", "-p", str(there.port or 22)]
        user = f"{there.username}@" if there.username else ""
        return [*words, f"{user}{there.hostname}", "-s", "sftp"]

    def run(
        self,
        *words: object,
        source: "Repository | None" = None,
        stdout: int | IO[bytes] = subprocess.PIPE,
        timeout: float | None = None,
    ) -> str:
        """Run restic and return what it prints; Refused with its reason.

        `source` is the repository that it copies from.
        """
        environment, options = self.environment, self.options()
        if words[0] in READING:
            options.append("--no-lock")
        if source:
            options += source.options() if source.is_sftp else []
            theirs = source.environment
            for name in ("REPOSITORY", "PASSWORD"):
                environment[f"RESTIC_FROM_{name}"] = theirs[f"RESTIC_{name}"]
        try:
            result = subprocess.run(
                ["restic", "--quiet", *options, *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE,
                env=environment,
                cwd=self.site.root,
                timeout=timeout,
            )
        except FileNotFoundError:
            raise Refused("restic is not installed here; type fab install") from None
        except subprocess.TimeoutExpired:
            raise Refused(f"{self.name} has not answered for {timeout} seconds") from None
        if result.returncode:
            kind = Incomplete if result.returncode == 3 else Refused
            raise kind(self.reason(result.stderr.decode("utf-8", "replace")))
        return (result.stdout or b"").decode("utf-8", "replace")

    def reason(self, words: str) -> str:
        """Return what went wrong in a line, without what opens the repository."""
        keys = backup_keys.read(self.site)
        names = keys["credentials"].keys() & {"BACKUP_S3_SECRET_KEY", "BACKUP_REST_PASSWORD"}
        secrets = [keys["credentials"][name] for name in names]
        for secret in (keys["password"], *secrets):
            words = words.replace(secret, "***").replace(quote(secret, safe=""), "***")
        if "wrong password" in words:
            told = "the password of these backups is not the one that is kept here"
            return f"{self.name}: {told}; see Backups in README.md"
        if self.is_sftp and "sftp session" in words:
            return self.reason_of_ssh()
        lines = re.sub(TRACE, "", words).splitlines()
        lines = [line.strip() for line in lines if line.strip() and "retrying after" not in line]
        fatal = [line for line in lines if "Fatal" in line][:1] or lines or ["restic has failed"]
        return f"{self.name}: {': '.join(fatal).removeprefix('Fatal: ')}"

    def reason_of_ssh(self) -> str:
        """Return why there is no session; restic ends before it has read what ssh says."""
        options: Any = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
        said = subprocess.run(self.ssh(), timeout=PATIENCE, **options).stderr.strip()
        if "Permission denied" in said:
            key = backup_keys.public_key(self.site)
            return f"{self.name} does not let the server in; add to its authorized_keys: {key}"
        return f"{self.name}: {(said.splitlines() or ['there is no SFTP'])[-1]}"

    def exists(self) -> bool:
        """Return whether there is a repository; Refused where it cannot be opened."""
        if self.is_here:
            return Path(self.address, "config").exists()
        try:
            self.run("cat", "config", timeout=PATIENCE)
        except Refused as refused:
            # In words, since the exit status is the same for all in restic before 0.17.
            if re.search("does not exist|no such file|404|NoSuch", str(refused), re.I):
                return False
            raise
        return True

    def prepare(self, source: "Repository | None" = None) -> None:
        """Make the repository, unless it is there; a copy of `source` is then cut as that is."""
        if not self.exists():
            self.run("init", *(["--copy-chunker-params"] if source else []), source=source)

    def snapshots(self) -> list[Snapshot]:
        """Return the backups, the oldest first."""
        found = json.loads(self.run("snapshots", "--json")) or []
        return [each for each in found if label(each, "name")]

    def forget(self, name: str) -> None:
        """Remove what is older than KEEP says, but for the backup of that name."""
        words = ["forget", "--prune", *KEEP, f"--keep-tag=name={name}"]
        try:
            self.run(*words)
        except Refused as refused:
            # A place that only takes, and removes nothing, has a retention of its own.
            if self.is_here or not re.search("403|Forbidden|not allowed|denied", str(refused)):
                raise


def with_login(address: str, credentials: dict[str, str]) -> str:
    """Return the address with the name and the password of REST in it, which older restics need."""
    user = credentials.get("BACKUP_REST_USER")
    if not user or not address.startswith("rest:"):
        return address
    password = credentials.get("BACKUP_REST_PASSWORD", "")
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@"
    return address.replace("://", f"://{login}", 1)


def label(snapshot: Snapshot, key: str) -> str:
    """Return what a backup says of itself under "name" or "release"; empty where it does not."""
    tags = (tag.partition("=") for tag in snapshot.get("tags") or ())
    return next((value for name, _, value in tags if name == key), "")


def here(site: Site) -> Repository:
    return Repository(site, "The server", str(site.root / "snapshots"))


def away(site: Site) -> Repository | None:
    """Return the place of BACKUP_TO, as the live release was deployed with; None without one."""
    address = deployed.kept(site, site.live).get("BACKUP_TO", "")
    return Repository(site, "BACKUP_TO", address) if address else None
