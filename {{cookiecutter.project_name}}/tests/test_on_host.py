"""The program that runs on a server, where it needs none."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.on_host import (
    configuration,
    files,
    postgres,
    record,
    server_name,
    static,
    things,
)
from deploy.on_host.ports import Holder
from deploy.on_host.site import Refused, Site


@pytest.fixture
def site(tmp_path):
    """A site with one release, which is live."""
    site = Site("garden", tmp_path / "garden")
    for directory in ("state/configuration", "shared/static", "releases/1"):
        (site.root / directory).mkdir(parents=True)
    (site.root / "current").symlink_to("releases/1")
    return site


@pytest.fixture
def write(monkeypatch):
    """Let files belong to whoever runs the tests, not to root."""
    monkeypatch.setattr(files.os, "fchown", lambda *_: None)


@pytest.fixture
def server(monkeypatch, tmp_path, write):
    """A server with nothing on it: a set of [kind, name], as tuples, that a test may add to."""
    there = set()
    for module in (record, configuration):
        monkeypatch.setattr(module, "NGINX", tmp_path / "sites-enabled")
        monkeypatch.setattr(module, "RECORDS", tmp_path)
    monkeypatch.setattr(record, "holder", lambda port, besides: None)
    monkeypatch.setattr(things, "exists", lambda *thing: thing in there)
    monkeypatch.setattr(
        things, "remove_all", lambda found, of_cron: there.difference_update(map(tuple, found))
    )
    return there


def claim(site):
    return record.claim(site, ["/etc/cron.d/garden"], 8000, "www.garden.example")


def test_the_live_release_is_the_one_that_current_leads_to(site):
    assert site.live == "1"
    site.current.unlink()
    assert site.live == ""


# What is ours


def test_what_is_free_is_claimed_once(site, server):
    assert ["role", "garden"] in claim(site)["new"]
    server.add(("role", "garden"))  # which the project has made since
    assert claim(site) == {"new": []}
    record.require(site, "role", "garden")


@pytest.mark.parametrize("kind", list(things.KINDS))
def test_what_somebody_else_has_is_named_and_nothing_is_recorded(site, server, kind):
    taken = next(thing for thing in things.needed(site, ["/etc/cron.d/garden"]) if thing[0] == kind)
    server.add(tuple(taken))
    with pytest.raises(Refused) as refused:
        claim(site)
    first, *rest = str(refused.value).splitlines()
    assert first == f"{things.described(*taken)} is there already, and is not ours"
    assert rest == ["Nothing was changed; choose another in FABRIC"]
    with pytest.raises(Refused):
        record.require(site, *taken)


def test_what_is_new_in_a_later_version_is_claimed_by_itself(site, server):
    claim(site)
    server.add(("file", "/etc/fail2ban/jail.d/garden.conf"))
    with pytest.raises(Refused, match="/etc/fail2ban/jail.d/garden.conf is there already"):
        record.claim(
            site,
            ["/etc/cron.d/garden", "/etc/fail2ban/jail.d/garden.conf"],
            8000,
            "www.garden.example",
        )


@pytest.mark.parametrize("home", ["", "/srv", "/home/alice"])
def test_one_name_is_in_one_place_whoever_comes(site, server, tmp_path, home):
    assert record.where("garden", home) == f"{home or '/srv'}/garden"
    claim(site)
    assert record.where("garden", home) == str(site.root)
    with pytest.raises(Refused, match=f"has just made garden in {site.root} here; type it again"):
        claim(Site("garden", tmp_path / "elsewhere/garden"))


@pytest.mark.parametrize(("owner", "is_ours"), [(0, True), (1000, False)])
def test_a_site_of_before_there_were_records_is_found_where_it_is(
    site, server, monkeypatch, owner, is_ours
):
    real = Path.stat

    def stat(path, **options):
        of_state = path == site.state / "configuration"
        return SimpleNamespace(st_uid=owner) if of_state else real(path, **options)

    user = SimpleNamespace(pw_dir=str(site.root))
    monkeypatch.setattr(record.pwd, "getpwnam", lambda name: user)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", stat)
        found = record.where("garden", "/home/alice")
    assert found == (str(site.root) if is_ours else "/home/alice/garden")


def test_a_host_name_of_another_site_is_a_conflict(site, server):
    record.NGINX.mkdir()
    (record.NGINX / "shop.conf").write_text("server {\n server_name a.example www.garden.example;}")
    with pytest.raises(Refused, match="LIVE_HOSTNAME www.garden.example is taken by shop"):
        claim(site)


def test_an_alias_of_another_project_is_a_conflict(site, server, tmp_path):
    (tmp_path / "shop/state/nginx").mkdir(parents=True)
    (tmp_path / "shop.json").write_text(json.dumps({"root": str(tmp_path / "shop")}))
    names = tmp_path / "shop/state/nginx/server_names.conf"
    names.write_text("server_name www.shop.example www.garden.example;\n")
    with pytest.raises(Refused, match="LIVE_HOSTNAME www.garden.example is taken by shop"):
        claim(site)
    names.write_text("server_name www.shop.example;\n")
    claim(site)


def test_a_port_at_which_nginx_itself_listens_for_the_project_is_no_conflict(
    site, server, monkeypatch
):
    nginx = Holder("nginx", "/usr/sbin/nginx", "root")
    at = ["127.0.0.2", "127.0.0.3"]
    monkeypatch.setattr(record, "holder", lambda port, besides: None if besides == at else nginx)
    line = "GUNICORN_PORT 8000 is taken by nginx (user root)"
    assert record.conflicts_of_use(site, 8000, "www.garden.example") == [line]
    template = (Path(__file__).parents[1] / "deploy/nginx.conf.template").read_text("utf-8")
    record.NGINX.mkdir()
    (record.NGINX / "garden.conf").write_text(template.replace("%(gunicorn_port)s", "8000"))
    assert record.conflicts_of_use(site, 8000, "www.garden.example") == []
    assert record.conflicts_of_use(site, 8001, "www.garden.example") != []


LONG = f"{'a' * 63}.garden.example"


@pytest.mark.parametrize("words", ["b.example {}", '"{}" b.example', "b.example\n  '{}'"])
def test_a_long_host_name_of_another_site_is_a_conflict(site, server, words):
    record.NGINX.mkdir()
    for each in (words.format(LONG), server_name.written(LONG)):
        (record.NGINX / "shop.conf").write_text("server { server_name " + each + "; }")
        (line,) = record.conflicts_of_use(site, 8000, LONG)
        assert line == f"LIVE_HOSTNAME {LONG} is taken by shop"


def test_a_name_that_fits_into_nginx_s_table_is_written_as_it_is():
    assert server_name.written("a" * 46) == "a" * 46
    assert server_name.written(LONG) == f'"~^{"a" * 63}\\.garden\\.example$"'


def test_a_port_of_another_site_is_a_conflict_also_while_that_is_down(site, server):
    record.NGINX.mkdir()
    (record.NGINX / "shop.conf").write_text("upstream shop { server 127.0.0.1:8000 backup; }")
    with pytest.raises(Refused, match="GUNICORN_PORT 8000 is taken by shop"):
        claim(site)
    (record.NGINX / "shop.conf").write_text("upstream shop { server 127.0.0.1:80001; }")
    claim(site)


@pytest.mark.parametrize(
    ("path", "text", "ours"),
    [
        ("sites-enabled/app", "server { listen 80; server_name _; }", False),
        ("conf.d/app.conf", "server { listen 443 ssl; }", False),
        ("sites-enabled/garden", "server { listen 80 default_server; }", False),
        ("sites-enabled/app", "# server { listen 80 default_server; }", True),
        ("sites-enabled/shop.conf", "server { listen 80 default_server; }", False),
        ("sites-enabled/shop.conf", "server { listen 80; }", True),  # another project's
    ],
)
def test_hosts_of_no_site_are_ours_only_where_they_are_nobodys(server, path, text, ours):
    (record.RECORDS / "shop.json").write_text("{}")
    for folder in ("sites-enabled", "conf.d"):
        (record.NGINX.parent / folder).mkdir()
    (record.NGINX.parent / path).write_text(text)
    assert bool(configuration.default_server("garden")) is ours


def test_only_what_is_recorded_is_removed(site, server):
    claim(site)
    server.update({("role", "garden"), ("user", "garden"), ("user", "gardener")})
    record.remove(site)
    assert server == {("user", "gardener")}
    with pytest.raises(Refused, match="There is no record of garden"):
        record.remove(site)


def test_a_directory_that_only_looks_like_a_site_is_not_adopted(site, server):
    assert record.adopted(site, []) is None  # it has no user whose home it is
    with pytest.raises(Refused, match="There is no record of garden; type fab all"):
        record.adopt(site, [])


# Files


def test_a_file_is_replaced_as_a_whole_with_its_mode(tmp_path, write):
    path = tmp_path / "file"
    files.write(path, "one", mode=0o600)
    os.link(path, tmp_path / "before")
    files.write(path, "two", mode=0o640)
    assert (tmp_path / "before").read_text() == "one"
    assert path.read_text() == "two"
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["before", "file"]


def test_a_file_that_no_deploy_has_written_counts_as_edited(site, tmp_path, write):
    path = tmp_path / "cron"
    file = {"path": str(path), "content": "ours\n", "owner": "root:root", "mode": 0o644}
    (found,) = configuration.differences(site, [file], {})
    assert not found["edited"]
    path.write_text("theirs\n")
    (found,) = configuration.differences(site, [file], {})
    assert "+theirs" in found["edited"]


def test_secrets_are_not_shown_in_differences():
    shown = configuration.masked_diff("f", "a", "KEY = 'hush'\n'PASSWORD': 'x'\n", {"k": "hush"})
    assert "hush" not in shown
    assert "'x'" not in shown


def test_the_static_files_of_all_releases_are_in_one_directory(site):
    for release, content in (("1", "old"), ("2", "new")):
        folder = site.release(release) / "project/static/css"
        folder.mkdir(parents=True)
        (folder / "both.css").write_text(content)
        (folder / f"{release}.css").write_text(content)
    static.share(site)
    shared = site.shared / "static/css"
    assert {p.name: p.read_text() for p in shared.iterdir()} == {
        "1.css": "old",
        "2.css": "new",
        "both.css": "new",
    }


# The database


def test_a_password_is_known_by_its_verifier_alone(monkeypatch):
    kept = postgres.verifier("a password")
    monkeypatch.setattr(postgres, "psql", lambda sql: [kept])
    assert postgres.has_password("garden", "a password")
    assert not postgres.has_password("garden", "another")
    monkeypatch.setattr(postgres, "psql", lambda sql: [])
    assert not postgres.has_password("garden", "a password")
