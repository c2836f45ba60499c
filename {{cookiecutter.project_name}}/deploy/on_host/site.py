"""A site on its server: where its things are, and which release is live."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path


class Refused(Exception):
    """What is wrong, in one line or several: nothing was changed."""


class Site:
    """The project `name`, with its directory `root`. See README.md of deploy/."""

    def __init__(self, name: str, root: str | Path) -> None:
        self.name, self.root = name, Path(root)
        self.state = self.root / "state"
        self.shared = self.root / "shared"
        self.releases = self.root / "releases"
        self.current, self.next = self.root / "current", self.root / "next"

    @property
    def live(self) -> str:
        """The name of the live release; empty where there is none."""
        return os.readlink(self.current).rpartition("/")[2] if self.current.is_symlink() else ""

    def release(self, name: str) -> Path:
        """Return the directory of a release."""
        return self.releases / name

    @property
    def secrets(self) -> dict[str, str]:
        """The keys and the password of the database, a dict; Refused where there are none yet."""
        path = self.shared / "secrets.json"
        if not path.exists():
            raise Refused("There is no site yet; type fab all")
        return json.loads(path.read_text())


def do_all(todo: Iterable[Callable[[], object]]) -> None:
    """Do each thing, also after one that is refused; Refused in the end, with what was said."""
    problems = []
    for work in todo:
        try:
            work()
        except Refused as refused:
            problems.append(str(refused))
    if problems:
        raise Refused("; ".join(dict.fromkeys(problems)))
