"""REPO_URL: the server fetches from another one, by git or Mercurial, with a key of its own."""

import os
import re
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


def push(site, forge, *options):
    ssh = f"ssh -F /dev/null -i {forge.key} -o UserKnownHostsFile={forge.known_hosts}"
    subprocess.run(
        ["git", "push", "-q", *options, f"code@{forge.address}:site.git", "HEAD"],
        cwd=site.project,
        env=os.environ | {"GIT_SSH_COMMAND": ssh},
        check=True,
    )


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
    assert "is live already" in site.fab("deploy")
    push(site, forge)
    site.fab("deploy")
    assert "/* second */" in home_page_css(site)


def test_a_history_that_was_rewritten_is_followed(site, forge):
    tool("git", "-C", site.project, "reset", "-q", "--hard", "HEAD~1")
    change(site, "rewritten")
    push(site, forge, "--force")
    site.fab("deploy")
    assert "/* rewritten */" in home_page_css(site)
    assert "/* second */" not in home_page_css(site)


def test_a_repository_that_is_away_is_told_and_the_site_lives_on(site, forge):
    url = site.fabric["REPO_URL"]
    for wrong in (
        url.replace("site.git", "none.git"),
        f"ssh://code@{forge.address}:23/x.git",
        "https://no-such-host.invalid/x.git",
        "file:///none",
    ):
        site.configure(REPO_URL=wrong)
        output = site.fab("deploy", status=1)
        assert "stopped at: Newest revision" in output
    site.configure(REPO_URL=url)
    assert site.get("/")[0] == 200
    assert "is live already" in site.fab("deploy")


def test_a_mercurial_repository_takes_its_place(site, forge):
    site.host.run("rm ~deploy/fetched/.ssh/known_hosts")
    hg_commit(site, forge, "by hg")
    site.configure(REPO_URL=f"ssh://code@{forge.address}/hgsite")
    site.fab("deploy")
    assert "/* by hg */" in home_page_css(site)
    hg_commit(site, forge, "by hg again")
    site.fab("deploy")
    assert "/* by hg again */" in home_page_css(site)


def hg_commit(site, forge, text):
    change(site, text)
    archive = site.home / "archive.tar"
    tool("git", "-C", site.project, "archive", "-o", archive, "HEAD")
    forge.copy_in(archive, "/home/code/archive.tar", user="code")
    forge.run(
        "cd hgsite && tar -xf ../archive.tar && hg -q addremove && hg -q commit -u me -m change",
        user="code",
    )
