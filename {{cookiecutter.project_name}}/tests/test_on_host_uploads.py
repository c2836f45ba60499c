"""Uploads that travel: only what differs, under any name, and on from where a line was cut."""

import io
import json
import os

import pytest

from deploy.on_host import uploads
from deploy.on_host.site import Refused
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
    assert len(files_of(there)) == len(NAMES)
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
