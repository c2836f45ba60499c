"""What root does in directories of the site's user, who may put symbolic links there."""

import os
import stat
import subprocess
from types import SimpleNamespace

import pytest

from deploy.on_host import configuration, files, restore, rights
from deploy.on_host.site import Site

ELSEWHERE = "of somebody else\n"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site with a release and uploads, where files belong to whoever runs the tests."""
    site = Site("garden", tmp_path / "garden")
    for directory in ("state/configuration", "shared/media/uploads", "releases/1/project/app"):
        (site.root / directory).mkdir(parents=True)
    monkeypatch.setattr(files.os, "fchown", lambda *_: None)
    monkeypatch.setattr(rights.grp, "getgrnam", lambda name: SimpleNamespace(gr_gid=os.getgid()))
    return site


@pytest.fixture
def elsewhere(tmp_path):
    """A directory that is not the site's, with a file."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "settings.py").write_text(ELSEWHERE)
    return folder


def untouched(folder):
    return [path.name for path in folder.iterdir()] == ["settings.py"] and (
        folder / "settings.py"
    ).read_text() == ELSEWHERE


def settings(site):
    path = str(site.release("1") / "project/app/settings.py")
    return {"path": path, "content": "ours", "owner": "root:root", "mode": 0o640, "reload": ""}


@pytest.mark.parametrize("place", ["releases/1", "releases/1/project", "releases/1/project/app"])
def test_the_settings_of_a_release_are_not_written_through_a_link(
    site, elsewhere, monkeypatch, place
):
    monkeypatch.setattr(configuration, "rendered", lambda site, files, *_: files)
    monkeypatch.setattr(Site, "secrets", {})
    inner = "project/app".removeprefix(place.removeprefix("releases/1").lstrip("/")).lstrip("/")
    if inner:
        (elsewhere / inner).mkdir(parents=True)
    (site.root / place).rename(site.root / "before")
    (site.root / place).symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic link"):
        configuration.stage(site, [settings(site)], {}, "1", {})
    assert not list(elsewhere.rglob("settings.py"))[1:]
    assert (elsewhere / "settings.py").read_text() == ELSEWHERE


def test_a_link_in_the_place_of_the_settings_is_replaced_and_not_shown(site, elsewhere):
    path = site.release("1") / "project/app/settings.py"
    path.symlink_to(elsewhere / "settings.py")
    path.with_name(".settings.py.new").symlink_to(elsewhere / "settings.py")
    assert files.read(path, site.root) is None
    files.write(path, "ours", beneath=site.root)
    assert path.read_text() == "ours"
    assert not path.is_symlink()
    assert untouched(elsewhere)


@pytest.mark.parametrize("target", ["settings.py", "nologin"])
def test_a_flag_is_not_made_where_a_link_leads(tmp_path, elsewhere, target):
    flag = tmp_path / "use-standby"
    flag.symlink_to(elsewhere / target)
    before = (elsewhere / "settings.py").stat().st_mtime_ns
    files.make_flag(flag)
    assert flag.is_file()
    assert not flag.is_symlink()
    assert untouched(elsewhere)
    assert (elsewhere / "settings.py").stat().st_mtime_ns == before


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_nginx_may_read_what_is_uploaded_and_no_link_is_followed(site, elsewhere):
    elsewhere.chmod(0o700)
    media = site.shared / "media"
    (media / "uploads").chmod(0o700)
    (media / "link").symlink_to(elsewhere)
    rights.open_to("www-data", media)
    assert mode(media / "uploads") == 0o2750
    assert mode(elsewhere) == 0o700


def test_a_log_is_for_administrators_alone(tmp_path, elsewhere, monkeypatch):
    owner = SimpleNamespace(pw_uid=os.getuid())
    monkeypatch.setattr(rights.pwd, "getpwnam", lambda name: owner)
    monkeypatch.setattr(rights.grp, "getgrnam", lambda name: SimpleNamespace(gr_gid=os.getgid()))
    monkeypatch.setattr(rights, "OWNERS", {str(tmp_path): "www-data"})
    new, old = tmp_path / "new.log", tmp_path / "old.log"
    old.write_text("a line\n")
    old.chmod(0o644)
    for path in (new, old):
        rights.close_log(path)
        assert mode(path) == 0o640
    assert old.read_text() == "a line\n"
    rights.close_log(tmp_path / "nothing is installed/x.log")
    (tmp_path / "link.log").symlink_to(elsewhere / "settings.py")
    before = mode(elsewhere / "settings.py")
    rights.close_log(tmp_path / "link.log")
    assert mode(elsewhere / "settings.py") == before


def test_a_backup_is_unpacked_where_nobody_can_put_a_link_meanwhile(site, tmp_path, monkeypatch):
    archive = tmp_path / "media.tar.gz"
    subprocess.run(["tar", "-C", site.shared, "-czf", archive, "media"], check=True)
    run, seen = subprocess.run, []

    def watched(*words, **options):
        seen.append((mode(site.shared / "media-restoring"), chowned[:]))
        return run(*words, **options)

    chowned = []
    monkeypatch.setattr(restore.shutil, "chown", lambda *words: chowned.append(words))
    monkeypatch.setattr(restore.subprocess, "run", watched)
    restore.put_beside(site, tmp_path / "no folder", archive, "media")
    assert seen == [(0o700, [])]
    assert chowned == [(site.shared / "media-restoring", "garden", "www-data")]
    assert mode(site.shared / "media-restoring") == 0o2750
    assert mode(site.shared / "media-restoring/uploads") & stat.S_ISGID
