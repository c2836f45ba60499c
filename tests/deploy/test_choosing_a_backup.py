"""Where fab restore looks for a backup: on the server, and then in BACKUP_TO."""

import sys
from types import SimpleNamespace

import pytest
from invoke import Exit
from support import TEMPLATE

sys.path.insert(0, str(TEMPLATE / "{{cookiecutter.project_name}}"))
sys.dont_write_bytecode = True  # cookiecutter would take it for a part of the template
from deploy import database  # noqa: E402
from deploy.hosts import Hosts  # noqa: E402

OLD, NEW = "20260101T042000Z-nightly", "20260102T042000Z-nightly"
BEFORE_A_RESTORE = "20260103T042000Z-restore"


def server(here, away, backup_to="sftp://me@nas.example//backups"):
    """A server, and in .asked whether BACKUP_TO was asked each time; both have those backups."""
    asked = []

    def call(command, remote):
        assert command == "backups"
        asked.append(remote)
        found = sorted({*here, *away} if remote else here)
        return {"backups": [{"name": name, "has": "all"} for name in found]}

    config = SimpleNamespace(backup_to=backup_to)
    host = SimpleNamespace(config=config, call=call, lease=None, work=None, verbose=False)
    host.asked = asked
    host.sudo_prefix, host.beside = lambda: None, False
    return host


@pytest.mark.parametrize(
    ("here", "away", "name", "chosen", "place"),
    [
        ([OLD, NEW], [OLD], OLD, OLD, "the server"),
        ([NEW], [OLD], OLD, OLD, "BACKUP_TO"),
        ([], [OLD, NEW], None, NEW, "BACKUP_TO"),  # the server of before is lost
        ([BEFORE_A_RESTORE], [OLD], None, OLD, "BACKUP_TO"),
        ([OLD, BEFORE_A_RESTORE], [NEW], None, OLD, "the server"),
    ],
)
def test_it_says_from_where_it_takes_a_backup(capsys, here, away, name, chosen, place):
    host = server(here, away)
    assert database.choose(Hosts([host]), name) == {"name": chosen}
    assert f"    {chosen} comes from {place}\n" in capsys.readouterr().out
    assert host.asked == ([False] if place == "the server" else [False, True])


@pytest.mark.parametrize(
    ("backup_to", "places"),
    [("sftp://nas.example", "not on the server and not in BACKUP_TO"), ("", "not on the server")],
)
def test_what_is_nowhere_is_told_in_one_line(backup_to, places):
    with pytest.raises(Exit) as refused:
        database.choose(Hosts([server([NEW], [], backup_to)]), OLD)
    told = f"There is no backup {OLD}: {places}; the newest are: {NEW}"
    assert (refused.value.message, refused.value.code) == (told, 2)
