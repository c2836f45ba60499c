"""The server follows the repository of REPO_URL as it is today."""

import pytest
from repositories import commit, run, unpacked

from deploy.on_host import repository
from deploy.on_host.site import Refused


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
