"""Checks of the site that is live."""

import time
from datetime import UTC, datetime
from pathlib import Path

from . import (
    bucket,
    bucket_claims,
    databases,
    lead,
    moving_uploads,
    postgres,
    releases,
    secret_settings,
    snapshots,
    virtualenv,
)
from .acme.place import Place, paused, told
from .acme.place import user as acme_user
from .certificate import DAYS, SSL, is_combined, is_covered, is_of_server, names_of
from .checks import Server, Wrong, check, output
from .files import alone
from .pages import Visitors
from .processes import Failed, Processes, end_of_log
from .restic import away
from .site import Refused

DEPLOY = ("deploy",)
SILENT = 600  # seconds: the agent of certificates runs each minute
BACKUP = 2 * 86400  # seconds: one is made each night
PROOF = 15 * 86400  # seconds: one is proved each week


@check("Is a release live?", every=0)
def release(server: Server) -> None:
    if not server.site.live:
        how = "fab deploy" if server.site.state.is_dir() else "fab all"
        raise Wrong("Nothing is live yet", how)
    return None  # it has lines of its own


@check("Who is at work?", every=0)
def work(server: Server) -> str | None:
    return server.at_work or None


@check("Do the packages fit the Python that is there?", DEPLOY, every=60)
def packages(server: Server) -> str | None:
    if not server.site.live:
        return None
    if problem := virtualenv.problem_of(server.site, server.site.live):
        raise Wrong(problem, "fab deploy")
    return "yes"


@check("Does the site's process run, and answer?", DEPLOY, every=1)
def processes(server: Server) -> str | None:
    if not server.site.live:
        return None
    state, words = server.programs.get(server.name, ("", "supervisor does not know it"))
    if state != "RUNNING" and server.at_work and is_running(server, "standby"):
        return "the standby serves meanwhile"
    if state != "RUNNING":
        reason = end_of_log(server.name).splitlines()[-1:] if state == "FATAL" else []
        raise Wrong(": ".join([words, *reason]), "fab deploy")
    asked = Processes(server.name, server.live_port, server.live_hostname)
    try:
        status, body = asked.ask(asked.main_connection(timeout=10), "/healthz")
    except OSError as error:
        told = f"{words}, but port {server.live_port} does not answer: {error}"
        raise Wrong(told, "fab deploy") from None
    if (status, body.strip()) != (200, server.site.live):
        told = body.strip().partition("\n")[0][:200]
        raise Wrong(f"{words}, but /healthz answers {status} {told}", "fab deploy")
    return words


def is_running(server: Server, suffix: str) -> bool:
    return server.programs.get(f"{server.name}-{suffix}", ("",))[0] == "RUNNING"


@check("Does the cache run?", DEPLOY, every=1)
def memcached(server: Server) -> str | None:
    program = f"{server.name}-memcached"
    state, words = server.programs.get(program, ("", ""))
    if not server.site.live or not state:  # a release of before it had one has none
        return None
    if state != "RUNNING":
        raise Wrong(words, "fab deploy")
    return words


@check("Are the secrets live?", DEPLOY, every=0)
def secrets(server: Server) -> str | None:
    found = secret_settings.show(server.site)
    if found["waiting"]:
        raise Wrong(f"not live yet: {', '.join(found['waiting'])}", "fab restart")
    return "yes" if found["names"] else None


@check("Do visitors see the home page, and its look?")
def home_page(server: Server) -> str | None:
    if not server.site.live:
        return None
    visitors = Visitors(server.live_hostname, first=True)
    try:
        asked = Processes(server.name, server.live_port, server.live_hostname)
        visitors.check(asked.fetch)
    except Failed as failed:
        raise Wrong("; ".join(str(failed).splitlines()), "fab logs") from None
    return "yes"


@check("Are all migrations applied?", every=60, once=True)
def migrations(server: Server) -> str | None:
    if not server.site.live or virtualenv.problem_of(server.site, server.site.live):
        return None  # then that is what is wrong
    pending = server.release_says("migrations")["pending"]
    if pending:
        raise Wrong(f"{len(pending)} pending: {', '.join(pending)}", "fab deploy --force")
    return "0 pending"


