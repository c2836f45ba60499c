"""The repository of REPO_URL, as it is today: fetched by the server, with a key of its own.

Nothing of the first contact is remembered: which branch is the default, where HEAD is and which
of the two programs the repository is of are asked each time. ROOT/repo/ keeps what was fetched.
"""

import hashlib
import re
import subprocess
from pathlib import Path
from typing import IO, Any, cast

from .git import NOT_INSTALLED, Archive, Find, Git, environment
from .hg import Mercurial
from .site import Refused, Site

SSH = "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=15"
FETCHED = "refs/heads/fetched"
# Of a commit that was fetched in part nothing is there: git unpacks no object before it has all.
OPTIONS = ["-c", "fetch.unpackLimit=1", "-c", "gc.autoDetach=false"]
NETWORK = {"GIT_HTTP_LOW_SPEED_LIMIT": "1000", "GIT_HTTP_LOW_SPEED_TIME": "30"}  # bytes/s, seconds
LIKE_SCP = re.compile(r"(?![\w+.-]+://)[^/]+:")  # you@example.com:site.git, which hg does not have


def fetch(site: Site, url: str) -> dict[str, str]:
    """Fetch the newest commit of the default branch; return "revision" and "branch", or Refused."""
    try:
        return fetch_git(site, url)
    except Refused as refused:
        if str(refused) == NOT_INSTALLED:
            raise Refused(f"{NOT_INSTALLED}; type fab install") from None
        if LIKE_SCP.match(url):
            raise Refused(with_key(site, str(refused))) from None
        failures = [f"git: {refused}"]
    try:
        return fetch_hg(site, url)
    except Refused as refused:
        raise Refused(with_key(site, "\n".join([*failures, f"hg: {refused}"]))) from None


def with_key(site: Site, words: str) -> str:
    """Add what to do about it to the words of git: its own say whether the key is the reason."""
    if "Permission denied (" in words:
        key = (site.root / ".ssh/id_ed25519.pub").read_text().strip()
        words += f"\nIf the repository is private, let this key of the server read it:\n{key}"
    return words


# git


def git_of(site: Site, name: str, url: str) -> Git:
    """Return the Git of a directory in ROOT/repo/, which is made if need be."""
    directory = site.root / "repo" / name

    def in_directory() -> dict[str, str]:
        ssh = {"GIT_SSH_COMMAND": SSH, "GIT_DIR": str(directory), "HOME": str(site.root)}
        return environment(**ssh, **NETWORK)

    directory.mkdir(parents=True, exist_ok=True)
    git = Git(directory, url, in_directory)
    if not (directory / "HEAD").exists():
        git("init", "--quiet", "--bare")
    return git


def fetch_git(site: Site, url: str) -> dict[str, str]:
    git = git_of(site, "git", url)
    git("symbolic-ref", "HEAD", FETCHED)  # where git-lfs looks for .lfsconfig
    head, branch, commit = default_of(git)
    if git.commit(FETCHED) != commit:
        fetch_ref(git, head, FETCHED)
    return {"revision": git.commit(FETCHED), "branch": branch}


def fetch_ref(git: Git, ref: str, to: str) -> None:
    git(*OPTIONS, "fetch", "--quiet", "--no-tags", "--", git.url, f"+{ref}:{to}")


def default_of(git: Git) -> tuple[str, str, str]:
    """Return what is the newest revision there: its ref, the name of its branch, and the commit."""
    refs, branch = {}, ""
    for line in git.lines("ls-remote", "--symref", "--", git.url, "HEAD", "refs/heads/*"):
        value, _, ref = line.partition("\t")
        if value.startswith("ref: "):
            branch = value.removeprefix("ref: refs/heads/") if ref == "HEAD" else branch
        else:
            refs[ref] = value
    if "HEAD" in refs:
        return "HEAD", branch, refs["HEAD"]
    # A repository that was pushed to, not made by a service, may name a branch that is not there.
    heads = [ref for ref in refs if ref.startswith("refs/heads/")]
    if not heads:
        raise Refused(f"{git.url} has no commit: git push comes first")
    names = [head.removeprefix("refs/heads/") for head in heads]
    if len(heads) > 1:
        raise Refused(
            f"{git.url} has the branches {', '.join(names)}, and its HEAD names none of them: make"
            f" one of them the default there, as by git symbolic-ref HEAD {heads[0]}"
        )
    return heads[0], names[0], refs[heads[0]]


