"""The configuration of a release: rendered, compared, kept, put in place.

A release keeps its own, in ROOT/state/configuration/RELEASE.json, so that the one before gets back
what it had. What a file holds is a dict: "path", "content", "owner" (USER:GROUP), "mode" and
"reload", what reads it.
"""

import difflib
import json
import pkgutil
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import databases, deployed
from .deployed import Fabric
from .files import read, write
from .record import NGINX, RECORDS, configurations_of_others, text_of
from .site import Site

File = dict[str, Any]
Found = tuple[str, str, int]  # content, owner and mode

SECRET_LINE = re.compile(r"""(\w*(?:SECRET|NEVERCACHE|PASSWORD|TOKEN)\w*['"]?\s*[:=]\s*).+""", re.I)


def wanted(file: File | None) -> Found | None:
    """Return what `read` would for a file, or None without one."""
    return (file["content"], file["owner"], file["mode"]) if file else None


def put(path: Path, found: Found | None, beneath: Path | None = None) -> None:
    """Let a file be what `read` has returned; see `write` for `beneath`."""
    if found:
        write(path, *found, beneath=beneath)
    else:
        path.unlink(missing_ok=True)


def kept(site: Site, release: str) -> dict[str, File]:
    """Return the configuration that a release keeps, by path."""
    path = site.state / "configuration" / f"{release}.json"
    return {file["path"]: file for file in json.loads(path.read_text())} if path.exists() else {}


def is_ours(site: Site, path: str, found: Found | None) -> bool:
    """Was this written by a deploy, also one that was cut off? Else somebody did it by hand."""
    releases = (site.state / "configuration").glob("*.json")
    return any(wanted(kept(site, release.stem).get(path)) == found for release in releases)


def keep_program(site: Site) -> None:
    """Let cron find this program, wherever it was sent to, and its scripts: all in ROOT/shared."""
    kept = site.shared / "on_host.pyz"
    shutil.copyfile(sys.argv[0], kept.with_suffix(".new"))
    kept.with_suffix(".new").rename(kept)
    for name in ("job.sh", "send_mail.sh", "serve.sh"):
        script = pkgutil.get_data(__package__, name) or b""
        write(site.shared / name, script.decode(), mode=0o755)


class Configuration:
    """The files of a release outside of its own directory: `install` them, and `put_back`."""

    def __init__(self, site: Site, release: str) -> None:
        self.site, self.live, self.files = site, kept(site, site.live), kept(site, release)
        inside = f"{site.root}/releases/"
        self.paths = [path for path in self.live | self.files if not path.startswith(inside)]
        self.before: dict[Path, Found | None] = {}

    def install(self) -> list[str]:
        """Put them in place; return the paths that changed.

        ValueError with what NGINX says, and all is as before, where it refuses its part.
        """
        for path in map(Path, self.paths):
            file, found = self.files.get(str(path)), read(path)
            if found != wanted(file):
                self.before[path] = found
                self.keep_edited(path, found)
                put(path, wanted(file))
        self.reload()
        return [str(path) for path in self.before]

    def keep_edited(self, path: Path, found: Found | None) -> None:
        """What somebody has written there by hand is kept aside."""
        if found and not is_ours(self.site, str(path), found):
            edited = self.site.state / "edited"
            edited.mkdir(mode=0o700, exist_ok=True)
            write(edited / path.name, found[0], mode=0o600)

    def put_back(self) -> None:
        """Put back what was there before, and let it be read again."""
        self.write_back()
        self.reload(test=False)
        self.before = {}

    def write_back(self) -> None:
        for path, found in self.before.items():
            put(path, found)

    def reload(self, test: bool = True) -> None:
        readers = {(self.files.get(str(p)) or self.live[str(p)])["reload"] for p in self.before}
        if "tmpfiles" in readers:
            subprocess.run(["systemd-tmpfiles", "--create"], capture_output=True)
        if "nginx" in readers:
            refusal = subprocess.run(["nginx", "-t"], capture_output=True, text=True)
            if refusal.returncode and test:
                self.write_back()
                self.before = {}  # nothing has read it, and a reload is not free
                lines = [line for line in refusal.stderr.splitlines() if "[warn]" not in line]
                raise ValueError("NGINX refuses the configuration: " + "\n".join(lines))
            if not refusal.returncode:
                subprocess.run(["systemctl", "reload-or-restart", "nginx"], capture_output=True)


