"""A database on another host: what may be in DATABASE, and what a server makes of it."""

from pathlib import Path

import pytest

from deploy.on_host import checks, databases, deployed, elsewhere
from deploy.on_host.site import Refused, Site

URL = "postgresql://gardener@db.example.com:5433/garden"


@pytest.fixture
def site(tmp_path):
    site = Site("garden", tmp_path)
    site.releases.mkdir()
    site.current.symlink_to("releases/2")
    site.state.mkdir()
    site.shared.mkdir()
    (site.shared / "secrets.json").write_text('{"db_pass": "kept here"}')
    deployed.keep(site, "1", {"GUNICORN_PORT": 8000})
    deployed.keep(site, "2", {"DATABASE": URL})
    return site


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


def test_a_database_that_has_no_release_yet_is_asked_by_a_file_for_root_alone(site):
    with databases.wanted(site, URL, "the CA") as database:
        text = database.service.read_text()
        assert "password=kept here" in text
        assert database.service.parent.stat().st_mode & 0o777 == 0o700
    assert not Path(database.service).exists()


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
