"""Uploads on their way between two machines: files by what is in them, and only those that differ.

A file that travels is a blob, in a directory of its own under its SHA-256, or as SHA-256.part while
bytes of it are missing. So a transfer that was cut off goes on where it was, and no name of a file
does harm on its way. In a stream each blob is a line of JSON, {"sha256": ..., "offset": ...,
"bytes": ...}, and then so many bytes, from the offset on. Used at both ends.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from .site import Refused

BLOCK = 2**18  # bytes
THUMBNAILS = ".thumbnails"  # made again by whoever asks for them
SHA256 = re.compile(r"[0-9a-f]{64}")
PART = re.compile(r"\.[0-9a-f]{64}\.part")  # of a file that is put in place


class Sink(Protocol):
    """What takes bytes: a file, or a channel of ssh."""

    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> None: ...


class Upload(NamedTuple):
    """A file: which folder it is in, its path there, its size in bytes and its SHA-256."""

    folder: str
    path: str
    size: int
    sha256: str


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checked(values: Iterable[Any]) -> Upload:
    """Return the Upload that the other end tells of; Refused where its SHA-256 leads elsewhere."""
    upload = Upload(*values)
    check(upload.sha256)
    return upload


def check(sha256: str) -> None:
    if not SHA256.fullmatch(sha256):
        raise Refused(f"the other end has named a file {sha256!r}, which is no SHA-256")


def listed(folders: Mapping[str, Path]) -> Iterator[Upload]:
    """Yield the files of the folders, in the order of their names; links are none."""
    for name, folder in folders.items():
        for top, directories, files in os.walk(folder):
            directories[:] = sorted(set(directories) - {THUMBNAILS})
            for path in (Path(top, file) for file in sorted(files) if not PART.fullmatch(file)):
                if path.is_file() and not path.is_symlink():
                    inside = str(path.relative_to(folder))
                    yield Upload(name, inside, path.stat().st_size, digest(path))


def staged(blobs: Path) -> dict[str, int]:
    """Return how many bytes are there under each name: SHA-256, or SHA-256.part."""
    found = blobs.iterdir() if blobs.is_dir() else ()
    return {path.name: path.stat().st_size for path in found}


def offset(upload: Upload, there: Mapping[str, int]) -> int:
    """Return from which byte on a file is to be sent; `there` is what `staged` returned."""
    size = there.get(f"{upload.sha256}.part", 0)
    return size if size <= upload.size else 0


def send(stream: Sink, wanted: Iterable[tuple[Path, Upload, int]]) -> None:
    """Write files to a stream, each a Path, its Upload, and the offset to begin at."""
    for path, upload, offset in wanted:
        size = upload.size - offset
        head = {"sha256": upload.sha256, "offset": offset, "bytes": size}
        stream.write(json.dumps(head).encode() + b"\n")
        with path.open("rb") as file:
            file.seek(offset)
            while size:
                block = file.read(min(BLOCK, size))
                if not block:
                    raise Refused(f"{upload.path} has changed meanwhile; type the same again")
                stream.write(block)
                size -= len(block)
    stream.flush()


def receive(
    stream: IO[bytes], blobs: Path, number: int, told: Callable[[int], object] = lambda size: None
) -> int:
    """Read that many blobs from a stream into a directory; return how many came whole.

    `told` is called with the number of bytes of each block.
    """
    blobs.mkdir(mode=0o700, exist_ok=True)
    whole = 0
    for _ in range(number):
        line = stream.readline()
        if not line.endswith(b"\n"):
            break
        head = json.loads(line)
        check(head["sha256"])
        part = blobs / f"{head['sha256']}.part"
        if not copy(stream, part, head, told):
            break
        if digest(part) == head["sha256"]:
            part.rename(blobs / head["sha256"])
            whole += 1
        else:  # it has changed while it was read
            part.unlink()
    return whole


def copy(
    stream: IO[bytes], part: Path, head: dict[str, Any], told: Callable[[int], object]
) -> bool:
    """Add bytes of a stream to a blob; return whether all of them came."""
    left = head["bytes"]
    with part.open("ab") as file:
        file.truncate(head["offset"])
        while left:
            block = stream.read(min(BLOCK, left))
            if not block:
                return False
            file.write(block)
            told(len(block))
            left -= len(block)
    return True


# Putting them in place


class Placing:
    """Blobs become files of the folders: new ones first, and others when all else is done."""

    def __init__(self, blobs: Path, folders: Mapping[str, Path], kept: Path | None = None) -> None:
        self.blobs, self.folders, self.kept = blobs, folders, kept
        self.added: list[Path] = []
        self.waiting: list[tuple[Path, Path]] = []  # what takes the place, and of which file

    def add(self, uploads: Iterable[Upload]) -> None:
        """Put the files in place that are not there; the others wait beside, for `replace`.

        What is there goes into `kept`, if given. All that needs room on the disk is done here.
        """
        for upload in uploads:
            path = self.path(upload)
            part = self.copied(upload, path)
            if os.path.lexists(path):
                self.waiting.append((part, path))
                self.keep(upload, path)
            else:
                part.rename(path)
                self.added.append(path)

    def undo(self) -> None:
        """Remove what `add` has put in place, or beside."""
        for path in [*self.added, *(part for part, _ in self.waiting)]:
            path.unlink(missing_ok=True)

    def replace(self) -> None:
        """Let the others take the place of what is there."""
        for part, path in self.waiting:
            part.rename(path)
            shutil.rmtree(path.parent / THUMBNAILS / path.name, ignore_errors=True)

    def path(self, upload: Upload) -> Path:
        """Return where a file belongs; Refused where that is outside of its folder."""
        folder = self.folders[upload.folder]
        path = folder / upload.path
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
            raise Refused(f"{upload.path} would be outside of {folder}")
        if path.is_dir():
            raise Refused(f"{upload.path} is a file there, and a folder here")
        for inside in Path(upload.path).parents:
            if (folder / inside).is_file():
                raise Refused(f"{inside} is a folder there, and a file here")
        return path

    def keep(self, upload: Upload, path: Path) -> None:
        if self.kept and path.exists():
            old = self.kept / upload.folder / upload.path
            old.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, old)

    def copied(self, upload: Upload, path: Path) -> Path:
        """Return a copy of a blob beside the path; several files may have the same in them."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()}.part")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        try:
            shutil.copyfile(self.blobs / upload.sha256, part)
            part.chmod(0o600 if upload.folder == "private" else 0o644)
        except FileNotFoundError:
            raise Refused(f"{upload.path} did not come whole; type the same again") from None
        except OSError:
            part.unlink(missing_ok=True)
            raise
        return part