@check("Is mail delivered?", once=True)
def mail(server: Server) -> str | None:
    if not server.site.live or virtualenv.problem_of(server.site, server.site.live):
        return None
    found = server.release_says("mail")
    if not found:  # a release of before mail was kept
        return None
    told = f"; the last, of {found['site']}: {found['words']}" if found["words"] else ""
    undelivered = f"{found['undelivered']} not delivered, see E-mails in the admin"
    # After a day it is over, so that the next one is told again; releases of before say no day.
    if found.get("lately", found["undelivered"]):
        raise Wrong(f"{undelivered}{told}", "", found["since"])
    if found["problem"]:
        return f"{found['problem']}; fab secret EMAIL_HOST"
    if found["late"]:
        raise Wrong(f"{found['late']} wait{told}", "fab mail ADDRESS", found["since"])
    return f"{found['waiting']} waiting" + (f", {undelivered}" if found["undelivered"] else "")


@check("Can the bucket of the uploads be written and read?")
def uploads(server: Server) -> str | None:
    place, mark = bucket.live(server.site), moving_uploads.mark(server.site)
    if mark.exists():
        with alone(server.site.state / "uploads.lock") as is_alone:
            if is_alone:
                raise Wrong(moving_uploads.left(server.site), "fab backup")
    if not place:
        return None
    if bucket.behind(server.site).exists():
        raise Wrong("a restore was cut off, and not all are in the bucket", "fab backup")
    try:
        bucket_claims.prove(server.site, place)
    except Refused as refused:
        raise Wrong(str(refused)) from None
    return f"in the bucket {place['bucket']}"


@check("Is the certificate good?", DEPLOY, every=60)
def certificate(server: Server) -> str | None:
    path = SSL / f"{server.name}.crt"
    if not server.site.live:
        return None
    if not path.exists():
        raise Wrong(f"there is no {path}", "fab create")
    last = output("openssl", "x509", "-in", path, "-noout", "-enddate", "-dateopt", "iso_8601")
    try:
        end = datetime.fromisoformat(last.partition("=")[2])
    except ValueError:
        raise Wrong(f"{path} is no certificate", "fab create") from None
    days = (end.timestamp() - time.time()) / 86400
    if days < 0:
        raise Wrong("it has expired", "fab create", f"{end:%Y-%m-%dT%H:%MZ}")
    if not fits_key(path):
        raise Wrong(f"{path.with_suffix('.key')} is not its key", "fab create")
    is_ours = is_of_server(server.site, path)
    if is_ours and not is_covered(server.live_hostname, names_of(path)):
        raise Wrong(f"it is not for {server.live_hostname}", "fab sites")
    if days < DAYS:
        raise Wrong(f"until {end:%Y-%m-%d}, {days:.0f} days", "fab create")
    if Path(f"/etc/nginx/{server.name}.js").exists() and not is_combined(path):
        raise Wrong(f"{path.with_suffix('.pem')} is not the certificate and its key", "fab create")
    return f"until {end:%Y-%m-%d}, {days:.0f} days"


def fits_key(path: Path) -> bool:
    public = output("openssl", "x509", "-in", path, "-noout", "-pubkey")
    return public == output("openssl", "pkey", "-in", path.with_suffix(".key"), "-pubout")


@check("Do browsers trust the sites?", once=True)
def trust(server: Server) -> str | None:
    place = Place(server.site)
    if not server.site.live or not place.status.exists():
        return None  # of an earlier time, or the agent has its first run yet to come
    ran = place.status.stat().st_mtime
    if time.time() - ran > SILENT:
        agent = acme_user(server.name)
        words = f"{agent} has not run for ten minutes; journalctl -t {agent} says why"
        raise Wrong(words, since=f"{datetime.fromtimestamp(ran, UTC):%Y-%m-%dT%H:%MZ}")
    names = told(place)
    here = names.get(server.live_hostname, "it is no name that a CA signs")
    trusted = sum(words.startswith("trusted") for words in names.values())
    words = f"{server.live_hostname} {here}; {trusted} of {len(names)} names are trusted"
    if why := paused(place):
        words += f"; orders wait: {why}"
    refused = [f"{name} {words}" for name, words in names.items() if is_refused(words)]
    if refused:
        raise Wrong(f"{words}; {len(refused)} are refused, such as {refused[0]}")
    return words


