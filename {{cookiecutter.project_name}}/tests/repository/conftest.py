"""Repositories of nobody in particular, and a site that fetches from them."""

import pytest
from repositories import commit, run

from deploy import repository as local
from deploy.on_host.site import Site


@pytest.fixture(autouse=True)
def nobodys_settings(tmp_path, monkeypatch):
    """A home of its own for git and hg; submodules may come from this disk."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text('[protocol]\nfile = \n[protocol "file"]\nallow = always\n')
    (home / ".hgrc").write_text("[ui]\nusername = me\n")
    monkeypatch.setenv("HOME", str(home))
    return home


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
