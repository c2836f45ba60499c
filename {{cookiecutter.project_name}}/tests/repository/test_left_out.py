"""What is here and not in the newest release is told before a deploy."""

import pytest
from repositories import commit, run, told

from deploy import repository as local
from deploy.on_host import git as git_module
from deploy.on_host.git import Git


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
