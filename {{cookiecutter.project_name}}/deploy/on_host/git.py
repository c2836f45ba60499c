"""git: what a commit has, exactly; on the server, and on the machine of whoever deploys.

A release is the blobs of its commit. Nothing else has a say: no filter, no end of line, no
export-ignore, no replacement, no file that is missing from a sparse checkout.
"""

import hashlib
import os
import re
import subprocess
import tarfile
from collections.abc import Callable
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import IO, Any, Self, cast

from .site import Refused

# Of the variables of git those say how a server is reached; all others say which repository is
# meant, as git itself does for a hook, or change what it answers.
PASSED_ON = ("GIT_SSH", "GIT_ASKPASS", "GIT_SSL", "GIT_CONFIG_", "GIT_PROXY", "GIT_HTTP")
ASKED = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}

POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/.*^oid sha256:([0-9a-f]{64})$",
    re.DOTALL | re.MULTILINE,
)
NOT_INSTALLED = "git is not installed"
LARGEST_POINTER = 1024  # bytes, as Git LFS has it
GIT_CRYPT, TRANSCRYPT = b"\0GITCRYPT\0", b"U2FsdGVkX1"  # how encrypted files begin


def environment(**more: str) -> dict[str, str]:
    """Return the environment that git runs in."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(PASSED_ON)
    }
    return kept | ASKED | more


class Git:
    """A repository: its directory, and the URL that it is fetched from, if it is."""

    def __init__(
        self,
        directory: Path,
        url: str = "",
        environment: Callable[[], dict[str, str]] = environment,
    ) -> None:
        self.directory, self.url, self.environment = directory, url, environment
        self.not_fetched: str | None = None  # why git-lfs could not fetch; empty where it could

    def __call__(self, *words: str, stdin: bytes = b"") -> bytes:
        """Run git and return what it prints, in bytes; Refused, with its own words, if it fails."""
        command = ["git", "--no-replace-objects", *words]
        where: dict[str, Any] = {"cwd": self.directory, "env": self.environment()}
        try:
            result = subprocess.run(command, input=stdin, capture_output=True, **where)
        except FileNotFoundError:
            raise Refused(NOT_INSTALLED) from None
        if result.returncode:
            said = (result.stderr or result.stdout).decode("utf-8", "replace").strip()
            raise Refused(said or f"git {words[0]}: exit status {result.returncode}")
        return result.stdout

    def lines(self, *words: str) -> list[str]:
        return self(*words).decode("utf-8", "surrogateescape").splitlines()

    def commit(self, name: str) -> str:
        """Return the commit of that name, 40 digits; empty where there is none."""
        asked = (name + "^{commit}\n").encode()
        found = self("cat-file", "--batch-check=%(objectname)", stdin=asked).decode().split()
        return found[0] if len(found) == 1 else ""

    def current(self) -> str:
        """Return the commit that is checked out, or an empty str."""
        return self.commit("HEAD")

    def uncommitted(self) -> int:
        """Return how many files have changes that no commit has; those ignored do not count."""
        words = ["--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", "."]
        return self("status", *words).count(b"\0")

    def ahead(self, revision: str) -> int:
        """Return how many commits of what is checked out that revision does not have."""
        others = [revision] if self.commit(revision) else ["--remotes"]
        return int(self("rev-list", "--count", "HEAD", "--not", *others))

    def entries(self, revision: str) -> list[tuple[str, str, str]]:
        """Return what is in a commit, below the directory: a list of (path, mode, object)."""
        found = []
        for line in self("ls-tree", "-r", "-z", revision).split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            mode, _, name = about.decode().split()
            found.append((path.decode("utf-8", "surrogateescape"), mode, name))
        return found

    def large(self, revision: str, oid: str) -> Path:
        """Return the file of a pointer of Git LFS; Refused where it cannot be had."""
        common = Path(os.fsdecode(self("rev-parse", "--git-common-dir").strip()))
        path = self.directory / common / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
        if not path.exists() and self.not_fetched is None:
            self.not_fetched = self.fetch_large(revision)
        if not path.exists():
            raise Refused(f"Git LFS: {self.not_fetched or f'there is no object {oid}'}")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != oid:
                raise Refused(f"Git LFS: object {oid} is damaged")
        return path

    def fetch_large(self, revision: str) -> str:
        """Fetch the files of all pointers of a commit; return why not, empty where that worked."""
        remote = ["-c", f"remote.origin.url={self.url}"] if self.url else []
        try:
            self(*remote, "lfs", "fetch", *(["origin", revision] if self.url else []))
        except Refused as refused:
            if "'lfs' is not a git command" in str(refused):
                return f"type fab apt git-lfs ({refused})" if self.url else str(refused)
            return str(refused)
        return ""

    def decrypted(self, revision: str, path: str, encrypted: tuple[bytes, ...]) -> bytes:
        """Return what the filter of a file makes of it, where that is set up, in bytes."""
        content = self("cat-file", "--filters", f"{revision}:./{path}")
        if content.startswith(encrypted):
            raise Refused("it is encrypted")
        return content


class Blobs:
    """The contents of a repository's blobs, one after another, from one process."""

    def __init__(self, git: Git) -> None:
        words = ["git", "--no-replace-objects", "cat-file", "--batch"]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(words, cwd=git.directory, env=git.environment(), **pipes)
        self.asked = cast(IO[bytes], self.process.stdin)
        self.answers = cast(IO[bytes], self.process.stdout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.asked.close()
        self.answers.close()
        self.process.wait()

    def read(self, name: str) -> bytes:
        """Return the content of a blob, in bytes; Refused where the repository lacks it."""
        self.asked.write(name.encode() + b"\n")
        self.asked.flush()
        header = self.answers.readline().split()
        if len(header) != 3:
            raise Refused(f"the repository has no object {name}; git fsck says more")
        content = self.answers.read(int(header[2]))
        self.answers.read(1)
        return content


# Git, revision, path and commit of a submodule: its own Git
Find = Callable[[Git, str, str, str], Git]


class Archive:
    """The files of commits, written to a tar.

    find(git, revision, path, commit) returns the Git of a submodule, which has that commit, or is
    Refused. What cannot be had is in `missing`: a list of (path, why).
    """

    def __init__(self, file: IO[bytes], find: Find) -> None:
        # Names as the commit has them, whatever their encoding.
        how: dict[str, Any] = {
            "format": tarfile.GNU_FORMAT,
            "encoding": "utf-8",
            "errors": "surrogateescape",
        }
        self.tar = tarfile.open(fileobj=file, mode="w|", **how)
        self.find = find
        self.missing: list[tuple[str, str]] = []
        self.encrypted: tuple[bytes, ...] = (GIT_CRYPT,)

    def add(self, git: Git, revision: str, within: str = "") -> None:
        """Add a commit, below the directory `within`, which ends with a slash."""
        time = int(git("show", "--no-patch", "--format=%ct", revision).split()[-1])
        with Blobs(git) as blobs:
            for path, mode, name in git.entries(revision):
                try:
                    if mode == "160000":
                        self.add(self.find(git, revision, path, name), name, f"{within}{path}/")
                        continue
                    info = tarfile.TarInfo(within + path)
                    info.mtime, info.mode = time, 0o755 if mode == "100755" else 0o644
                    if mode == "120000":
                        self.add_link(info, blobs.read(name))
                    else:
                        self.add_file(info, self.content(git, revision, path, blobs.read(name)))
                except Refused as refused:
                    self.missing.append((within + path, str(refused)))

    def content(self, git: Git, revision: str, path: str, blob: bytes) -> bytes | Path:
        """Return what a file holds, in bytes or as a Path; Refused where it cannot be had."""
        if path.endswith(".gitattributes") and b"filter=crypt" in blob:
            self.encrypted = (GIT_CRYPT, TRANSCRYPT)
        if blob.startswith(self.encrypted):
            return git.decrypted(revision, path, self.encrypted)
        pointer = POINTER.match(blob) if len(blob) < LARGEST_POINTER else None
        return git.large(revision, pointer[1].decode()) if pointer else blob

    def add_link(self, info: tarfile.TarInfo, blob: bytes) -> None:
        info.type, info.linkname = tarfile.SYMTYPE, blob.decode("utf-8", "surrogateescape")
        if ".git/annex/" in info.linkname:
            raise Refused("its content is in git-annex")
        self.tar.addfile(info)

    def add_file(self, info: tarfile.TarInfo, content: bytes | Path) -> None:
        with BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
            info.size = file.seek(0, SEEK_END)
            file.seek(0)
            self.tar.addfile(info, file)

    def close(self) -> None:
        """End the tar; Refused, with all paths, where something cannot be had."""
        self.tar.close()
        if self.missing:
            reasons: dict[str, list[str]] = {}
            for path, why in self.missing:
                reasons.setdefault(why, []).append(path)
            lines = [f"{', '.join(paths)}: {why}" for why, paths in reasons.items()]
            raise Refused("\n".join(["A release would lack these; nothing was built:", *lines]))
