"""One command of the program: it reads a line of JSON, and prints its answer as another.

    {"command": "compare", "name": "garden", "root": "/srv/garden", ...parameters of the command}

Without a root the server finds it, as `where` of record.py says; it is in each answer. With an
"environment", the site has to be that one's: see deployed.py. The line is the argument or, without
one, comes from the standard input, which is not seen in the list of processes. Where the command is
refused, the reason is on the standard error and the exit status is 1.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any

from . import (  # noqa: F401  (they fill the table of checks)
    authorized,
    backup,
    backup_keys,
    backups_at_home,
    bucket_claims,
    bytecode,
    certificate,
    checks,
    checks_of_hosts,
    checks_of_running,
    checks_of_server,
    checks_of_site,
    common,
    configuration,
    connections,
    content,
    deployed,
    going_back,
    keys,
    lead,
    lease,
    meeting,
    moving_uploads,
    nightly,
    peers,
    record,
    relay,
    release_python,
    releases,
    repository,
    restore,
    role,
    secret_settings,
    server_names,
    snapshots,
    sshd,
    standing,
    static,
    swap,
    switch,
    tried,
    upgraded,
    virtualenv,
)
from .acme import agent
from .alarms import round
from .site import Refused, Site

COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "address": common.address,
    "admit": authorized.admit,
    "adopt": record.adopt,
    "algorithms": sshd.algorithms,
    "authorize": authorized.authorize,
    "backup": snapshots.make,
    "backup_keys": backup_keys.make,
    "backups": snapshots.show,
    "be_tried": tried.be_tried,
    "begin": releases.begin,
    "bring_content": content.bring,
    "certificate": certificate.cover,
    "change_backup_key": backup_keys.change,
    "change_secret": lead.change_secret,
    "change_secret_before": secret_settings.change_before,
    "claim": checks.claim_names,
    "coming_backup": backups_at_home.staged,
    "connections": connections.count,
    "content": content.show,
    "deployers_as_root": authorized.deployers_as_root,
    "dump": backup.make,
    "examine": checks.examine,
    "export_content": content.export,
    "fetch": repository.fetch,
    "finish": release_python.finish,
    "follow_hosts": lead.follow,
    "give_common": standing.give,
    "join_hosts": lead.join,
    "keep_backup": backups_at_home.keep,
    "keep_forms": releases.keep_forms,
    "keys": keys.make,
    "lease": lease.hold,
    "leave_hosts": lead.leave,
    "live": checks.live,
    "load": restore.load,
    "losses": going_back.losses,
    "look_at_content": content.look,
    "mail": release_python.mail,
    "may_load": restore.may_load,
    "meet_hosts": meeting.meet,
    "migrations": release_python.migrations,
    "move_uploads": moving_uploads.move,
    "follow_names": server_names.follow,
    "nightly": nightly.run,
    "names": server_names.update,
    "note_live": lead.note,
    "open_log_ins": sshd.open_log_ins,
    "peers": peers.put,
    "prerequisites": checks.prerequisites,
    "prune": releases.prune,
    "receive_backup": backups_at_home.receive,
    "receive_content": content.receive,
    "relay": relay.start,
    "releases": releases.show,
    "remove": record.remove,
    "renew": upgraded.renew,
    "role": role.make,
    "secret": secret_settings.look,
    "secrets": secret_settings.show,
    "send_backup": backups_at_home.send,
    "send_backups": snapshots.send,
    "send_content": content.send,
    "share_static": static.share,
    "sign": certificate.create,
    "stage": configuration.stage,
    "stand": standing.tell,
    "status": checks.status,
    "swap": swap.run,
    "switch": switch.run,
    "take_common": standing.take,
    "test_alarm": round.send_test,
    "trust": agent.run,
    "unpack": repository.unpack,
    "uploads_differ": moving_uploads.differ,
    "uploads_here": moving_uploads.bring_here,
    "uploads_ready": bucket_claims.ready,
    "virtualenv": virtualenv.make,
    "watch": round.watch,
    "where": record.tell_where,
}


def main() -> None:
    program = Path(__file__).parents[1]
    if program.is_file() and __file__.endswith(".py"):  # as it was sent, or by another Python
        bytecode.keep(program)
    # Byte by byte: what comes after the line is for the command to read.
    line = sys.argv[1] if sys.argv[1:] else FileIO(0, closefd=False).readline()
    request = json.loads(line)
    command = COMMANDS[request.pop("command")]
    name, home = request.pop("name"), request.pop("home", "")
    environment = request.pop("environment", "")
    site = Site(name, request.pop("root", "") or record.where(name, home))
    try:
        deployed.check_environment(site, environment)
        answer = command(site, **request)
    except (Refused, OSError, subprocess.SubprocessError) as error:  # such as of a full disk
        sys.exit(str(error))
    print(json.dumps({"root": str(site.root)} | answer), flush=True)
