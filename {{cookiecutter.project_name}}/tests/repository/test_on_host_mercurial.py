"""A repository of Mercurial: the same answers as for one of git."""

import shutil

import pytest
from repositories import run, told, unpacked

from deploy import repository as local
from deploy.on_host import hg as hg_module
from deploy.on_host import repository
from deploy.on_host.hg import Mercurial
from deploy.on_host.site import Refused


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


def test_a_server_that_knows_no_name_of_a_revision_is_refused_in_a_line(site, monkeypatch):
    def unknown(*words):
        raise Refused(f"abort: unknown revision '{words[words.index('--rev') + 1]}'")

    monkeypatch.setattr(repository, "hg_of", lambda site, url: unknown)
    with pytest.raises(Refused, match="^/nowhere has neither a bookmark @ nor a branch default"):
        repository.fetch_hg(site, "/nowhere")
