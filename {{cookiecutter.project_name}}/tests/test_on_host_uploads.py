"""Uploads that travel: only what differs, under any name, and on from where a line was cut."""

import errno
import hashlib
import io
import json
import os

import pytest

from deploy.on_host import content, uploads
from deploy.on_host.site import Refused, Site
from deploy.on_host.uploads import Placing, Upload

NAMES = ["plain.jpg", "deep/er/straße 中 %s #?'\".jpg", "-rf", "new\nline", b"\xff.gif"]


@pytest.fixture
def media(tmp_path):
    """A folder with files of odd names."""
    folder = tmp_path / "media"
    for number, name in enumerate(NAMES):
        path = folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number * 1000)
    return folder


@pytest.fixture
def blobs(tmp_path):
    return tmp_path / "blobs"


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def stream_of(media, there=None):
    """Return the files of a folder as a stream, and as Uploads; `there` are blobs that need not."""
    stream, found = io.BytesIO(), [*uploads.listed({"media": media})]
    found = [Upload(*each) for each in json.loads(json.dumps(found))]  # as over the line
    there = there or {}
    wanted = [each for each in found if each.sha256 not in there]
    uploads.send(stream, [(media / f.path, f, uploads.offset(f, there)) for f in wanted])
    return stream.getvalue(), found


def came(blobs, data):
    """Let a blob be there; return its SHA-256."""
    sha256 = hashlib.sha256(data).hexdigest()
    blobs.mkdir(exist_ok=True)
    (blobs / sha256).write_bytes(data)
    return sha256


def placed(blobs, target, found, **options):
    placing = Placing(blobs, {"media": target}, **options)
    placing.add(found)
    placing.replace()


def test_files_of_any_name_arrive_as_they_are(media, blobs, tmp_path):
    stream, found = stream_of(media)
    assert uploads.receive(io.BytesIO(stream), blobs, len(found)) == len(NAMES)
    placed(blobs, tmp_path / "there", found)
    assert files_of(tmp_path / "there") == files_of(media)