def is_refused(words: str) -> bool:
    """Return whether what is told of a name is that it gets no certificate, or loses its own."""
    return words.startswith("refused") or "renewal fails" in words


@check("Is there a backup of these days?", every=60, once=True)
def last_backup(server: Server) -> str | None:
    if not server.site.live:
        return None
    noted = snapshots.noted(server.site)
    name, when = noted.get("here", {}).get("made") or newest_of_before(server)
    begun = max(first_deploy(server), lead.since(server.site))  # another host led before
    if not name:
        if time.time() - begun > BACKUP:
            raise Wrong("none", "fab backup")
        return "none yet: one is made each night"
    refuse_old(f"{name} is the newest", max(when, begun), BACKUP, "fab backup")
    if not away(server.site):
        return f"{name}, on this server alone: BACKUP_TO in FABRIC names another place"
    there, when = noted.get("away", {}).get("made", ("", begun))
    words = f"{there or 'nothing'} is the newest in BACKUP_TO"
    refuse_old(words, max(when, begun), BACKUP, "fab backup")
    return f"{name}; in BACKUP_TO {there or 'none yet'}"


def newest_of_before(server: Server) -> tuple[str, float]:
    """Return the newest of the backups of before there were snapshots, and when it was made."""
    paths = (server.root / "backups").glob("[!.]*/SHA256SUMS")
    found = {path.stat().st_mtime: path.parent.name for path in paths}
    newest = max(found, default=0)
    return found.get(newest, ""), newest


def refuse_old(words: str, when: float, age: float, type: str) -> None:
    """Wrong with these words where that was more than so many seconds ago."""
    if time.time() - when > age:
        raise Wrong(words, type, f"{datetime.fromtimestamp(when, UTC):%Y-%m-%dT%H:%MZ}")


@check("Was a backup proved to come back?", every=60, once=True)
def last_proof(server: Server) -> str | None:
    noted = snapshots.noted(server.site)
    if not server.site.live or "here" not in noted:
        return None
    live, told = databases.of(server.site), []
    if live.service and not postgres.may_create(live):
        return f"none: {live.user} may make no database beside {live.name}"
    for key, place in (("here", "here"), *([("away", "BACKUP_TO")] * bool(away(server.site)))):
        name, when = noted.get(key, {}).get("proved", ("none", first_deploy(server)))
        refuse_old(f"{place}: {name} is the last", when, PROOF, "")
        told.append(f"{place}: {name}" if name != "none" else f"{place}: none yet")
    return "; ".join(told)


def first_deploy(server: Server) -> float:
    names = releases.proven(server.site, releases.history(server.site))
    times = [server.site.release(name).stat().st_mtime for name in names]
    return min(times, default=time.time())


OR_OPEN = "or fab maintenance off"
CUT_OFF = {"deploy": f"fab deploy, {OR_OPEN}", "restore": f"fab restore, {OR_OPEN}"}


@check("Is the site open?", every=0)
def maintenance(server: Server) -> str | None:
    path = server.site.state / "maintenance"
    if not path.exists():
        return None
    since = f"since {datetime.fromtimestamp(path.stat().st_mtime, UTC):%Y-%m-%d %H:%M} UTC"
    by = path.read_text().strip()
    if by in CUT_OFF and not server.at_work:
        raise Wrong(f"503 {since}, by a {by} that was cut off", CUT_OFF[by])
    return f"on, {since}; fab maintenance off ends it"


@check("Does the main process serve, and not the standby?", DEPLOY, every=5)
def relay(server: Server) -> str | None:
    if not Path(f"/run/{server.name}/use-standby").exists():
        return None
    if server.at_work:
        return "the standby serves, while a release takes over"
    raise Wrong("the standby serves", "fab restart")
