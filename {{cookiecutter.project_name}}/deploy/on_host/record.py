"""What is ours on the server: the record of the names that were free when the project came.

/var/lib/mezzanine/NAME.json: {"root": "/srv/NAME", "things": [["user", "NAME"], ...]}

A name is put there before anything is made under it, and only while nobody else has it. What is not
in the record is somebody else's: it is never changed, and `remove` leaves it.
"""

import json
import pwd
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import databases, things
from .acme.place import Place, told
from .database_url import USES
from .files import write
from .ports import holder
from .postgres import has_database, has_password, owner_of
from .server_name import names_in
from .site import Refused, Site

Record = dict[str, Any]

RECORDS = Path("/var/lib/mezzanine")
NGINX = Path("/etc/nginx/sites-enabled")
SERVER_NAMES = r"\bserver_name\s([^;]*);"


def read(site: Site) -> Record | None:
    """Return the record of a site, if there is one."""
    path = RECORDS / f"{site.name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def where(name: str, home: str = "") -> str:
    """Return the directory of a project, whoever asks: where it was made, it stays.

    `home`, that of a new one, is VIRTUALENV_HOME of FABRIC; where that is empty, it is /srv.
    """
    if record := read(Site(name, "/")):
        return record["root"]
    return place_of_before(name) or f"{home or '/srv'}/{name}"


def place_of_before(name: str) -> str:
    """Return where a site is that was deployed before there were records; empty without one.

    It is ours where root keeps our state in the home of its user.
    """
    try:
        home = Path(pwd.getpwnam(name).pw_dir)
        ours = (home / "state/configuration").stat().st_uid == 0
    except (KeyError, FileNotFoundError, NotADirectoryError):
        return ""
    return str(home) if ours else ""


def tell_where(site: Site) -> dict[str, Any]:
    """Return nothing but what every command returns, the directory: for who asks for it alone."""
    return {}


def has(site: Site, kind: str, name: str) -> bool:
    """Return whether that is ours."""
    record = read(site)
    return record is not None and [kind, name] in record["things"]


def add(site: Site, kind: str, name: str) -> None:
    """Record one thing more, which is about to be made, and which nobody has."""
    record = read(site)
    if record is not None and [kind, name] not in record["things"]:
        record["things"].append([kind, name])
        write(RECORDS / f"{site.name}.json", json.dumps(record), mode=0o600)


def require(site: Site, kind: str, name: str) -> None:
    """Refused unless that is ours."""
    if not has(site, kind, name):
        raise Refused(f"{things.described(kind, name)} is not ours; type fab create")


def claim(
    site: Site,
    files: Sequence[str],
    port: int,
    hostname: str,
    others: Sequence[str] = (),
    elsewhere: bool = False,
) -> dict[str, Any]:
    """Record the names that the project needs; Refused with a line for each that another has.

    `files` are the paths of the table of files that are outside of ROOT; `others` is what else is
    in the way, in lines; `elsewhere`, that the database is on another host.
    """
    record = read(site) or adopted(site, files) or {"root": str(site.root), "things": []}
    if record["root"] != str(site.root):
        raise Refused(f"Somebody has just made {site.name} in {record['root']} here; type it again")
    needed = things.needed(site, files, elsewhere)
    new = [thing for thing in needed if thing not in record["things"]]
    there = [things.described(*thing) for thing in new if things.exists(*thing)]
    conflicts = [f"{thing} is there already, and is not ours" for thing in there]
    if conflicts := [*conflicts, *conflicts_of_use(site, port, hostname), *others]:
        raise Refused("\n".join([*conflicts, "Nothing was changed; choose another in FABRIC"]))
    if new or not read(site):
        record["things"] += new
        write(RECORDS / f"{site.name}.json", json.dumps(record), mode=0o600)
    return {"new": new}


