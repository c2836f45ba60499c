"""On the server: render the configuration, compare it, and put in place what differs."""

import difflib
import grp
import json
import os
import pwd
import stat
import subprocess
from pathlib import Path

PARAMETERS = globals()["PARAMETERS"]
SECRETS = json.loads(Path(PARAMETERS["root"], "shared/secrets.json").read_text())


def state(path):
    """Return the content, owner and mode of a file, or None."""
    try:
        info = path.stat()
        owner = f"{pwd.getpwuid(info.st_uid).pw_name}:{grp.getgrgid(info.st_gid).gr_name}"
        return path.read_text("utf-8"), owner, stat.S_IMODE(info.st_mode)
    except (FileNotFoundError, KeyError):
        return None


def write(path, wanted):
    """Replace a file at once, so that nothing ever reads half of it."""
    content, owner, mode = wanted
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    user, group = owner.split(":")
    os.chown(temporary, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
    temporary.chmod(mode)
    temporary.rename(path)


def restore(path, before):
    if before is None:
        path.unlink(missing_ok=True)
    else:
        write(path, before)


def masked_diff(path, before, after):
    """Return the unified diff of two contents, with every secret replaced."""
    lines = []
    for content in (before, after):
        for secret in SECRETS.values():
            content = content.replace(repr(secret), "'***'")
        lines.append(content.splitlines(keepends=True))
    return "".join(difflib.unified_diff(*lines, str(path), str(path)))


def main():
    changes, reload = [], set()
    for file in PARAMETERS["files"]:
        path = Path(file["path"])
        content = file["template"] % (PARAMETERS["values"] | SECRETS)
        wanted, before = (content, file["owner"], file["mode"]), state(path)
        if wanted != before:
            changes.append((path, before, wanted))
            reload.add(file["reload"])
    answer = {"reload": sorted(reload - {""})}
    answer["changed"] = [
        {"path": str(path), "diff": masked_diff(path, before[0] if before else "", wanted[0])}
        for path, before, wanted in changes
    ]
    if PARAMETERS["apply"]:
        for path, _, wanted in changes:
            write(path, wanted)
        if "nginx" in reload:
            test = subprocess.run(["nginx", "-t"], capture_output=True, text=True)
            if test.returncode:
                for path, before, _ in changes:
                    restore(path, before)
                answer["error"] = f"nginx refuses the new configuration: {test.stderr.strip()}"
    print(json.dumps(answer))


main()
