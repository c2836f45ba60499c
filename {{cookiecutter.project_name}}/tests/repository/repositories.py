"""Repositories of git and Mercurial that the tests make, and what is released of them."""

import os
import shutil
import subprocess
import tarfile
from io import BytesIO

from deploy import repository as local
from deploy.on_host import repository
from deploy.on_host.git import Archive, Git

SOMEBODY = {
    f"GIT_{who}_{what}": "me@localhost"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}


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


def told(newest):
    which = f"{newest['branch']} of REPO_URL ({newest['revision'][:8]})"
    return f"1 commit is not in {which}, and not deployed"