def adopt(site: Site, files: Sequence[str]) -> dict[str, Any]:
    """Record a site that was deployed before there were records; Refused where there is none.

    Return "data", whether it has a database: a removal that was cut off may have left none; and
    "elsewhere", which are on another host, in words.
    """
    if not read(site):
        record = adopted(site, files)
        if not record:
            raise Refused(f"There is no record of {site.name}; type fab all")
        write(RECORDS / f"{site.name}.json", json.dumps(record), mode=0o600)
    live = databases.of(site)
    if not live.service:
        return {"data": bool(site.live) and has_database(site.name), "elsewhere": ""}
    found = [str(live)]
    with suppress(Refused):  # who may not ask has made none beside it
        beside = (f"{live.name}-{use}" for use in USES)
        found += [name for name in beside if has_database(name, live)]
    return {"data": True, "elsewhere": ", ".join(found)}


def adopted(site: Site, files: Sequence[str]) -> Record | None:
    """Return the record of a site that was deployed before there were records, or None.

    Its role is ours where it has the password that is kept there, and so is the database of that
    role.
    """
    if place_of_before(site.name) != str(site.root):
        return None
    kept = site.shared / "secrets.json"
    has_role = kept.exists() and has_password(site.name, site.secrets["db_pass"])
    found = []
    for kind, name in things.needed(site, files):
        if kind == "role" and not has_role:
            continue
        if kind == "database" and not (has_role and owner_of(name) in (site.name, "")):
            continue
        found.append([kind, name])
    return {"root": str(site.root), "things": found}


def conflicts_of_use(site: Site, port: int, hostname: str) -> list[str]:
    """Return a line for the port and the host name, where another program or project has it."""
    port_of, name_of, found = "", "", holder(port, own_addresses(site.name, port))
    configurations = configurations_of_others(site.name)
    texts = [(path.name.removesuffix(".conf"), text_of(path)) for path in configurations]
    for who, names in names_of_others(site.name).items():
        if hostname in names:
            name_of = who
    for who, text in texts:
        if re.search(rf"\b(127\.0\.0\.1|localhost):{port}\b", text):  # also of one that is down
            port_of = who
        if any(hostname in names_in(words) for words in re.findall(SERVER_NAMES, text)):
            name_of = who
    if not port_of and found and found.user != site.name:
        port_of = str(found)
    lines = [f"GUNICORN_PORT {port} is taken by {port_of}"] if port_of else []
    return lines + ([f"LIVE_HOSTNAME {hostname} is taken by {name_of}"] if name_of else [])


def own_addresses(name: str, port: int) -> list[str]:
    """Return where NGINX itself listens at the port for the project.

    See nginx.conf.template, and peers.conf.template for several hosts.
    """
    is_ours = f"listen 127.0.0.2:{port};" in text_of(NGINX / f"{name}.conf")
    return ["127.0.0.2", "127.0.0.3"] if is_ours else []


def configurations_of_others(name: str) -> list[Path]:
    """Return the files of NGINX that describe its servers, but for the one of the project."""
    paths = [*NGINX.glob("*"), *NGINX.with_name("conf.d").glob("*.conf")]
    return [path for path in sorted(paths) if path != NGINX / f"{name}.conf"]


def names_of_others(name: str) -> dict[str, set[str]]:
    """Return the names of the sites and aliases of each other project here, by project."""
    found = {}
    for path in sorted(RECORDS.glob("*.json")):
        if path.stem != name:
            root = Path(json.loads(path.read_text()).get("root", "/"))
            words = text_of(root / "state/nginx/server_names.conf")
            found[path.stem] = {
                *(each for names in re.findall(SERVER_NAMES, words) for each in names_in(names)),
                *told(
                    Place(Site(path.stem, root))
                ),  # also of a project that NGINX needs no names of
            }
    return found


def text_of(path: Path) -> str:
    """Return what a file of NGINX says, without its comments."""
    return re.sub(r"#.*", "", path.read_text("utf-8", "replace")) if path.is_file() else ""


def remove(site: Site) -> dict[str, str]:
    """Remove what the record says, and nothing else."""
    record = read(site)
    if not record:
        raise Refused(f"There is no record of {site.name}")
    things.remove_all(record["things"], site.shared / "on_host.pyz")
    (RECORDS / f"{site.name}.json").unlink()
    return {"root": ""}  # it may come again elsewhere
