"""A database on another host: what may be in DATABASE, and what a server makes of it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from garden_elsewhere import URL

from deploy.on_host import (
    checks,
    configuration,
    databases,
    deployed,
    elsewhere,
    files,
    postgres,
    record,
    restore,
)
from deploy.on_host.site import Refused

OF_ROOT = SimpleNamespace(pw_uid=0, gr_gid=0)


def test_a_release_has_the_database_that_it_was_deployed_with(site):
    live = databases.of(site)
    assert (live.name, live.user, live.host, live.port) == (
        "garden",
        "gardener",
        "db.example.com",
        5433,
    )
    assert live.service == site.root / "releases/2/pg_service.conf"
    before = databases.of(site, "1")
    assert (before.name, before.service) == ("garden", None)


def test_nothing_goes_back_to_a_release_of_another_database(site, monkeypatch):
    monkeypatch.setattr(checks, "problem_of", lambda *_: "")
    told = "1 has the database garden on this server, by another DATABASE than what is live"
    assert checks.live(site, "1")["problem"] == told
    assert checks.live(site)["problem"] == ""


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://me@db.example/garden", "is not the URL of a PostgreSQL database"),
        ("postgresql://me:secret@db.example/garden", "has a password in it; its place is DB_PASS"),
        ("postgresql://db.example/garden", "names not a user"),
        ("postgresql://me@/garden", "names not a host"),
        ("postgresql://me@db.example", "names not a database"),
        ("postgresql://me@db.example/a/b", "names not a database"),
        ("postgresql://me@db.example:99999/garden", "is not a URL"),
        ("postgresql://me@db.example/postgres", "make a database for it"),
        ("postgresql://me@db.example/garden?options=-c", "after the [?] comes sslmode alone"),
        ("postgresql://me@db.example/garden?sslmode=require", "it is verify-full or"),
        ("postgresql://me@db.example/garden?sslmode=disable", "it is verify-full or"),
        ("postgresql://me@8.8.8.8/garden?sslmode=disable", "it is verify-full or"),
    ],
)
def test_what_is_wrong_with_a_url_is_told_without_the_password(url, told):
    with pytest.raises(ValueError, match=told) as refused:
        databases.parse(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        (URL, "verify-full"),
        ("postgres://me@10.0.0.5/garden", "verify-full"),
        ("postgresql://me@10.0.0.5/garden?sslmode=disable", "disable"),
        ("postgresql://me@[fd00::5]/garden?sslmode=disable", "disable"),
    ],
)
def test_a_certificate_is_verified_unless_a_private_address_says_otherwise(url, mode):
    database = databases.parse(url)
    assert database.sslmode == mode
    assert ("sslrootcert" in databases.options(database, "/ca.pem")) == (mode == "verify-full")


def test_the_settings_and_the_programs_of_a_release_have_the_same(site):
    given = databases.for_templates(site, URL, "/ca.pem", "s3cret")
    service = dict(line.split("=", 1) for line in given["database_service"].splitlines()[1:])
    assert service["password"] == "s3cret"  # noqa: S105
    assert (service["host"], service["dbname"]) == ("db.example.com", "garden")
    assert given["database_options"]["sslrootcert"] == service["sslrootcert"] == "/ca.pem"
    assert given["database_options"]["connect_timeout"] == int(service["connect_timeout"]) == 3
    here = databases.for_templates(site, "", "", "s3cret")
    assert (here["database_host"], here["database_options"]) == ("/run/postgresql", {})


def test_a_database_that_has_no_release_yet_is_asked_by_a_file_for_the_sites_user(
    site, monkeypatch
):
    owners = []
    monkeypatch.setattr(files.os, "fchown", lambda *_: None)
    monkeypatch.setattr(files.grp, "getgrnam", lambda name: owners.append(name) or OF_ROOT)
    monkeypatch.setattr(files.pwd, "getpwnam", lambda name: owners.append(name) or OF_ROOT)
    monkeypatch.setattr(databases.shutil, "chown", lambda path, group: owners.append(group))
    with databases.wanted(site, URL, "the CA") as database:
        assert "password=kept here" in database.service.read_text()
        assert database.service.stat().st_mode & 0o777 == 0o640
        assert database.service.parent.stat().st_mode & 0o777 == 0o750
        assert database.runs_as == "garden"
    assert owners == ["root", "garden", "root", "garden", "garden"]
    assert not Path(database.service).exists()


# Who asks


@pytest.mark.parametrize("release", ["1", "2"])
def test_in_the_sites_database_the_sites_user_asks_wherever_it_is(site, sent, release):
    database = databases.of(site, release)
    postgres.psql("SELECT 1", database="garden-restoring", at=database)
    restore.fill(Path(__file__), database, "garden-restoring", "a backup")
    assert {user for user, *_ in sent} == {"garden"}
    assert not any(word.startswith("--role") for _, words, *_ in sent for word in words)
    for *_, environment in sent:
        assert ("PGSERVICEFILE" in environment) == (release == "2")


def test_databases_are_made_by_the_superuser_of_the_server_and_elsewhere_by_the_role(site, sent):
    postgres.psql("CREATE DATABASE x", at=databases.of(site, "1"))
    postgres.psql("CREATE DATABASE x", at=databases.of(site, "2"))
    assert [user for user, *_ in sent] == ["postgres", "garden"]
    assert [words[-1] for _, words, *_ in sent] == ["postgres", "postgres"]
    assert sent[0][3]["PGOPTIONS"] == "-c search_path=pg_catalog"


@pytest.mark.parametrize("refused", [{}, {"SELECT 1": "permission denied for database"}])
def test_a_role_that_may_not_connect_to_postgres_may_load_no_backup(site, sent, refused):
    sent.answer, sent.refused = "t\0", refused
    assert postgres.may_create(databases.of(site)) is not bool(refused)


# Its name and its mark


@pytest.mark.parametrize("use", ["restoring", "before-restore", "proving"])
def test_a_name_that_a_restore_gives_is_refused(use):
    with pytest.raises(ValueError, match=f"make a database without -{use}"):
        databases.parse(f"postgresql://me@db.example/garden-{use}")


def test_a_mark_is_set_whole_or_not_at_all(site, sent):
    postgres.set_mark(databases.of(site), "garden", "garden", "production")
    ((_user, _words, sql, _environment),) = sent
    assert sql.startswith("BEGIN;")
    assert sql.endswith("COMMIT")


def test_a_live_release_of_before_there_was_a_database_elsewhere_has_the_one_of_the_server(site):
    site.current.unlink()
    site.current.symlink_to("releases/3")  # of which nobody knows what it was deployed with
    assert ("DATABASE", "", URL) in deployed.differences(site, {"DATABASE": URL})


def test_the_password_of_a_service_is_in_no_difference(site):
    shown = configuration.masked_diff("x", "password=OLD\n", "password=NEW\n", {})
    assert "OLD" not in shown
    assert "NEW" not in shown


def test_who_removes_a_site_is_told_of_each_database_that_stays(site, sent, monkeypatch):
    monkeypatch.setattr(record, "read", lambda site: {"things": []})
    monkeypatch.setattr(record, "has_database", lambda name, at: name == "garden-before-restore")
    told = record.adopt(site, [])
    assert told["elsewhere"] == f"{databases.of(site)}, garden-before-restore"


# What is there: version, encoding, may create, tables, TLS, is marked.
GOOD = "16|UTF8|t|0|t|f"


@pytest.fixture
def there(monkeypatch):
    """A function that says what the database answers, and whose mark it has."""

    def answer(row, owner="", client="17.2"):
        def psql(*statements, **_):
            return [owner] if "SELECT project" in statements[0] else [row]

        monkeypatch.setattr(elsewhere, "psql", psql)
        monkeypatch.setattr(elsewhere, "run", lambda *_, **__: f"pg_dump (PostgreSQL) {client}")
        monkeypatch.setattr(elsewhere, "may_create", lambda at: True)
        return databases.parse(URL)

    return answer


@pytest.mark.parametrize(
    ("row", "client", "told"),
    [
        ("13|UTF8|t|0|t|f", "17", "is of PostgreSQL 13, and 14 is the least"),
        ("18|UTF8|t|0|t|f", "17", "type fab apt postgresql-client-18"),
        ("16|LATIN1|t|0|t|f", "17", "ENCODING 'UTF8'"),
        ("16|UTF8|f|0|t|f", "17", 'type there ALTER DATABASE "garden" OWNER TO "gardener"'),
    ],
)
def test_a_database_that_cannot_be_a_sites_is_refused(there, row, client, told):
    with pytest.raises(Refused, match=told):
        elsewhere.look(there(row, client=client))


@pytest.mark.parametrize(
    ("row", "owner", "told"),
    [
        ("16|UTF8|t|3|t|f", "", "3 tables of somebody else"),
        ("16|UTF8|t|3|t|t", "shop|production", "is that of shop of production"),
        ("16|UTF8|t|3|t|t", "garden|staging", "is that of garden of staging"),
        ("16|UTF8|t|3|t|t", "garden|production", ""),
        (GOOD, "", ""),
    ],
)
def test_what_is_somebody_elses_is_not_taken_over(site, there, row, owner, told):
    database = there(row, owner)
    found = elsewhere.look(database)
    if told:
        with pytest.raises(Refused, match=told):
            elsewhere.refuse_others(database, found, site, "production")
    else:
        elsewhere.refuse_others(database, found, site, "production")


def test_the_database_of_a_live_site_that_becomes_another_environment_stays_its_own(site, there):
    database = there("16|UTF8|t|3|t|t", "garden|staging")
    found = elsewhere.look(database)
    deployed.keep(site, "2", {"DATABASE": URL, "ENVIRONMENT": "staging"})
    elsewhere.refuse_others(database, found, site, "production")
    deployed.keep(site, "2", {"DATABASE": f"{URL}2", "ENVIRONMENT": "staging"})
    with pytest.raises(Refused, match="is that of garden of staging"):
        elsewhere.refuse_others(database, found, site, "production")
