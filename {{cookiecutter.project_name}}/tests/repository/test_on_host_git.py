"""A release of git is its commit, as it is: on the server and on this machine."""

import hashlib
import os
import shutil
from io import BytesIO

import pytest
from repositories import archived, commit, run, unpacked

from deploy.on_host import repository
from deploy.on_host.git import Archive, Git
from deploy.on_host.site import Refused

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


def test_nothing_but_the_commit_decides_what_a_file_holds(make, nobodys_settings):
    attributes = "a export-ignore\nb export-subst\nc ident\nd text eol=crlf\ne filter=upper\n"
    files = {".gitattributes": attributes, "a": "a", "b": "$Format:%H$", "c": "$Id$", "d": "d\n"}
    directory = make("repo", files | {"e": "e", "x/né\n": "x"})
    (directory / ".git/info/attributes").write_text("* text eol=crlf\nx export-ignore")
    settings = '[core]\nautocrlf = true\n[filter "upper"]\nsmudge = tr a-z A-Z\n'
    with (nobodys_settings / ".gitconfig").open("a") as file:
        file.write(settings)
    assert archived(directory) == {".gitattributes": attributes, **files, "e": "e", "x/né\n": "x"}


def test_modes_and_links_are_those_of_the_commit(make, site):
    directory = make("repo", {"run": "x", "read": "x"})
    (directory / "run").chmod(0o755)
    (directory / "link").symlink_to("read")
    commit(directory)
    target = unpacked(site, directory)
    assert os.readlink(target / "link") == "read"
    assert os.access(target / "run", os.X_OK)
    assert not (target / "read").stat().st_mode & 0o111


def test_a_sparse_checkout_a_replacement_and_a_hooks_environment_change_nothing(make, monkeypatch):
    directory = make("repo", {"a/1": "1", "b/2": "2"})
    first = Git(directory).current()
    run(directory, "git", "sparse-checkout", "set", "a")
    second = commit(directory, {"a/1": "3"})
    run(directory, "git", "replace", second, first)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere")
    assert archived(directory) == {"a/1": "3", "b/2": "2"}


def test_a_project_in_a_directory_of_its_repository_is_released_without_the_rest(make):
    directory = make("repo", {"shop/manage.py": "1", "other": "2"})
    assert archived(directory / "shop") == {"manage.py": "1"}


def test_submodules_come_with_their_submodules(make, site):
    make("inner", {"x": "inner"})
    middle = make("middle", {"y": "middle"})
    run(middle, "git", "submodule", "--quiet", "add", "../inner", "vendor/inner")
    commit(middle)
    outer = make("outer", {"z": "outer"})
    run(outer, "git", "submodule", "--quiet", "add", str(middle), "sub")
    commit(outer)
    with pytest.raises(Refused) as refused:
        archived(outer)  # which has checked out the first, and not that within
    assert "sub/vendor/inner: a submodule, and its commit" in str(refused.value)
    run(outer, "git", "submodule", "update", "--quiet", "--init", "--recursive")
    commit(middle, {"y": "newer"})  # recorded is the one before
    release = archived(outer)
    assert (release["sub/y"], release["sub/vendor/inner/x"]) == ("middle", "inner")
    target = unpacked(site, outer)
    assert (target / "sub/y").read_text() == "middle"
    assert (target / "sub/vendor/inner/x").read_text() == "inner"


def test_a_submodule_that_cannot_be_had_is_refused_with_its_path(make, site):
    outer = make("outer", {"z": "outer"})
    make("outer/embedded", {"x": "1"})
    commit(outer)
    with pytest.raises(Refused, match="embedded: a submodule, and .gitmodules has no URL for it"):
        unpacked(site, outer)
    (outer / ".gitmodules").write_text('[submodule "e"]\npath = embedded\nurl = ../gone\n')
    commit(outer)
    with pytest.raises(Refused, match="embedded: fatal: '.*/gone' does not appear to be a git"):
        unpacked(site, outer)


@pytest.mark.parametrize(
    ("base", "url", "found"),
    [
        ("https://example.com/me/site.git", "../lib.git", "https://example.com/me/lib.git"),
        ("git@example.com:me/site.git", "../../you/lib", "git@example.com:you/lib"),
        ("git@example.com:site.git", "../lib", "git@example.com:lib"),
        ("ssh://example.com/site/", "./lib", "ssh://example.com/site/lib"),
        ("https://example.com/site", "git@other:lib", "git@other:lib"),
    ],
)
def test_the_address_of_a_submodule_may_be_relative_as_for_git(base, url, found):
    assert repository.absolute(url, base) == found


def test_a_pointer_of_git_lfs_is_never_released_as_the_file(make):
    content = b"\x89PNG" * 1000
    oid = hashlib.sha256(content).hexdigest()
    files = {"img/hero.png": POINTER.format(oid, len(content)), "img/other.png": "png", "z": "z"}
    directory = make("repo", files)
    with pytest.raises(Refused, match="(?s)nothing was built.*img/hero.png: Git LFS: "):
        archived(directory)
    large = directory / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid
    large.parent.mkdir(parents=True, exist_ok=True)
    large.write_bytes(content[:-1])
    with pytest.raises(Refused, match="img/hero.png: .* is damaged"):
        archived(directory)
    large.write_bytes(content)
    buffer = BytesIO()
    Archive(buffer, None).add(Git(directory), "HEAD")
    assert content in buffer.getvalue()


@pytest.mark.skipif(not shutil.which("git-lfs"), reason="git-lfs is not installed")
def test_the_server_fetches_what_git_lfs_has(make, site):
    directory = make("repo", {".gitattributes": "*.png filter=lfs diff=lfs merge=lfs"})
    run(directory, "git", "lfs", "install")
    commit(directory, {"hero.png": b"\x89PNG" * 1000})
    assert Git(directory)("show", "HEAD:hero.png").startswith(b"version https://git-lfs")
    assert (unpacked(site, f"file://{directory}") / "hero.png").read_bytes() == b"\x89PNG" * 1000


def test_what_is_encrypted_or_elsewhere_is_refused_with_its_path(make):
    attributes = "*.key filter=crypt\n"
    directory = make(
        "repo",
        {
            ".gitattributes": attributes,
            "a.json": b"\0GITCRYPT\0" + b"\x01" * 50,
            "b.key": "U2FsdGVkX1" + "A" * 40,
        },
    )
    (directory / "film.mp4").symlink_to(".git/annex/objects/x/y/z")
    commit(directory)
    with pytest.raises(Refused) as refused:
        archived(directory)
    assert str(refused.value).splitlines()[1:] == [
        "a.json, b.key: it is encrypted",
        "film.mp4: its content is in git-annex",
    ]
