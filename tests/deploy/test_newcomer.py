"""A newcomer's day, typed as the README says it: from startapp to the live page of an own type."""

import os
import re
import subprocess
import sys

import pytest
from documented import write_apps
from sites import BY_PASSWORD, PASSWORD, Site, Visitor
from support import Baker

NAME = "www.library.example"
TESTS = f"tests-{sys.version_info[0]}.{sys.version_info[1]}"
PAGE = {"status": "2", "in_menus": "1", "keywords_0": "", "keywords_1": ""}
NO_LINE = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}


@pytest.fixture(scope="module")
def site(installed, template, tmp_path_factory):
    """A project on this machine, for a server on which others have been before."""
    home = tmp_path_factory.mktemp("newcomer")
    project = Baker(template, home).bake(project_name="library", live_hostname=NAME)
    site = Site(project, installed, name=NAME, **BY_PASSWORD)
    site.configure(GUNICORN_PORT=8071, ADMIN_PASS=PASSWORD)
    yield site
    site.fab("remove", "--yes", "library")


def nox(site, session, *words):
    """Run a session of the project's noxfile and return what it showed."""
    command = [sys.executable, "-m", "nox", "-s", session, "--", *words]
    run = subprocess.run(
        command,
        cwd=site.project,
        env={key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout[-5000:]
    return run.stdout


def lines(prefix, *rows):
    """Return the fields of a formset of the admin: a dict of fields for each new row."""
    sent = NO_LINE | {"TOTAL_FORMS": str(len(rows))}
    fields = {f"{prefix}-{name}": value for name, value in sent.items()}
    for number, row in enumerate(rows):
        fields |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return fields


def added(admin, model, **fields):
    """Add something in the admin, and return its number, a str."""
    path = f"/admin/{model}/add/"
    path += f"?parent={fields.pop('parent')}" if "parent" in fields else ""
    admin.ask(path)
    status, shown = admin.ask(path, {"_continue": "Save"} | fields)
    assert status == 302, re.findall(r"(?s)errorlist.*?</ul>", shown.decode())


def test_an_app_of_ones_own_passes_what_nox_asks(site):
    nox(site, "manage", "startapp", "authors")
    write_apps(site.project)
    written = nox(site, "manage", "makemigrations")
    for change in ("Create model Author", "Add field another_field to page"):
        assert f"+ {change}\n" in written
    nox(site, "lint")
    assert "2 passed" in nox(site, TESTS, "authors")


def test_it_goes_live_with_its_tables_and_the_fields_added_to_mezzanine(site):
    site.commit()
    site.fab("create", "deploy")
    assert site.get("/")[0] == 200


def test_a_page_of_it_is_written_in_the_live_admin_and_answers_with_all_that_belongs_to_it(site):
    admin = Visitor(site)
    admin.log_in("admin", PASSWORD)
    added(admin, "pages/richtextpage", title="Authors", content="<p>Who writes</p>", **PAGE)
    listed = site.fab("psql", "SELECT id FROM pages_page WHERE slug = 'authors'")
    parent = re.search(r"^ +(\d+)$", listed, re.M)[1]
    inlines = lines("book_set", {"title": "Ham"}) | lines("chapter_set")
    own = {"title": "Dr Seuss", "dob": "1904-03-02", "another_field": "7"}
    added(admin, "authors/author", parent=parent, **own, **inlines, **PAGE)
    status, page = site.get("/authors/dr-seuss/")
    assert status == 200
    assert "Ham: 0 comments" in page  # its template, and what the inline stored
    assert "A doctor of nothing." in page  # its page processors
    assert re.search(r"^ +7$", site.fab("psql", "SELECT max(another_field) FROM pages_page"), re.M)
    asked = Visitor(site)
    asked.ask("/authors/dr-seuss/")
    assert asked.ask("/authors/dr-seuss/", {"name": "Ann", "email": "ann@guest.example"})[0] == 302


def test_who_signs_up_has_a_profile_of_ones_own(site):
    ada = Visitor(site)
    ada.ask("/accounts/signup/")
    fields = {"username": "ada", "email": "ada@guest.example", "bio": "Counts"}
    fields |= {"date_of_birth": "1815-12-10", "password1": "rye & 1 salt"}
    assert ada.ask("/accounts/signup/", fields | {"password2": "rye & 1 salt"})[0] == 302
    assert b"Counts" in ada.ask("/users/ada/")[1]