def submodule(site: Site) -> Find:
    """Return a function that finds a submodule, as Archive wants it, and fetches its commit."""

    def find(git: Git, revision: str, path: str, commit: str) -> Git:
        url = submodule_url(git, revision, path)
        found = git_of(site, f"modules/{hashlib.sha256(url.encode()).hexdigest()[:16]}", url)
        if not found.commit(commit):
            fetch_ref(found, "refs/heads/*", "refs/heads/*")
        if not found.commit(commit):  # of no branch; many servers give it all the same
            fetch_ref(found, commit, FETCHED)
        return found

    return find


def submodule_url(git: Git, revision: str, path: str) -> str:
    """Return the URL of a submodule; Refused where .gitmodules has none."""
    words = ["config", "--blob", f"{revision}:.gitmodules", "--null", "--list"]
    try:
        listed = git(*words).decode("utf-8", "surrogateescape")
    except Refused:
        listed = ""
    values = dict(line.partition("\n")[::2] for line in listed.split("\0")[:-1])
    for key, value in values.items():
        if value == path and key.endswith(".path"):
            url = values.get(key.removesuffix("path") + "url", "")
            return absolute(url, git.url)
    raise Refused("a submodule, and .gitmodules has no URL for it")


def absolute(url: str, base: str) -> str:
    """Return the URL of a submodule, which may begin with ./ or ../, as git does."""
    if not url.startswith(("./", "../")):
        return url
    base = base.rstrip("/")
    while url.startswith(("./", "../")):
        if url.startswith("../"):
            slash, colon = base.rpartition("/"), base.rpartition(":")
            base = (slash if slash[1] else colon)[0]
            separator = slash[1] or colon[1]
        else:
            separator = "/"
        url = url.partition("/")[2]
    return f"{base}{separator}{url}"


# Mercurial


def hg_of(site: Site, url: str) -> Mercurial:
    directory = site.root / "repo/hg"
    hg = Mercurial(directory, url, ["--config", f"ui.ssh={SSH}"], home=str(site.root))
    if not (directory / ".hg").is_dir():
        directory.mkdir(parents=True, exist_ok=True)
        hg("init", ".")
    return hg


def fetch_hg(site: Site, url: str) -> dict[str, str]:
    """Fetch what `hg clone` would check out: the bookmark @, or the tip of the branch default."""
    hg = hg_of(site, url)
    for name in ("@", "default", "tip"):
        try:
            shown = hg("identify", "--id", "--rev", name, "--template", "{node}", url)
        except Refused as refused:
            if f"unknown revision '{name}'" not in str(refused):
                raise
            continue
        revision = shown.decode().strip()
        if not revision.strip("0"):
            raise Refused(f"{url} has no commit: hg push comes first")
        if not hg.commit(revision):
            hg("pull", "--quiet", "--force", "--rev", revision, url)
        return {"revision": revision, "branch": name}
    raise Refused(f"{url} has neither a bookmark @ nor a branch default, nor a tip")


# Unpacking


def unpack(site: Site, url: str, revision: str, directory: str) -> dict[str, Any]:
    """Put the files of a fetched commit into a new directory; Refused with what cannot be had."""
    Path(directory).mkdir(parents=True, exist_ok=True)
    extract = ["tar", "--directory", directory, "--extract"]
    with subprocess.Popen(extract, stdin=subprocess.PIPE) as tar:
        try:
            write(site, url, revision, cast(IO[bytes], tar.stdin))
        except Refused:
            tar.kill()  # before it complains as well
            raise
    if tar.returncode:
        raise Refused(f"tar: exit status {tar.returncode}")
    return {}


def write(site: Site, url: str, revision: str, file: IO[bytes]) -> None:
    """Write the files of a fetched commit to a binary file, as a tar."""
    git = git_of(site, "git", url)
    if not git.commit(revision):
        hg_of(site, url).archive(revision, file)
        return
    archive = Archive(file, submodule(site))
    archive.add(git, revision)
    archive.close()