def test_a_transfer_goes_on_where_it_was_cut(media, blobs, tmp_path):
    stream, found = stream_of(media)
    for size in (1, len(stream) // 3, len(stream) // 2, len(stream) - 1):
        uploads.receive(io.BytesIO(stream[:size]), blobs, len(found))
        there = uploads.staged(blobs)
        rest, _ = stream_of(media, there)
        assert sum(there.values()) <= size
        assert len(rest) <= len(stream) - sum(there.values()) + 10 * len(found)
    assert uploads.receive(io.BytesIO(rest), blobs, 1) == 1
    placed(blobs, tmp_path / "there", found)
    assert files_of(tmp_path / "there") == files_of(media)


def test_what_arrives_as_another_file_is_not_taken(media, blobs):
    stream, found = stream_of(media)
    assert uploads.receive(io.BytesIO(stream.replace(b"111", b"112")), blobs, 5) == len(NAMES) - 1


def test_a_file_that_gets_shorter_meanwhile_is_named(media):
    found = [*uploads.listed({"media": media})]
    for each in found:
        os.truncate(media / each.path, 10)
    with pytest.raises(Refused, match="has changed meanwhile"):
        uploads.send(io.BytesIO(), [(media / each.path, each, 0) for each in found])


def test_thumbnails_and_links_do_not_travel_and_old_thumbnails_go(media, blobs, tmp_path):
    thumbnails = media / ".thumbnails/plain.jpg"
    thumbnails.mkdir(parents=True)
    (thumbnails / "plain-10x10.jpg").touch()
    (media / "link").symlink_to("/etc/passwd")
    stream, found = stream_of(media)
    assert len(found) == len(NAMES)
    uploads.receive(io.BytesIO(stream), blobs, len(found))
    placed(blobs, media, found)
    assert not thumbnails.exists()


def test_new_files_come_first_and_go_again_where_the_rest_fails(media, blobs, tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    (there / "plain.jpg").write_text("old")
    stream, found = stream_of(media)
    uploads.receive(io.BytesIO(stream), blobs, len(found))
    placing = Placing(blobs, {"media": there}, kept=tmp_path / "kept")
    placing.add(found)
    assert len([*uploads.listed({"media": there})]) == len(NAMES)
    assert (there / "plain.jpg").read_text() == "old"
    placing.undo()
    assert files_of(there) == {"plain.jpg": b"old"}
    placed(blobs, there, found, kept=tmp_path / "kept")
    assert files_of(there) == files_of(media)
    assert files_of(tmp_path / "kept") == {"media/plain.jpg": b"old"}


@pytest.mark.parametrize("path", ["../outside", "/outside", "link/inside"])
def test_nothing_is_written_outside_of_the_folder(media, blobs, tmp_path, path):
    (media / "link").symlink_to(tmp_path)
    blobs.mkdir()
    (blobs / "x").touch()
    with pytest.raises(Refused, match="outside of"):
        placed(blobs, media, [Upload("media", path, 0, "x")])


def test_what_did_not_come_whole_is_named(media, blobs):
    blobs.mkdir()
    with pytest.raises(Refused, match="new.jpg did not come whole"):
        placed(blobs, media, [Upload("media", "new.jpg", 5, "x")])


def test_a_disk_that_is_full_leaves_all_as_it_was(media, blobs, tmp_path, monkeypatch):
    before = files_of(media)
    new, other = (Upload("media", f"{name}.jpg", 1, came(blobs, b"x")) for name in ("new", "plain"))
    placing = Placing(blobs, {"media": media}, kept=tmp_path / "kept")
    placing.add([new, other])
    with monkeypatch.context() as patch:
        patch.setattr(uploads.shutil, "copyfile", full)
        with pytest.raises(OSError, match="No space left"):
            placing.add([other._replace(path="deep/another.jpg")])
    placing.undo()
    assert files_of(media) == before


def test_once_the_copies_are_there_nothing_needs_room(media, blobs, monkeypatch):
    placing = Placing(blobs, {"media": media})
    placing.add([Upload("media", "plain.jpg", 1, came(blobs, b"x"))])
    monkeypatch.setattr(uploads.shutil, "copyfile", full)
    placing.replace()
    assert (media / "plain.jpg").read_bytes() == b"x"


def full(source, target):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_never_takes_the_place_of_a_folder(media, blobs):
    (media / "folder").mkdir()
    with pytest.raises(Refused, match="folder is a file there, and a folder here"):
        placed(blobs, media, [Upload("media", "folder", 1, came(blobs, b"x"))])


def test_nor_does_a_folder_take_the_place_of_a_file(media, blobs):
    there = files_of(media)
    found = [Upload("media", name, 1, came(blobs, b"x")) for name in ("new", "plain.jpg/a/b.jpg")]
    placing = Placing(blobs, {"media": media})
    with pytest.raises(Refused, match=r"^plain.jpg is a folder there, and a file here$"):
        placing.add(found)
    placing.undo()
    assert files_of(media) == there


def test_media_are_for_the_web_server_and_private_files_are_not(blobs, tmp_path):
    sha256, folders = came(blobs, b"x"), {name: tmp_path / name for name in ("media", "private")}
    placing = Placing(blobs, folders)
    placing.add(Upload(name, "deep/file", 1, sha256) for name in folders)
    modes = [(folder / "deep/file").stat().st_mode & 0o777 for folder in folders.values()]
    assert modes == [0o644, 0o600]


def test_the_other_end_names_no_file_of_this_machine_as_a_blob(blobs, tmp_path):
    (tmp_path / "secret").write_text("x")
    with pytest.raises(Refused, match="no SHA-256"):
        uploads.checked(["media", "picture.jpg", 1, "../secret"])
    head = json.dumps({"sha256": "../secret", "offset": 0, "bytes": 1}).encode()
    with pytest.raises(Refused, match="no SHA-256"):
        uploads.receive(io.BytesIO(head + b"\nx"), blobs, 1)
    assert not (tmp_path / "secret.part").exists()


def test_what_would_leave_the_site_no_room_is_not_received(tmp_path):
    (tmp_path / "shared/transfer").mkdir(parents=True)
    with pytest.raises(Refused, match="disk full: .* MB are needed"):
        content.receive(Site("garden", tmp_path), number=1, room=10**18)
