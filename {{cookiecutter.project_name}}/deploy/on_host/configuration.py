"""On the server: the configuration of a release: rendered, compared, kept, put in place.

A release keeps its own, in ROOT/state/configuration/RELEASE.json, so that the one before gets back
what it had. What a file holds is a dict: "path", "content", "owner" (USER:GROUP), "mode" and
"reload", what reads it.
"""

import difflib
import grp
import json
import os
import pwd
import re
import stat
import subprocess
from pathlib import Path

SECRET_LINE = re.compile(r"""(\w*(?:SECRET|NEVERCACHE|PASSWORD|TOKEN)\w*['"]?\s*[:=]\s*).+""")


def read(path):
    """Return the content, owner and mode of a file, or None."""
    try:
        info = path.stat()
        owner = f"{pwd.getpwuid(info.st_uid).pw_name}:{grp.getgrgid(info.st_gid).gr_name}"
        return path.read_text("utf-8", "surrogateescape"), owner, stat.S_IMODE(info.st_mode)
    except (FileNotFoundError, NotADirectoryError, KeyError):
        return None


def write(path, wanted):
    """Replace a file at once: nobody ever reads half of it, not after a power cut either."""
    if wanted is None:
        path.unlink(missing_ok=True)
        return
    content, owner, mode = wanted
    user, group = owner.split(":")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        os.fchown(descriptor, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.rename(path)


def wanted(file):
    return file["content"], file["owner"], file["mode"]


def kept(root, release):
    """Return the configuration that a release keeps, a dict of path and file."""
    path = Path(root, "state/configuration", f"{release}.json")
    return {file["path"]: file for file in json.loads(path.read_text())} if path.exists() else {}


def is_ours(root, path, found):
    """Was this written by a deploy, also one that was cut off? Else somebody did it by hand."""
    releases = Path(root, "state/configuration").glob("*.json")
    files = (kept(root, release.stem).get(path) for release in releases)
    return any(file and wanted(file) == found for file in files)


class Configuration:
    """The files of a release outside of its own directory; Configuration(Path, str).install()."""

    def __init__(self, root, release):
        current = root / "current"
        live = current.resolve().name if current.is_symlink() else None
        self.files = kept(root, release)
        inside = f"{root}/releases/"
        self.paths = [
            path for path in {**kept(root, live), **self.files} if not path.startswith(inside)
        ]
        self.before = {}
        self.root, self.edited = root, root / "state/edited"
        self.live = kept(root, live)

    def install(self):
        """Put them in place; return the paths that changed, a list of str.

        ValueError with what NGINX says, and all is as before, where it refuses its part.
        """
        for path in map(Path, self.paths):
            file, found = self.files.get(str(path)), read(path)
            if found != (wanted(file) if file else None):
                self.before[path] = found
                self.keep_edited(path, found)
                write(path, wanted(file) if file else None)
        self.reload()
        return [str(path) for path in self.before]

    def keep_edited(self, path, found):
        """What somebody has written there by hand is kept aside."""
        if found and not is_ours(self.root, str(path), found):
            write(self.edited / path.name, (found[0], "root:root", 0o600))

    def put_back(self):
        """Put back what was there before, and let it be read again."""
        self.write_back()
        self.reload(test=False)
        self.before = {}

    def write_back(self):
        for path, found in self.before.items():
            write(path, found)

    def reload(self, test=True):
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


def masked_diff(path, before, after, secrets):
    """Return the unified diff of two contents, with every secret replaced."""
    lines = []
    for content in (before, after):
        for secret in secrets.values():
            content = content.replace(secret, "***")
        lines.append(SECRET_LINE.sub(r"\1***", content).splitlines(keepends=True))
    return "".join(difflib.unified_diff(*lines, path, path)) or f"{path}: owner, mode or a secret\n"


def compared(files, root, live, secrets):
    """Return what differs on the server: a list of dicts with "path", "diff" and "edited".

    "edited" is the diff of what was changed there by hand, an empty str where nothing was.
    """
    changes, last = [], kept(root, live)
    for file in files:
        path, found = file["path"], read(Path(file["path"]))
        before = last.get(path)
        edited = before and found != wanted(before) and not is_ours(root, path, found)
        if found != wanted(file) or edited:
            content = found[0] if found else ""
            by_hand = masked_diff(path, before["content"], content, secrets) if edited else ""
            diff = masked_diff(path, content, file["content"], secrets)
            changes.append({"path": path, "diff": diff, "edited": by_hand})
    return changes


def default_server(name):
    """Return the words that make NGINX send what is for no other host here, where nobody has them.

    So a site that is added in the admin answers at once on a server that is this project's alone.
    """
    others = [path for path in Path("/etc/nginx/sites-enabled").iterdir() if path.stem != name]
    taken = any("default_server" in (read(path) or [""])[0] for path in others)
    return "" if taken else " default_server"


def main(parameters):
    root, release = Path(parameters["root"]), parameters["release"]
    current = root / "current"
    live = current.resolve().name if current.is_symlink() else ""
    kept_secrets = root / "shared/secrets.json"
    if not kept_secrets.exists():
        raise SystemExit("There is no site yet; type fab all")
    secrets = json.loads(kept_secrets.read_text())
    values = parameters["values"] | secrets | {"release": f"{root}/releases/{release or live}"}
    values["default_server"] = default_server(values["project_name"])
    files = [
        {**file, "path": file["path"] % values, "content": file["content"] % values}
        for file in parameters["files"]
    ]
    if release:
        for file in files:
            if file["path"].startswith(f"{values['release']}/"):
                write(Path(file["path"]), wanted(file))
        keep = root / "state/configuration" / f"{release}.json"
        write(keep, (json.dumps(files), "root:root", 0o600))
    revision = root / "releases" / live / "REVISION"
    answer = {
        "live": live,
        "revision": revision.read_text().strip() if live and revision.exists() else "",
        "changes": [] if release else compared(files, root, live, secrets),
    }
    print(json.dumps(answer))


if "PARAMETERS" in globals():
    main(globals()["PARAMETERS"])
