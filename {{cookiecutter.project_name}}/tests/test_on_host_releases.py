"""The releases on the server, whose order is a record: the clock of a server may be wrong."""

import os
import shutil
import stat
import time

import pytest

from deploy.on_host import files, releases, static, virtualenv
from deploy.on_host.site import Refused, Site

CHANGED = time.gmtime(0)  # a clock that was set back


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site on which nothing is live yet, on a disk with room, as whoever runs the tests."""
    monkeypatch.setattr(files.os, "fchown", lambda *_: None)
    monkeypatch.setattr(releases, "CODE", 0)
    monkeypatch.setattr(releases, "INODES", 0)
    site = Site("garden", tmp_path / "garden")
    for name in ("state/configuration", "shared/static", "shared/private", "releases", "venvs"):
        (site.root / name).mkdir(parents=True)
    return site


def make(site, name, venv="v"):
    """Make a release that has not been live yet."""
    (site.release(name) / "project/static").mkdir(parents=True)
    (site.root / "venvs" / venv).mkdir(exist_ok=True)
    (site.release(name) / "venv").symlink_to(f"../../venvs/{venv}")
    (site.state / f"configuration/{name}.json").write_text("[]")


def go_live(site, name):
    if not site.release(name).exists():
        make(site, name)
    before = site.live
    files.link(site.current, f"releases/{name}")
    releases.note(site, name, before)


def there(site):
    return sorted(path.name for path in site.releases.iterdir())


def test_the_release_before_is_the_one_that_was_live_before_whatever_the_names_say(site):
    for name in ("2026", "2025", "2024"):  # the clock goes back
        go_live(site, name)
    shown = releases.show(site)
    assert (shown["live"], shown["before"]) == ("2024", "2025")
    assert shown["proven"] == ["2026", "2025", "2024"]


def test_each_rollback_goes_one_further_back_and_a_deploy_begins_from_there(site):
    for name in ("a", "b", "c"):
        go_live(site, name)
    go_live(site, "b")
    assert releases.show(site)["before"] == "a"
    go_live(site, "d")
    assert releases.show(site)["before"] == "b"  # not c, which was gone back from
    go_live(site, "b")
    go_live(site, "b")  # as fab restart does
    assert releases.show(site)["before"] == "a"
    go_live(site, "a")
    assert releases.show(site)["before"] == ""


def test_what_was_just_made_is_never_pruned_though_the_clock_was_set_back(site):
    for number in range(8):
        go_live(site, f"2026-{number}")
    go_live(site, "1970-new")
    releases.prune(site)
    assert there(site) == ["1970-new", "2026-4", "2026-5", "2026-6", "2026-7"]
    assert releases.show(site)["before"] == "2026-7"


def test_pruning_takes_what_only_old_releases_had(site):
    for number in range(7):
        make(site, f"{number}", venv=f"of-{number}")
        go_live(site, f"{number}")
    (site.root / "backups/x").mkdir(parents=True)
    (site.root / "backups/x/release").write_text("1\n")
    releases.prune(site)
    kept = ["1", "2", "3", "4", "5", "6"]
    assert there(site) == kept
    assert sorted(p.stem for p in (site.state / "configuration").iterdir()) == kept
    assert sorted(p.name for p in (site.root / "venvs").iterdir()) == [f"of-{n}" for n in kept]


def test_before_there_was_a_record_each_release_said_itself_whether_it_was_live(site):
    for name in ("2024", "2025", "2026"):
        make(site, name)
        (site.release(name) / "PROVEN").touch()
    files.link(site.current, "releases/2026")
    assert releases.show(site)["proven"] == ["2024", "2025", "2026"]
    go_live(site, "2023")
    assert releases.show(site)["before"] == "2026"


def test_a_release_whose_switch_was_cut_before_it_was_recorded_can_be_gone_back_to(site):
    go_live(site, "a")
    make(site, "b")
    files.link(site.current, "releases/b")
    releases.begin(site, "0" * 40)
    assert "b" in there(site)
    go_live(site, "c")
    assert releases.show(site)["before"] == "b"
    releases.begin(site, "0" * 40)
    assert there(site) == ["a", "b", "c"]


def test_a_deploy_removes_what_failed_before_and_never_what_serves(site):
    go_live(site, "live")
    for name in ("failed", "of-the-standby"):
        make(site, name)
    site.next.symlink_to("releases/of-the-standby")
    (site.releases / ".plan.x").mkdir()
    releases.begin(site, "0" * 40)
    assert there(site) == ["live", "of-the-standby"]


def test_no_two_releases_have_one_name(site, monkeypatch):
    monkeypatch.setattr(releases.time, "gmtime", lambda: CHANGED)
    first = releases.begin(site, "abcdef0123")["name"]
    assert first == "19700101T000000Z-abcdef01"
    go_live(site, first)
    assert releases.begin(site, "abcdef0123")["name"] == f"{first}-2"


def test_a_release_that_another_host_has_can_come_again_to_one_that_has_removed_it(site):
    go_live(site, "of-all")
    go_live(site, "live")
    with pytest.raises(Refused, match="there is a release of-all already"):
        releases.begin(site, "0" * 40, "of-all")
    shutil.rmtree(site.release("of-all"))
    assert releases.begin(site, "0" * 40, "of-all")["name"] == "of-all"


def test_room_is_looked_for_before_anything_is_made(site, monkeypatch):
    monkeypatch.setattr(releases, "CODE", 10**18)
    with pytest.raises(Refused, match="disk full: 1000000000000 MB are needed, [0-9]+ MB are free"):
        releases.begin(site, "0" * 40)
    monkeypatch.setattr(releases, "CODE", 0)
    (site.root / "backups/x").mkdir(parents=True)
    (site.root / "backups/x/database").write_bytes(b"x" * 1000)
    assert releases.begin(site, "0" * 40)["room"] == 2000
    monkeypatch.setattr(releases, "INODES", 10**18)
    with pytest.raises(Refused, match="inodes are needed"):
        releases.check_room(site, 0, 10**18)


def test_the_newest_releases_static_files_are_served_whatever_the_clock_says(site):
    for name in ("2026", "2025"):
        make(site, name)
        (site.release(name) / "project/static/one.css").write_text(name)
        (site.release(name) / f"project/static/{name}.css").write_text(name)
        static.share(site)
        assert (site.shared / "static/one.css").stat().st_nlink == 2
        go_live(site, name)
    shared = site.shared / "static"
    (shared / "one.css").unlink()
    static.share(site)
    assert (shared / "one.css").read_text() == "2025"
    releases.remove(site.release("2026"))
    static.share(site)
    assert sorted(path.name for path in shared.iterdir()) == ["2025.css", "one.css"]


def test_packages_are_installed_once_for_each_content_of_the_requirements(site, monkeypatch):
    ran = []

    def run(venvs, *words):
        ran.append(words[1])
        if words[1] == "venv":
            words[-1].mkdir()

    monkeypatch.setattr(virtualenv, "run", run)
    monkeypatch.setattr(virtualenv, "is_sound", lambda venv: venv.is_dir())
    monkeypatch.setattr(virtualenv, "PACKAGES", 0)
    digests = []
    for name, locked in (("a", "django==1"), ("b", "django==1"), ("c", "django==2")):
        (site.release(name) / "project").mkdir(parents=True)
        (site.release(name) / "project/r.txt").write_text(locked)
        digests.append(virtualenv.make(site, name, "r.txt", 0)["digest"])
        assert stat.S_ISDIR(os.stat(site.release(name) / "venv").st_mode)
    assert digests[0] == digests[1] != digests[2]
    assert ran == ["venv", "pip", "-I"] * 2
    with pytest.raises(Refused, match="the commit has no s.txt; see REQUIREMENTS_PATH in FABRIC"):
        virtualenv.make(site, "a", "s.txt", 0)


def test_what_visitors_sent_to_an_old_release_is_kept_before_that_is_removed(site):
    for number in range(releases.KEPT + 3):
        go_live(site, str(number))
    sent = site.release("0") / "project/forms/1a/cv.pdf"
    sent.parent.mkdir(parents=True)
    sent.write_text("cv")
    releases.prune(site)
    assert sent.exists()  # not copied yet, as on a disk that was full
    (site.shared / "private/forms").touch()
    with pytest.raises(OSError):  # noqa: PT011
        releases.keep_forms(site)
    (site.shared / "private/forms").unlink()
    releases.keep_forms(site)
    releases.prune(site)
    assert (site.shared / "private/forms/1a/cv.pdf").read_text() == "cv"
    assert not sent.exists()
