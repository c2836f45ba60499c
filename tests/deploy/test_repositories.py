"""REPO_URL: the server fetches from another one, by git or Mercurial, with a key of its own."""

import json
import os
import re
import shutil
import subprocess

import pytest
from process import tool
from sites import BY_PASSWORD, Site, home_page_css
from support import Baker

NAME = "www.repo.example"


@pytest.fixture(scope="module")
def forge(rig):
    """A server with repositories, which lets in whom it knows the key of."""
    host = rig.up("forge", suite="trixie")
    host.run("apt-get -qq update && apt-get -qq install --no-install-recommends git mercurial")
    host.run("useradd --create-home --shell /bin/bash code && cp -r ~/.ssh ~code")
    host.run("chown -R code: ~code/.ssh")
    host.run("git init -q --bare site.git && hg init hgsite", user="code")
    yield host
    host.down()


@pytest.fixture(scope="module")
def site(forge, installed, template, tmp_path_factory):
    """A project whose commits are in a git repository that the server may not read yet."""
    project = Baker(template, tmp_path_factory.mktemp("repositories")).bake(live_hostname=NAME)
    site = Site(project, installed, name=NAME, **BY_PASSWORD)
    site.configure(
        PROJECT_NAME="fetched", GUNICORN_PORT=8021, REPO_URL=f"code@{forge.address}:site.git"
    )
    push(site, forge)
    site.fab("create")
    yield site
    site.fab("remove", "--yes", "fetched")


def push(site, forge, *options, to="site.git", branch="main", directory="."):
    ssh = f"ssh -F /dev/null -i {forge.key} -o UserKnownHostsFile={forge.known_hosts}"
    subprocess.run(
        ["git", "push", "-q", *options, f"code@{forge.address}:{to}", f"HEAD:{branch}"],
        cwd=site.project / directory,
        env=os.environ | {"GIT_SSH_COMMAND": ssh},
        check=True,
    )


def releases(site):
    return sorted(path.name for path in (site.host.root / "srv/fetched/releases").iterdir())


def change(site, text):
    css = site.project / "theme/static/css/theme.css"
    css.write_text(css.read_text() + f"\n/* {text} */\n")
    site.commit()


def test_a_private_repository_asks_for_the_key_of_the_server(site, forge):
    output = site.fab("deploy", status=1)
    key = re.search(r"let this key of the server read it:\n?.*?(ssh-ed25519 \S+ fetched)", output)[
        1
    ]
    assert "Permission denied" in output
    forge.run("cat >>.ssh/authorized_keys", user="code", input=f"{key}\n")


def test_a_git_repository_goes_live(site):
    site.fab("deploy")
    assert site.get("/")[0] == 200


def test_a_new_commit_is_fetched_and_what_is_not_pushed_is_not(site, forge):
    change(site, "second")
    (site.project / "theme/new.txt").write_text("")
    for command in ("deploy", "plan"):
        output = site.fab(command)
        assert "1 changed file is not committed, and not deployed" in output
        assert "1 commit is not in main of REPO_URL (" in output
    assert "is live already" in site.fab("deploy")
    (site.project / "theme/new.txt").unlink()
    push(site, forge)
    assert "and not deployed" not in site.fab("deploy")
    assert "/* second */" in home_page_css(site)


def test_a_history_that_was_rewritten_is_followed(site, forge):
    tool("git", "-C", site.project, "reset", "-q", "--hard", "HEAD~1")
    change(site, "rewritten")
    push(site, forge, "--force")
    site.fab("deploy")
    assert "/* rewritten */" in home_page_css(site)
    assert "/* second */" not in home_page_css(site)


def test_another_default_branch_is_followed_and_the_old_one_may_go(site, forge):
    change(site, "of trunk")
    push(site, forge, branch="refs/heads/trunk")
    forge.run("git -C site.git symbolic-ref HEAD refs/heads/trunk", user="code")
    site.fab("deploy")
    assert "/* of trunk */" in home_page_css(site)
    forge.run("git -C site.git branch -D main", user="code")
    assert "is live already" in site.fab("deploy")


