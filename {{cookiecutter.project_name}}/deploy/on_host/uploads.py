"""Uploads on their way between two machines: files by what is in them, and only those that differ.

A file that travels is a blob, in a directory of its own under its SHA-256, or as SHA-256.part while
bytes of it are missing. So a transfer that was cut off goes on where it was, and no name of a file
does harm on its way. In a stream each blob is a line of JSON, {"sha256": ..., "offset": ...,
"bytes": ...}, and then so many bytes, from the offset on. Used at both ends.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from .site import Refused

BLOCK = 2**18  # bytes
THUMBNAILS = ".thumbnails"  # made again by whoever asks for them


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


def listed(folders: Mapping[str, Path]) -> Iterator[Upload]:
    """Yield the files of the folders, in the order of their names; links are none."""
    for name, folder in folders.items():
        for top, directories, files in os.walk(folder):
            directories[:] = sorted(set(directories) - {THUMBNAILS})
            for path in (Path(top, file) for file in sorted(files)):
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
        self.waiting: list[Upload] = []

    def add(self, uploads: Iterable[Upload]) -> None:
        """Put the files in place that are not there; the others wait for `replace`."""
        for upload in uploads:
            path = self.path(upload)
            if os.path.lexists(path):
                self.waiting.append(upload)
            else:
                self.put(upload, path)
                self.added.append(path)

    def undo(self) -> None:
        """Remove what `add` has put in place."""
        for path in self.added:
            path.unlink(missing_ok=True)

    def replace(self) -> None:
        """Let the others take the place of what is there, which goes into `kept`, if given."""
        for upload in self.waiting:
            path = self.path(upload)
            if self.kept:
                old = self.kept / upload.folder / upload.path
                old.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, old)
            self.put(upload, path)
            shutil.rmtree(path.parent / THUMBNAILS / path.name, ignore_errors=True)

    def path(self, upload: Upload) -> Path:
        """Return where a file belongs; Refused where that is outside of its folder."""
        folder = self.folders[upload.folder]
        path = folder / upload.path
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
            raise Refused(f"{upload.path} would be outside of {folder}")
        return path

    def put(self, upload: Upload, path: Path) -> None:
        """Let a file be as its blob, at once; several files may have the same."""
        path.parent.mkdir(parents=True, exist_ok=True)
        blob = self.blobs / upload.sha256
        part = path.with_name(f".{upload.sha256}.part")
        part.unlink(missing_ok=True)
        try:
            shutil.copyfile(blob, part)
            part.chmod(0o600 if upload.folder == "private" else 0o644)
            part.rename(path)
        except FileNotFoundError:
            raise Refused(f"{upload.path} did not come whole; type the same again") from None
        except OSError:
            part.unlink(missing_ok=True)
            raise
