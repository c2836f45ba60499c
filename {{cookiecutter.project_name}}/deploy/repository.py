"""The code that goes live: the newest commit here or, with REPO_URL, the one the server fetches.

What is here and does not go live is told: files that are not committed, commits not pushed.
"""

import tempfile
from typing import IO

from invoke import Exit

from .config import PROJECT_ROOT
from .host import Host
from .on_host.git import Archive, Git
from .on_host.hg import Mercurial
from .on_host.site import Refused
from .steps import step


def newest_revision(host: Host) -> str:
    """Return the newest revision there is to deploy, 40 digits; print what it does not have."""
    url = host.config.repo_url
    with step(host, "Newest revision"):
        if url:
            newest = host.call("fetch", as_site=True, url=url)
        else:
            newest = {"revision": local_revision()}
    for line in left_out(newest):
        print(f"    {line}")
    return newest["revision"]


def unpack(host: Host, revision: str, directory: str) -> None:
    """Put the files of a revision into a new directory on the server, a str."""
    url = host.config.repo_url
    if url:
        host.call("unpack", as_site=True, url=url, revision=revision, directory=directory)
        return
    with tempfile.TemporaryFile() as file:
        try:
            write_archive(revision, file)
        except Refused as refused:
            raise Exit(str(refused), 1) from None
        file.seek(0)
        script = "mkdir -p $directory && tar -C $directory -x"
        host.as_site(script, stdin=file.read(), directory=directory)


# Here


def here() -> Git | Mercurial:
    """Return the repository that the project is in, a Git or a Mercurial."""
    for directory in (PROJECT_ROOT, *PROJECT_ROOT.parents):
        if (directory / ".git").exists():
            break
        if (directory / ".hg").is_dir():
            return Mercurial(PROJECT_ROOT)
    return Git(PROJECT_ROOT)  # whose words say so where there is none


def local_revision() -> str:
    """Return the commit that is checked out, 40 digits; Exit with what git says, or without one."""
    repository = here()
    try:
        revision = repository.current()
    except Refused as refused:
        advice = "; git init, git add and git commit come first"
        words = str(refused)
        raise Exit(words + advice * ("not a git repository" in words), 2) from None
    if not revision:
        raise Exit("There is no commit to deploy: git add and git commit come first", 2)
    return revision


def write_archive(revision: str, file: IO[bytes]) -> None:
    """Write the files of a local commit to a binary file, as a tar; Refused with what is wrong."""
    repository = here()
    if isinstance(repository, Mercurial):
        repository.archive(revision, file)
        return
    archive = Archive(file, submodule)
    archive.add(repository, revision)
    archive.close()


def submodule(git: Git, revision: str, path: str, commit: str) -> Git:
    """Return the Git of a submodule that is checked out here; Refused without its commit."""
    found = Git(git.directory / path)
    if not (found.directory / ".git").exists() or not found.commit(commit):
        raise Refused(
            f"a submodule, and its commit {commit[:8]} is not here: type git submodule update"
            " --init --recursive"
        )
    return found


def left_out(newest: dict[str, str]) -> list[str]:
    """Return lines with what is here and not in the newest revision.

    `newest` is a dict with "revision" and, where the server has fetched it, "branch".
    """
    repository = here()
    try:
        files = repository.uncommitted()
        commits = repository.ahead(newest["revision"]) if "branch" in newest else 0
    except Refused as refused:
        if "not a git repository" in str(refused):
            return []
        return [f"What is here was not compared: {refused}"]
    branch = f"{newest.get('branch') or 'HEAD'} of REPO_URL ({newest['revision'][:8]})"
    lines = [
        counted(files, "changed file is", "changed files are") + " not committed, and not deployed",
        counted(commits, "commit is", "commits are") + f" not in {branch}, and not deployed",
    ]
    return [line for line, count in zip(lines, (files, commits), strict=True) if count]


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
