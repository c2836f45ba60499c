"""Mercurial: what a commit has, exactly; on the server, and on the machine of whoever deploys."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from .site import Refused

PLAIN = {"HGPLAIN": "1", "LC_ALL": "C", "HGENCODING": "UTF-8"}
NONE = "0" * 40  # what Mercurial calls the commit before the first
LARGE = ["--config", "extensions.largefiles="]  # without it, what only stands for them is released


class Mercurial:
    """A repository: its directory, and the URL that it is fetched from, if it is."""

    def __init__(
        self, directory: Path, url: str = "", options: Sequence[str] = (), home: str = ""
    ) -> None:
        self.directory, self.url = directory, url
        self.environment = os.environ | PLAIN | ({"HOME": home} if home else {})
        self.options = [*LARGE, *options, *(["--config", f"paths.default={url}"] if url else [])]

    def __call__(self, *words: str, stdout: int | IO[bytes] = subprocess.PIPE) -> bytes:
        """Run hg and return what it prints, in bytes; Refused, with its own words, if it fails."""
        command = ["hg", *self.options, "--noninteractive", *words]
        options: dict[str, Any] = {"cwd": self.directory, "env": self.environment, "stdout": stdout}
        options |= {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        try:
            result = subprocess.run(command, **options)
        except FileNotFoundError:
            raise Refused("Mercurial is not installed") from None
        if result.returncode:
            said = (result.stderr or result.stdout or b"").decode("utf-8", "replace").strip()
            raise Refused(said or f"hg: exit status {result.returncode}")
        return result.stdout

    def commit(self, name: str) -> str:
        """Return the commit of that name, 40 digits; empty where there is none."""
        found = self("log", "--rev", f"present({name})", "--template", "{node}\n").split()
        return found[0].decode() if found else ""

    def current(self) -> str:
        """Return the commit that is checked out, or an empty str."""
        return self.commit(".").replace(NONE, "")

    def uncommitted(self) -> int:
        """Return how many files have changes that no commit has."""
        return self("status", "--no-status", "--print0").count(b"\0")

    def ahead(self, revision: str) -> int:
        """Return how many commits of what is checked out that revision does not have."""
        others = f"::{revision}" if self.commit(revision) else "public()"
        return len(self("log", "--rev", f"::. - {others}", "--template", "{node}\n").split())

    def archive(self, revision: str, file: IO[bytes]) -> None:
        """Write the files of a commit, and of its subrepositories, to a binary file as a tar."""
        how = ["--config", "ui.archivemeta=no", "--subrepos", "--no-decode"]
        words = ["--rev", revision, "--type", "tar", "--prefix", ".", "-"]
        self("archive", "--quiet", *how, *words, stdout=file)
