"""Dumps on a server: their order is the one in which they were made, whatever the clock says."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from deploy.on_host import (
    backup,
    databases,
    deployed,
    files,
    moved,
    naming,
    postgres,
    release_python,
    restore,
)
from deploy.on_host.site import Refused, Site


class Clock:
    """Stands in for datetime: a clock that a test sets."""

    moment = datetime(2026, 11, 28, 4, 20, tzinfo=UTC)

    @classmethod
    def now(cls, zone):
        return cls.moment


def write_a_dump(*_, stdout=None, **__):
    """What stands for the programs of PostgreSQL."""
    if stdout:
        stdout.write(b"a dump")


@pytest.fixture
def site(tmp_path, monkeypatch):
    site = Site("garden", tmp_path / "garden")
    for directory in ("backups", "state", "shared/media", "shared/private", "releases/1"):
        (site.root / directory).mkdir(parents=True)
    (site.root / "current").symlink_to("releases/1")
    monkeypatch.setattr(files.os, "fchown", lambda *_: None)
    monkeypatch.setattr(backup, "datetime", Clock)
    monkeypatch.setattr(backup.os, "umask", lambda _: None)
    monkeypatch.setattr(postgres, "run", write_a_dump)
    monkeypatch.setattr(postgres, "version", lambda *_: 15)
    monkeypatch.setattr(restore, "version", lambda *_: 15)
    return site


def names(site):
    return [made["name"] for made in backup.show(site)]


def test_a_dump_says_of_itself_what_it_is(site):
    name = backup.make(site, "deploy")["name"]
    assert name == "20261128T042000Z-deploy"
    told = {"name": name, "release": "1", "place": "The server", "has": "the database"}
    assert backup.show(site) == [told]
    kept = {path.name for path in (site.root / "backups" / name).iterdir()}
    notes = {"project", "release", "postgresql", "made", "environment", "compression"}
    assert kept == {"database", "SHA256SUMS"} | notes


def test_a_clock_that_is_set_back_changes_nothing(site, monkeypatch):
    made = []
    for day in (28, 27, 26, 26, 26, 25, 30, 1, 1, 1, 1, 1, 1, 29):
        monkeypatch.setattr(Clock, "moment", datetime(2026, 11, day, tzinfo=UTC))
        made.append(backup.make(site, "manual")["name"])
        assert names(site)[-1] == made[-1]
    assert len(set(made)) == len(made)
    assert names(site) == made[-10:]
    assert set(names(site)) == {path.name for path in (site.root / "backups").iterdir()}


def test_snapshots_have_their_place_in_the_order_and_count_as_no_dumps(site):
    old = [backup.make(site, "deploy")["name"] for _ in range(3)]
    backup.append(site, "20261128T042003Z-nightly")
    new = [backup.make(site, "deploy")["name"] for _ in range(9)]
    assert names(site) == [*old[-1:], *new]
    assert backup.order(site) == [old[-1], "20261128T042003Z-nightly", *new]


def test_a_whole_backup_of_before_there_were_snapshots_is_listed_as_that(site):
    old = site.root / "backups/20200101T000000Z-nightly"
    old.mkdir()
    (old / "media.tar.gz").touch()
    assert [each["has"] for each in backup.show(site)] == ["all"]


def test_what_somebody_brought_there_is_listed_last_and_never_removed(site):
    made = backup.make(site, "manual")["name"]
    (site.root / "backups/20200101T000000Z-manual").mkdir()
    assert names(site) == [made, "20200101T000000Z-manual"]
    for _ in range(20):
        backup.make(site, "manual")
    assert names(site)[-1] == "20200101T000000Z-manual"


def test_those_of_before_there_was_a_record_are_in_the_order_of_their_names(site):
    old = [f"202601{day:02}T000000Z-manual" for day in range(1, 12)]
    for name in reversed(old):
        (site.root / "backups" / name).mkdir()
    assert names(site) == old
    made = backup.make(site, "manual")["name"]
    assert names(site) == [*old[-9:], made]


def test_one_that_fails_leaves_nothing(site, monkeypatch):
    def refuse(*words, **_):
        raise Refused("pg_dump: no connection")

    monkeypatch.setattr(postgres, "run", refuse)
    with pytest.raises(Refused, match="no connection"):
        backup.make(site, "manual")
    assert not list((site.root / "backups").iterdir())


def test_a_table_of_another_role_is_told_with_what_to_type(site, monkeypatch):
    def refuse(*_, **__):
        raise Refused("pg_dump: error: query failed: ERROR:  permission denied for table notes\n")

    monkeypatch.setattr(postgres, "run", refuse)
    with pytest.raises(Refused, match='ALTER TABLE notes OWNER TO "garden"'):
        backup.make(site, "manual")
    assert names(site) == []


# How old it is


def clocks(time, since, start="a"):
    return {"time": time, "since": since, "start": start}


@pytest.mark.parametrize(
    ("made", "now", "age"),
    [
        (clocks(10_000, 100), clocks(10_600, 700), "10 minutes old"),
        (clocks(10_000, 100), clocks(0, 700), "10 minutes old"),  # set back meanwhile
        (clocks(10_000, 9000), clocks(10_600, 50, "b"), "10 minutes old"),  # rebooted meanwhile
        (
            clocks(10_000, 9000),
            clocks(0, 50, "b"),
            "of unknown age, as the clock",
        ),
        (None, clocks(0, 0), "of unknown age"),
    ],
)
def test_its_age_is_told_by_a_clock_that_nobody_sets(made, now, age):
    assert backup.age(made, now).startswith(age)
    assert json.loads(json.dumps(backup.clocks())).keys() == clocks(0, 0).keys()


# Restoring


def test_a_backup_of_a_newer_postgresql_is_refused_in_one_line(site, monkeypatch):
    monkeypatch.setattr(postgres, "version", lambda *_: 17)
    name = backup.make(site, "manual")["name"]
    with pytest.raises(Refused) as refused:
        restore.check(site, site.root / "backups" / name, name)
    assert str(refused.value).startswith(
        f"{name} is a backup of PostgreSQL 17, and here is 15: restore it on a server"
    )


def test_a_backup_of_another_project_is_refused_unless_that_is_an_environment(site, monkeypatch):
    monkeypatch.setattr(postgres, "version", lambda *_: 17)
    name = backup.make(site, "manual")["name"]
    other = Site("orchard", site.root)
    with pytest.raises(Refused) as refused:
        restore.check(other, site.root / "backups" / name, name, ["orchard", "staging"])
    assert str(refused.value).startswith(f"{name} is a backup of another project, garden; ")
    with pytest.raises(Refused, match="is a backup of PostgreSQL 17"):  # what is looked at next
        restore.check(other, site.root / "backups" / name, name, ["garden"])


# Whose name it has


@pytest.fixture
def loading(site, monkeypatch):
    """A function that loads a backup, in which Django says of LIVE_HOSTNAME why it is refused.

    It returns the statements that PostgreSQL is sent, which are .statements too; .asked is what
    Django was asked, .migrated what it says of the migrations.
    """
    statements = []

    def load(refused, rows=()):
        def ask(site, script, directory, app, request):
            load.asked = directory.parent.name, json.loads(request)
            if isinstance(refused, Exception):
                raise refused
            return {"refused": refused}

        monkeypatch.setattr(naming, "ask", ask)
        monkeypatch.setattr(naming, "psql", lambda *_, **__: list(rows))
        monkeypatch.setattr(restore, "psql", lambda *sql, **_: statements.extend(sql) or ["0"])
        restore.load(site, name, "app")
        return statements

    load.statements, load.migrated = statements, {"refused": "", "applied": []}
    monkeypatch.setattr(release_python, "ask", lambda *_: load.migrated)
    for module, does in {"require": None, "run": "", "let_in": None}.items():
        monkeypatch.setattr(restore, module, lambda *_, does=does, **__: does)
    monkeypatch.setattr(restore, "differences", lambda *_: [])
    monkeypatch.setattr(restore, "put_beside", lambda *_: None)
    usage = SimpleNamespace(free=2**30)
    monkeypatch.setattr(restore.shutil, "disk_usage", lambda path: usage)
    name = backup.make(site, "manual")["name"]
    deployed.keep(site, "1", {"LIVE_HOSTNAME": "www.garden.example"})
    return load


def test_a_backup_in_which_another_site_has_the_name_is_refused_before_it_takes_a_place(loading):
    told = "LIVE_HOSTNAME www.garden.example is a name of the site two.example: deploy with another"
    with pytest.raises(Refused, match=told):
        loading("is a name of the site two.example")
    request = {"wanted": "www.garden.example", "database": "garden-restoring"}
    assert loading.asked == ("1", request)
    statements = loading("")
    assert [sql.split()[:2] for sql in statements].count(["DROP", "DATABASE"]) == 3


@pytest.mark.parametrize("table", ["mail_queuedmail", ""])
def test_mail_that_waited_when_a_backup_was_made_is_not_sent_again(monkeypatch, table):
    statements = []
    monkeypatch.setattr(restore, "psql", lambda *sql, **_: statements.extend(sql) or [table])
    restore.hold_mail(databases.Database("garden", "garden"), "garden-restoring")
    done = [sql.split()[0] for sql in statements]
    assert done == (["SELECT", "UPDATE"] if table else ["SELECT"])  # none of before there was one


def test_a_backup_of_another_environment_is_adapted_to_this_one(site, loading, monkeypatch):
    asked = []

    def ask(site, script, directory, app, request):
        asked.append((script, json.loads(request)))

    monkeypatch.setattr(moved, "ask", ask)
    (name,) = names(site)
    note = site.root / "backups" / name / "environment"
    note.write_text("production\n")
    monkeypatch.setattr(restore, "check", lambda *_: None)
    deployed.keep(site, "1", {"LIVE_HOSTNAME": "try.example", "ENVIRONMENT": "staging"})
    loading("is asked of the site's own alone")
    told = {"environment": "production", "hostname": "try.example", "database": "garden-restoring"}
    assert asked == [("moved", told)]


def test_a_backup_of_newer_code_is_dropped_before_anything_is_touched(site, loading, monkeypatch):
    monkeypatch.setattr(restore, "put_beside", lambda *_: pytest.fail("uploads are touched"))
    loading.migrated = {"refused": "blog.0009 was migrated, which", "applied": []}
    with pytest.raises(Refused, match=f"In {names(site)[0]}, blog.0009 was migrated"):
        loading("")
    assert loading.statements[-1] == 'DROP DATABASE "garden-restoring" WITH (FORCE)'


def test_a_backup_that_Django_cannot_be_asked_about_has_to_have_the_name(loading):
    loading(Refused("no Python"), rows=["1"])
    with pytest.raises(Refused, match="no Python"):
        loading(Refused("no Python"))