def test_submodules_go_live_from_the_repository_and_from_here(site, forge):
    vendor = site.home / "vendor"
    tool("git", "init", "-q", vendor)
    (vendor / "vendor.css").write_text("/* of the submodule */")
    author = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    tool("git", "-C", vendor, "add", ".")
    tool("git", "-C", vendor, *author, "commit", "-q", "-m", "Vendor")
    forge.run("git init -q --bare vendor.git", user="code")
    push(site, forge, to="vendor.git", branch="refs/heads/master", directory=vendor)
    where = "theme/static/vendor"
    allowed = ["-c", "protocol.file.allow=always"]
    tool("git", "-C", site.project, *allowed, "submodule", "-q", "add", vendor, where)
    tool("git", "-C", site.project, "submodule", "-q", "set-url", where, "./../vendor.git")
    site.commit()
    push(site, forge, branch="trunk")
    site.fab("deploy")
    assert served(site, "vendor/vendor.css") == (200, "/* of the submodule */")

    url = site.fabric["REPO_URL"]
    site.configure(REPO_URL="")
    site.fab("deploy", "--force")
    assert served(site, "vendor/vendor.css") == (200, "/* of the submodule */")
    shutil.rmtree(site.project / where)
    (site.project / where).mkdir()
    before = releases(site)
    output = site.fab("deploy", "--force", status=1)
    assert f"{where}: a submodule, and its commit" in output
    assert "git submodule update --init --recursive" in output
    assert releases(site) == before
    site.configure(REPO_URL=url)
    tool("git", "-C", site.project, "reset", "-q", "--hard", "HEAD~1")
    push(site, forge, "--force", branch="trunk")


def served(site, path):
    """Return the status and text of a static file of the live release, by its hashed name."""
    static = site.host.root / "srv/fetched/current/project/static"
    names = json.loads((static / "staticfiles.json").read_text())["paths"]
    return site.get(f"/static/{names[path]}")


def test_a_pointer_of_git_lfs_is_refused_with_its_path_before_anything_is_built(site, forge):
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 5\n"
    (site.project / "theme/static/hero.jpg").write_text(pointer)
    site.commit()
    push(site, forge, branch="trunk")
    before = releases(site)
    for command in ("deploy", "plan"):
        output = site.fab(command, status=1)
        assert "theme/static/hero.jpg: Git LFS: type fab apt git-lfs" in output
    assert releases(site) == before
    tool("git", "-C", site.project, "reset", "-q", "--hard", "HEAD~1")
    push(site, forge, "--force", branch="trunk")


def test_what_git_says_of_the_project_here_is_told_as_it_is(site):
    url = site.fabric["REPO_URL"]
    site.configure(REPO_URL="")
    os.chown(site.project, 4321, 4321)
    assert "detected dubious ownership in repository at" in site.fab("deploy", status=2)
    os.chown(site.project, 0, 0)
    (site.project / ".git").rename(site.home / "git")
    assert "fatal: not a git repository" in site.fab("deploy", status=2)
    (site.home / "git").rename(site.project / ".git")
    site.configure(REPO_URL=url)


def test_a_repository_that_is_away_is_told_and_the_site_lives_on(site, forge):
    url = site.fabric["REPO_URL"]
    for wrong, words in (
        (url.replace("site.git", "none.git"), "does not appear to be a git repository"),
        (f"ssh://code@{forge.address}:23/x.git", "Connection refused"),
        ("https://no-such-host.invalid/x.git", "Could not resolve host"),
        ("file:///none", "does not appear to be a git repository"),
    ):
        site.configure(REPO_URL=wrong)
        output = site.fab("deploy", status=1)
        assert "stopped at: Newest revision" in output
        assert words in output
        assert "let this key" not in output
    site.configure(REPO_URL=url)
    assert site.get("/")[0] == 200
    site.fab("deploy")


@pytest.mark.long
def test_a_mercurial_repository_takes_its_place(site, forge):
    site.host.run("rm /srv/fetched/.ssh/known_hosts")
    hg_commit(site, forge, "by hg")
    site.configure(REPO_URL=f"ssh://code@{forge.address}/hgsite")
    site.fab("deploy")
    assert "/* by hg */" in home_page_css(site)
    hg_commit(site, forge, "by hg again")
    site.fab("deploy")
    assert "/* by hg again */" in home_page_css(site)
    forge.run("hg -R hgsite bookmark --rev 0 @", user="code")  # what hg clone checks out
    site.fab("deploy")
    assert "/* by hg again */" not in home_page_css(site)


def hg_commit(site, forge, text):
    change(site, text)
    archive = site.home / "archive.tar"
    tool("git", "-C", site.project, "archive", "-o", archive, "HEAD")
    forge.copy_in(archive, "/home/code/archive.tar", user="code")
    forge.run(
        "cd hgsite && tar -xf ../archive.tar && hg -q addremove && hg -q commit -u me -m change",
        user="code",
    )
