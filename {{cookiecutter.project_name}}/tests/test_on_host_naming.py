"""What a site is called on its server, and what it was deployed with."""

import io
import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.sites.models import Site as Row

from deploy.on_host import checks, deployed, files, naming
from deploy.on_host.processes import Failed
from deploy.on_host.site import Refused, Site
from deploy.program import archive
from multisite.models import SiteAlias

OLD, NEW = "www.old.example", "www.new.example"
SCRIPT = Path(naming.__file__).parent / "in_release/naming.py"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site whose release 1 is live under the old name, and 2 is to bring the new one."""
    site = Site("garden", tmp_path / "garden")
    for directory in ("state", "releases/1", "releases/2"):
        (site.root / directory).mkdir(parents=True)
    (site.root / "current").symlink_to("releases/1")
    monkeypatch.setattr(files.os, "fchown", lambda *_: None)
    for release, name in (("1", OLD), ("2", NEW)):
        deployed.keep(site, release, {"GUNICORN_PORT": 8000, "LIVE_HOSTNAME": name})
    return site


@pytest.fixture
def row(db, monkeypatch):
    """The row of the site, which the script of in_release/ finds; only Django is asked."""
    monkeypatch.setattr(naming, "HEARD", 0)
    monkeypatch.setattr(naming, "is_called", lambda *_, **__: False)

    def ask(site, script, directory, app, answers):
        printed = io.StringIO()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.StringIO(answers))
            patch.setattr(sys, "stdout", printed)
            runpy.run_path(str(SCRIPT))
        return json.loads(printed.getvalue())

    monkeypatch.setattr(naming, "ask", ask)
    row = Row.objects.get(pk=1)
    row.domain = row.name = OLD
    row.save()
    return row


def names():
    """Return the domain and the name of the site, and its aliases."""
    row = Row.objects.get(pk=1)
    return row.domain, row.name, [alias.host for alias in row.aliases.all()]


def looked(site, release="2", may_rename=True):
    found = naming.Naming(site, release, "app", may_rename)
    found.look()
    return found


# What it was deployed with


def test_what_differs_is_told_from_what_to_what(site):
    fabric = {"GUNICORN_PORT": 8001, "LIVE_HOSTNAME": OLD, "VIRTUALENV_HOME": ""}
    assert deployed.differences(site, fabric) == [("GUNICORN_PORT", 8000, 8001)]
    fabric["VIRTUALENV_HOME"] = "/home/alice"
    place = ("VIRTUALENV_HOME", str(site.root.parent), "/home/alice")
    assert place in deployed.differences(site, fabric)


def test_of_a_release_of_before_nothing_is_told(site):
    (site.state / "fabric/1.json").unlink()
    assert deployed.differences(site, {"GUNICORN_PORT": 8001}) == []


# Whose it is


def deploy_as(site, release, environment):
    deployed.keep(site, release, {"ENVIRONMENT": environment, "LIVE_HOSTNAME": OLD})


def asked(site, environment):
    """Send a request to the program; return its exit status and what it says."""
    (site.root / "on_host.pyz").write_bytes(archive())
    request = {"command": "live", "name": site.name, "root": str(site.root)}
    run = subprocess.run(
        [sys.executable, "-BI", site.root / "on_host.pyz"],
        input=json.dumps(request | {"environment": environment}) + "\n",
        capture_output=True,
        text=True,
    )
    return run.returncode, run.stderr


def test_the_site_of_another_environment_is_refused_in_one_line(site):
    deploy_as(site, "1", "production")
    deploy_as(site, "2", "staging")
    told = (
        "garden is the production site here, and this is staging: give staging a PROJECT_NAME of"
        " its own\n"
    )
    assert asked(site, "staging") == (1, told)
    for who in ("production", ""):  # a deploy asks before it changes that, and cron is nobody
        assert asked(site, who) == (0, "")


def test_who_says_no_environment_need_not_read_what_is_kept(site, monkeypatch):
    monkeypatch.delattr(deployed, "kept")
    deployed.check_environment(site, "")


def test_a_site_of_which_nobody_knows_the_environment_is_everybodys(site):
    deployed.check_environment(site, "staging")
    site.current.unlink()
    deployed.check_environment(site, "staging")


def test_a_release_of_another_environment_is_not_gone_back_to(site, monkeypatch):
    monkeypatch.setattr(checks, "problem_of", lambda *_: "")
    assert checks.live(site, "2")["problem"] == ""
    deploy_as(site, "1", "production")
    assert checks.live(site, "2")["problem"] == ""  # it is of before that was known
    deploy_as(site, "2", "staging")
    assert "2 is a release of staging" in checks.live(site, "2")["problem"]
    assert checks.live(site)["hostname"] == OLD


# What it is called


def test_a_site_is_renamed_and_the_old_name_is_an_alias(site, row):
    assert naming.look(site, "app", NEW) == {"from": OLD, "refused": ""}
    found = looked(site)
    assert (found.domain, found.wanted, found.is_due) == (OLD, NEW, True)
    found.rename()
    assert names() == (NEW, NEW, [OLD])
    site.current.unlink()
    site.current.symlink_to("releases/2")
    assert naming.look(site, "app", NEW) == {}


@pytest.mark.parametrize("aliases", [[], [NEW], ["zwei.example", NEW]])
def test_a_rename_is_undone_as_if_it_had_not_been(site, row, aliases):
    for host in aliases:
        SiteAlias.objects.create(site=row, host=host)
    before = names()
    found = looked(site)
    found.rename()
    found.back()
    assert names() == before
    assert not found.mark.exists()


def test_there_and_back_the_names_change_places(site, row):
    for release, wanted in (("2", NEW), ("1", OLD), ("2", NEW)):
        looked(site, release).rename()
        assert names() == (wanted, wanted, [({OLD, NEW} - {wanted}).pop()])


def test_a_title_of_its_own_stays(site, row):
    Row.objects.update(name="The garden")
    looked(site).rename()
    assert names() == (NEW, "The garden", [OLD])


@pytest.mark.parametrize("theirs", [NEW, "new.example", "www.other.example"])
def test_a_name_of_another_site_is_refused(site, row, theirs):
    other = Row.objects.create(domain=theirs, name="other")
    SiteAlias.objects.create(
        site=other, host=NEW if theirs.endswith("other.example") else "x.example"
    )
    assert naming.look(site, "app", NEW)["refused"] == f"is a name of the site {theirs}"
    with pytest.raises(Failed, match=f"LIVE_HOSTNAME {NEW} is a name of the site {theirs}"):
        looked(site)
    assert names() == (OLD, OLD, [])


def test_a_name_that_the_database_has_no_room_for_is_refused(site, row):
    wanted = "x" * 60 + "." + "x" * 60 + ".example"
    assert "longer than 100" in naming.look(site, "app", wanted)["refused"]


def test_who_does_not_mean_to_rename_leaves_the_name(site, row):
    assert not looked(site, may_rename=False).is_due
    (site.state / "fabric/2.json").unlink()  # a release of before
    assert not looked(site).is_due


@pytest.mark.parametrize(("live", "wanted"), [("1", OLD), ("2", NEW)])
@pytest.mark.parametrize("renamed", [False, True])
def test_a_rename_that_was_killed_ends_with_the_name_of_what_is_live(
    site, row, live, wanted, renamed
):
    found = looked(site)
    found.rename()
    if not renamed:
        found.back()
        found.mark.write_text(json.dumps({"from": OLD, "to": NEW}))
    site.current.unlink()
    site.current.symlink_to(f"releases/{live}")
    naming.Naming(site, "1", "app", may_rename=False).settle()
    assert names() == (wanted, wanted, [({OLD, NEW} - {wanted}).pop()])
    assert not found.mark.exists()


def test_where_django_cannot_be_asked_the_name_is_what_it_was_deployed_with(
    site, row, monkeypatch, tmp_path
):
    def refuse(*_):
        raise Refused("no Python")

    monkeypatch.setattr(naming, "ask", refuse)
    monkeypatch.setattr(naming.record, "NGINX", tmp_path)
    assert naming.look(site, "app", NEW)["from"] == OLD
    (site.state / "fabric/1.json").unlink()
    assert naming.look(site, "app", NEW) == {}
    (tmp_path / "garden.conf").write_text(f"server_name {OLD} old.example;")
    assert naming.look(site, "app", NEW)["from"] == OLD
