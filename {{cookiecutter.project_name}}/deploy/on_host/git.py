"""git: what a commit has, exactly; on the server, and on the machine of whoever deploys.

A release is the blobs of its commit. Nothing else has a say: no filter, no end of line, no
export-ignore, no replacement, no file that is missing from a sparse checkout.
"""

import hashlib
import os
import re
import subprocess
import tarfile
from io import SEEK_END, BytesIO
from pathlib import Path

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


def environment(**more):
    """Return the environment that git runs in, a dict."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(PASSED_ON)
    }
    return kept | ASKED | more


class Git:
    """A repository: its directory, a Path, and the URL that it is fetched from, if it is."""

    def __init__(self, directory, url="", environment=environment):
        self.directory, self.url, self.environment = directory, url, environment
        self.not_fetched = None  # why git-lfs could not fetch; empty where it could

    def __call__(self, *words, stdin=b""):
        """Run git and return what it prints, in bytes; Refused, with its own words, if it fails."""
        words = ["git", "--no-replace-objects", *words]
        options = {"cwd": self.directory, "env": self.environment(), "capture_output": True}
        try:
            result = subprocess.run(words, input=stdin, **options)
        except FileNotFoundError:
            raise Refused(NOT_INSTALLED) from None
        if result.returncode:
            said = (result.stderr or result.stdout).decode("utf-8", "replace").strip()
            raise Refused(said or f"git {words[2]}: exit status {result.returncode}")
        return result.stdout

    def lines(self, *words):
        return self(*words).decode("utf-8", "surrogateescape").splitlines()

    def commit(self, name):
        """Return the commit of that name, 40 digits; empty where there is none."""
        asked = (name + "^{commit}\n").encode()
        found = self("cat-file", "--batch-check=%(objectname)", stdin=asked).decode().split()
        return found[0] if len(found) == 1 else ""

    def current(self):
        """Return the commit that is checked out, or an empty str."""
        return self.commit("HEAD")

    def uncommitted(self):
        """Return how many files have changes that no commit has; those ignored do not count."""
        words = ["--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", "."]
        return self("status", *words).count(b"\0")

    def ahead(self, revision):
        """Return how many commits of what is checked out that revision does not have."""
        others = [revision] if self.commit(revision) else ["--remotes"]
        return int(self("rev-list", "--count", "HEAD", "--not", *others))

    def entries(self, revision):
        """Return what is in a commit, below the directory: a list of (path, mode, object)."""
        found = []
        for line in self("ls-tree", "-r", "-z", revision).split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            mode, _, name = about.decode().split()
            found.append((path.decode("utf-8", "surrogateescape"), mode, name))
        return found

    def large(self, revision, oid):
        """Return the file of a pointer of Git LFS, a Path; Refused where it cannot be had."""
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

    def fetch_large(self, revision):
        """Fetch the files of all pointers of a commit; return why not, empty where that worked."""
        remote = ["-c", f"remote.origin.url={self.url}"] if self.url else []
        try:
            self(*remote, "lfs", "fetch", *(["origin", revision] if self.url else []))
        except Refused as refused:
            if "'lfs' is not a git command" in str(refused):
                return f"type fab apt git-lfs ({refused})" if self.url else str(refused)
            return str(refused)
        return ""

    def decrypted(self, revision, path, encrypted):
        """Return what the filter of a file makes of it, where that is set up, in bytes."""
        content = self("cat-file", "--filters", f"{revision}:./{path}")
        if content.startswith(encrypted):
            raise Refused("it is encrypted")
        return content


class Blobs:
    """The contents of a repository's blobs, one after another, from one process."""

    def __init__(self, git):
        words = ["git", "--no-replace-objects", "cat-file", "--batch"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(words, cwd=git.directory, env=git.environment(), **pipes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def read(self, name):
        """Return the content of a blob, in bytes; Refused where the repository lacks it."""
        self.process.stdin.write(name.encode() + b"\n")
        self.process.stdin.flush()
        header = self.process.stdout.readline().split()
        if len(header) != 3:
            raise Refused(f"the repository has no object {name}; git fsck says more")
        content = self.process.stdout.read(int(header[2]))
        self.process.stdout.read(1)
        return content


class Archive:
    """The files of commits, written to a tar.

    find(git, revision, path, commit) returns the Git of a submodule, which has that commit, or is
    Refused. What cannot be had is in `missing`: a list of (path, why).
    """

    def __init__(self, file, find):
        # Names as the commit has them, whatever their encoding.
        how = {"format": tarfile.GNU_FORMAT, "encoding": "utf-8", "errors": "surrogateescape"}
        self.tar = tarfile.open(fileobj=file, mode="w|", **how)
        self.find = find
        self.missing = []
        self.encrypted = (GIT_CRYPT,)

    def add(self, git, revision, within=""):
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

    def content(self, git, revision, path, blob):
        """Return what a file holds, in bytes or as a Path; Refused where it cannot be had."""
        if path.endswith(".gitattributes") and b"filter=crypt" in blob:
            self.encrypted = (GIT_CRYPT, TRANSCRYPT)
        if blob.startswith(self.encrypted):
            return git.decrypted(revision, path, self.encrypted)
        pointer = POINTER.match(blob) if len(blob) < LARGEST_POINTER else None
        return git.large(revision, pointer[1].decode()) if pointer else blob

    def add_link(self, info, blob):
        info.type, info.linkname = tarfile.SYMTYPE, blob.decode("utf-8", "surrogateescape")
        if ".git/annex/" in info.linkname:
            raise Refused("its content is in git-annex")
        self.tar.addfile(info)

    def add_file(self, info, content):
        with BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
            info.size = file.seek(0, SEEK_END)
            file.seek(0)
            self.tar.addfile(info, file)

    def close(self):
        """End the tar; Refused, with all paths, where something cannot be had."""
        self.tar.close()
        if self.missing:
            reasons = {}
            for path, why in self.missing:
                reasons.setdefault(why, []).append(path)
            lines = [f"{', '.join(paths)}: {why}" for why, paths in reasons.items()]
            raise Refused("\n".join(["A release would lack these; nothing was built:", *lines]))
