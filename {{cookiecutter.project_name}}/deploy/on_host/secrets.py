"""On the server: make the project's secrets, once. They are in one file and leave it for nobody."""

import grp
import json
import os
import secrets
from pathlib import Path

PARAMETERS = globals()["PARAMETERS"]


def main():
    path = Path(PARAMETERS["root"], "shared/secrets.json")
    values = json.loads(path.read_text()) if path.exists() else {}
    before = dict(values)
    for name in ("secret_key", "nevercache_key", "db_pass"):
        values.setdefault(name, secrets.token_urlsafe(50))
    if PARAMETERS["db_pass"]:
        values["db_pass"] = PARAMETERS["db_pass"]
    if values != before:
        temporary = path.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        with os.fdopen(
            os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
        ) as file:
            json.dump(values, file)
        os.chown(temporary, 0, grp.getgrnam(PARAMETERS["group"]).gr_gid)
        temporary.chmod(0o640)
        temporary.rename(path)
    print(json.dumps({"made": not before}))


main()
