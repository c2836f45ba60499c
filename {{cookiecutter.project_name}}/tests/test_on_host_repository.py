"""What a release is made of: the commit, as it is; on the server and on this machine."""

import hashlib
import os
import shutil
import subprocess
import tarfile
from io import BytesIO

import pytest

from deploy import repository as local
from deploy.on_host import git as git_module
from deploy.on_host import hg as hg_module
from deploy.on_host import repository
from deploy.on_host.git import Archive, Git
from deploy.on_host.hg import Mercurial
from deploy.on_host.site import Refused, Site

SOMEBODY = {
    f"GIT_{who}_{what}": "me@localhost"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


@pytest.fixture(autouse=True)
def nobodys_settings(tmp_path, monkeypatch):
    """A home of its own for git and hg; submodules may come from this disk."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text('[protocol]\nfile = \n[protocol "file"]\nallow = always\n')
    (home / ".hgrc").write_text("[ui]\nusername = me\n")
    monkeypatch.setenv("HOME", str(home))
    return home


def run(directory, *words):
    environment = os.environ | SOMEBODY
    subprocess.run(words, cwd=directory, env=environment, check=True, capture_output=True)


def commit(directory, files=(), message="Change"):
    for name, content in dict(files).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    run(directory, "git", "add", "--all")
    run(directory, "git", "commit", "--quiet", "--allow-empty", "--message", message)
    return Git(directory).current()


@pytest.fixture
def make(tmp_path):
    """A function that makes a git repository with one commit of those files; returns its Path."""

    def make(name, files, branch="main"):
        run(tmp_path, "git", "init", "--quiet", f"--initial-branch={branch}", name)
        commit(tmp_path / name, files)
        return tmp_path / name

    return make


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site").mkdir()
    return Site("garden", tmp_path / "site")


@pytest.fixture
def here(monkeypatch):
    """A function that lets the project be in a directory."""
    return lambda directory: monkeypatch.setattr(local, "PROJECT_ROOT", directory)


def archived(directory, revision="HEAD"):
    """Return what a release of a local commit holds, a dict of name and content."""
    buffer = BytesIO()
    archive = Archive(buffer, local.submodule)
    archive.add(Git(directory), revision)
    archive.close()
    buffer.seek(0)
    with tarfile.open(fileobj=buffer) as tar:
        return {
            info.name: info.linkname or tar.extractfile(info).read().decode()
            for info in tar.getmembers()
        }


def unpacked(site, url):
    """Return what the server fetches, unpacked: a directory."""
    target = site.root / "release"
    shutil.rmtree(target, ignore_errors=True)
    revision = repository.fetch(site, str(url))["revision"]
    repository.unpack(site, str(url), revision, str(target))
    return target


# A release is its commit


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


# The repository as it is today


def test_the_default_branch_is_asked_each_time(make, site):
    directory = make("repo", {"a": "1"}, branch="master")
    assert repository.fetch(site, str(directory))["branch"] == "master"
    run(directory, "git", "switch", "--quiet", "--create", "main")
    newest = commit(directory, {"a": "2"})
    assert repository.fetch(site, str(directory)) == {"revision": newest, "branch": "main"}
    run(directory, "git", "branch", "--delete", "--force", "master")
    run(directory, "git", "checkout", "--quiet", "--detach")
    newest = commit(directory, {"a": "3"})
    assert repository.fetch(site, str(directory)) == {"revision": newest, "branch": ""}
    run(directory, "git", "switch", "--quiet", "main")
    run(directory, "git", "symbolic-ref", "HEAD", "refs/heads/gone")
    assert repository.fetch(site, str(directory))["branch"] == "main"
    run(directory, "git", "branch", "other", "main")
    with pytest.raises(Refused, match="has the branches main, other, and its HEAD names none"):
        repository.fetch(site, str(directory))


def test_a_history_that_was_rewritten_and_another_repository_are_followed(make, site):
    directory = make("repo", {"a": "1"})
    commit(directory, {"a": "2"})
    assert (unpacked(site, directory) / "a").read_text() == "2"
    run(directory, "git", "reset", "--quiet", "--hard", "HEAD~1")
    commit(directory, {"a": "3"})
    assert (unpacked(site, directory) / "a").read_text() == "3"
    assert (unpacked(site, make("another", {"a": "4"})) / "a").read_text() == "4"
    run(directory, "git", "branch", "--move", "main", "trunk")
    assert repository.fetch(site, str(directory))["branch"] == "trunk"


def test_what_an_older_version_has_cloned_is_no_obstacle(make, site):
    directory = make("repo", {"a": "1"}, branch="master")
    (site.root / "repo").mkdir()
    run(site.root, "git", "clone", "--quiet", "--mirror", str(directory), "repo/git")
    run(directory, "git", "branch", "--move", "master", "main")
    commit(directory, {"a": "2"})
    assert (unpacked(site, directory) / "a").read_text() == "2"


def test_git_keeps_its_own_words_and_the_key_is_told_only_where_they_ask_for_it(
    make, site, monkeypatch
):
    run(site.root, "git", "init", "--quiet", "--bare", "empty")
    with pytest.raises(Refused, match="empty has no commit: git push comes first"):
        repository.fetch_git(site, str(site.root / "empty"))
    with pytest.raises(Refused, match="fatal: '/nowhere' does not appear to be a git repository"):
        repository.fetch(site, "/nowhere")
    (site.root / ".ssh").mkdir()
    (site.root / ".ssh/id_ed25519.pub").write_text("ssh-ed25519 AAAA garden\n")
    for words, told in (
        ("ssh: connect to host example.com port 22: Connection timed out", False),
        ("fatal: could not read Username for 'https://example.com'", False),
        ("error: cannot open '.git/FETCH_HEAD': Permission denied", False),
        ("code@example.com: Permission denied (publickey,password).", True),
    ):
        assert ("ssh-ed25519" in repository.with_key(site, words)) is told
        assert words in repository.with_key(site, words)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Refused, match="^git is not installed; type fab install$"):
        repository.fetch(site, "/nowhere")


# Here


def test_without_a_commit_it_is_said_what_is_wrong(tmp_path, here, monkeypatch):
    project = tmp_path / "project"
    project.mkdir()
    here(project)
    with pytest.raises(local.Exit, match="fatal: not a git repository.*; git init, git add and"):
        local.local_revision()
    assert local.left_out({"revision": "a" * 40, "branch": "main"}) == []
    run(project, "git", "init", "--quiet")
    with pytest.raises(local.Exit, match="There is no commit to deploy: git add"):
        local.local_revision()
    commit(project)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setattr(git_module, "PASSED_ON", ("GIT_TEST",))
    with pytest.raises(local.Exit, match="detected dubious ownership in repository at"):
        local.local_revision()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(local.Exit, match="git is not installed"):
        local.local_revision()


def test_what_is_not_committed_is_counted(make, here):
    directory = make("repo", {"a": "1", "b": "2", "c": "3", ".gitignore": "ignored"})
    here(directory)
    newest = {"revision": Git(directory).current()}
    assert local.left_out(newest) == []
    (directory / "ignored").write_text("")
    (directory / "a").write_text("changed")
    assert local.left_out(newest) == ["1 changed file is not committed, and not deployed"]
    (directory / "new").write_text("untracked")
    run(directory, "git", "mv", "b", "staged")
    assert local.left_out(newest) == ["4 changed files are not committed, and not deployed"]


def test_what_is_not_pushed_is_counted(make, here, site):
    upstream = make("upstream", {"a": "1"})
    run(site.root, "git", "clone", "--quiet", str(upstream), "here")
    here(site.root / "here")
    newest = {"revision": Git(upstream).current(), "branch": "main"}
    assert local.left_out(newest) == []
    commit(site.root / "here", {"a": "2"})
    assert local.left_out(newest) == [told(newest)]
    newest = {"revision": commit(upstream, {"b": "not pulled"}), "branch": "main"}
    assert local.left_out(newest) == [told(newest)]


def told(newest):
    which = f"{newest['branch']} of REPO_URL ({newest['revision'][:8]})"
    return f"1 commit is not in {which}, and not deployed"


@pytest.mark.skipif(not shutil.which("hg"), reason="Mercurial is not installed")
def test_mercurial_has_the_same_answers(tmp_path, here, site, monkeypatch):
    project = tmp_path / "project"
    run(tmp_path, "hg", "init", "project")
    here(project)
    with pytest.raises(local.Exit, match="There is no commit to deploy"):
        local.local_revision()
    (project / "a").write_text("1")
    run(project, "hg", "commit", "--addremove", "--quiet", "--message", "1")
    first = local.local_revision()
    ssh = tmp_path / "ssh"  # runs what it is given, here
    ssh.write_text('#!/bin/sh\nshift $(($# - 1)); exec sh -c "$1"\n')
    ssh.chmod(0o755)
    monkeypatch.setattr(repository, "SSH", str(ssh))
    for url in (str(project), f"ssh://localhost/{project}"):
        assert repository.fetch(site, url) == {"revision": first, "branch": "default"}
    (project / "a").write_text("2")
    (project / "new").write_text("")
    assert local.left_out({"revision": first}) == [
        "2 changed files are not committed, and not deployed"
    ]
    run(project, "hg", "commit", "--addremove", "--quiet", "--message", "2")
    newest = {"revision": first, "branch": "default"}
    assert local.left_out(newest) == [told(newest)]
    run(project, "hg", "bookmark", "--rev", first, "@")
    assert repository.fetch(site, str(project)) == {"revision": first, "branch": "@"}
    assert sorted(p.name for p in unpacked(site, project).iterdir()) == ["a"]
    run(project, "hg", "bookmark", "--delete", "@")
    assert (unpacked(site, project) / "a").read_text() == "2"


@pytest.mark.parametrize(
    ("node", "current"), [("00" + "a" * 36 + "00", "00" + "a" * 36 + "00"), ("0" * 40, "")]
)
def test_a_commit_of_mercurial_keeps_its_zeros(tmp_path, monkeypatch, node, current):
    monkeypatch.setattr(Mercurial, "__call__", lambda *words: f"{node}\n".encode())
    assert Mercurial(tmp_path).current() == current


@pytest.mark.skipif(not shutil.which("hg"), reason="Mercurial is not installed")
def test_large_files_and_subrepositories_of_mercurial_are_released(tmp_path, site, monkeypatch):
    run(tmp_path, "hg", "init", "inner")
    (tmp_path / "inner/x").write_text("inner")
    run(tmp_path / "inner", "hg", "commit", "-qA", "-m", "1")
    run(tmp_path, "hg", "init", "outer")
    outer = tmp_path / "outer"
    (outer / ".hgsub").write_text("sub = ../inner\n")
    run(outer, "hg", "clone", "--quiet", "../inner", "sub")
    (outer / "film").write_text("large")
    large = ["hg", "--config", "extensions.largefiles="]
    run(outer, *large, "add", "--quiet", "--large", "film")
    run(outer, *large, "commit", "-qA", "-m", "1")
    target = unpacked(site, outer)
    assert (target / "sub/x").read_text() == "inner"
    assert (target / "film").read_text() == "large"
    assert not (target / ".hglf").exists()
    monkeypatch.setattr(hg_module, "PLAIN", hg_module.PLAIN | {"PATH": "/nowhere"})
    with pytest.raises(Refused, match="Mercurial is not installed"):
        Mercurial(outer).current()