def masked_diff(path: str, before: str, after: str, secrets: dict[str, str]) -> str:
    """Return the unified diff of two contents, with every secret replaced."""

    def masked(content: str) -> list[str]:
        for secret in secrets.values():
            content = content.replace(secret, "***")
        return SECRET_LINE.sub(r"\1***", content).splitlines(keepends=True)

    diff = difflib.unified_diff(masked(before), masked(after), path, path)
    return "".join(diff) or f"{path}: owner, mode or a secret\n"


def differences(site: Site, files: Iterable[File], secrets: dict[str, str]) -> list[dict[str, str]]:
    """Return what differs on the server: a list of dicts with "path", "diff" and "edited".

    "edited" is the diff of what no deploy has written there, an empty str where that is nothing.
    """
    changes, last = [], kept(site, site.live)
    for file in files:
        path = file["path"]
        found = read(Path(path), site.root if Path(path).is_relative_to(site.root) else None)
        if found == wanted(file):
            continue
        before, content = last.get(path), found[0] if found else ""
        by_hand = ""
        if found != wanted(before) and not is_ours(site, path, found):
            by_hand = masked_diff(path, before["content"] if before else "", content, secrets)
        diff = masked_diff(path, content, file["content"], secrets)
        changes.append({"path": path, "diff": diff, "edited": by_hand})
    return changes


def default_server(name: str) -> str:
    """Return the words that make NGINX send what is for no other host here, where nobody has them.

    So a site that is added in the admin answers at once on a server that is this project's alone.
    """
    if " default_server" in text_of(NGINX / f"{name}.conf"):
        return " default_server"
    ours = {NGINX / f"{record.stem}.conf" for record in RECORDS.glob("*.json")}
    texts = {path: text_of(path) for path in configurations_of_others(name)}
    # Without that word the first server answers for hosts of no other, so somebody may count on it.
    servers = [text for path, text in texts.items() if path not in ours and "server" in text]
    taken = servers or any("default_server" in text for text in texts.values())
    return "" if taken else " default_server"


def has_ipv6() -> bool:
    """Return whether a program can listen at an address of IPv6 here: not every kernel has it."""
    try:
        with socket.socket(socket.AF_INET6) as listener:
            listener.bind(("::", 0))
    except OSError:
        return False
    return True


def resolvers(path: Path = Path("/etc/resolv.conf")) -> str:
    """Return the name servers that this server asks, as NGINX takes them."""
    text = path.read_text() if path.exists() else ""
    found = re.findall(r"^nameserver\s+([0-9a-fA-F:.]+)\s*$", text, re.M)
    return " ".join(f"[{each}]" if ":" in each else each for each in found) or "127.0.0.1"


def rendered(
    site: Site, files: Iterable[File], values: dict[str, Any], release: str, secrets: dict[str, str]
) -> list[File]:
    """Return the files with their templates and paths filled in with %."""
    values = values | secrets | {"release": str(site.release(release))}
    values["root"] = str(site.root)
    files = list(files)
    is_there = any(file["path"].endswith("/database.ca.pem") for file in files)
    ca = f"{site.release(release)}/database.ca.pem" if is_there else ""
    url, password = values.get("database", ""), secrets.get("db_pass", "")
    values |= databases.for_templates(site, url, ca, password)
    values["default_server"] = default_server(site.name)
    values["resolvers"] = resolvers()
    values["ipv6"] = "" if has_ipv6() else "# not on this server: "
    return [
        {**file, "path": file["path"] % values, "content": file["content"] % values}
        for file in files
    ]


def compare(site: Site, files: Iterable[File], values: dict[str, Any]) -> dict[str, Any]:
    """Return what is live, and how the files differ from it: see deploy/files.py."""
    secrets, live = site.secrets, site.live
    revision = site.release(live) / "REVISION"
    return {
        "live": live,
        "revision": revision.read_text().strip() if live and revision.exists() else "",
        "changes": differences(site, rendered(site, files, values, live, secrets), secrets),
    }


def stage(
    site: Site, files: Iterable[File], values: dict[str, Any], release: str, fabric: Fabric
) -> dict[str, Any]:
    """Give a release its configuration: what belongs into its directory, and the rest for later.

    `fabric` is what it is deployed with: see deployed.py.
    """
    files = rendered(site, files, values, release, site.secrets)
    for file in files:
        if file["path"].startswith(f"{site.release(release)}/"):
            put(Path(file["path"]), wanted(file), beneath=site.root)
    write(site.state / "configuration" / f"{release}.json", json.dumps(files), mode=0o600)
    deployed.keep(site, release, fabric)
    return {}
