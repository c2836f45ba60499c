"""On the server, with rclone and a server of S3: uploads move with a release, and none is lost."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import boto3
import pytest
from deploy.on_host import bucket, bucket_claims, content, moving_uploads, secret_settings
from deploy.on_host.site import Refused, Site
from deploy.on_host.uploads import Upload, digest

ENDPOINT = os.environ["OBJECT_STORE"]
STRANGE = "Täg #1 %2F a+b [x]{y}*?.gif"
LONGEST = "ä" * 125 + ".jpg"  # bytes: a disk takes no more than 255


class Server(Site):
    """A site whose releases are named after where they have their uploads: server, one or two."""

    def __init__(self, root):
        super().__init__("garden", root)
        for path in (self.state / "fabric", self.shared / "transfer/blobs"):
            path.mkdir(parents=True)
        for name in bucket.FOLDERS:
            (self.shared / name).mkdir()
        of_this_test = uuid4().hex
        for name in ("server", "one", "two"):
            bucket_of_it = f"s3://{name}-{of_this_test}?endpoint={ENDPOINT}"
            address = "" if name == "server" else bucket_of_it
            path = self.state / f"fabric/{name}.json"
            path.write_text(json.dumps({"UPLOADS": address}))
        keys = {key: repr(os.environ[key]) for key in bucket.KEYS}
        secret_settings.in_force(self).write_text(json.dumps(keys))

    def go_live(self, release):
        self.current.unlink(missing_ok=True)
        self.current.symlink_to(f"releases/{release}")
        bucket.note(self, release)

    def put(self, release, path, text):
        """Write a file, as the site does where that release has its uploads."""
        if place := bucket.of_release(self, release):
            there = bucket.there(place, f"media/{path}")
            bucket.rclone(self, "media", place, "rcat", there, input=text)
        else:
            (self.shared / "media" / path).parent.mkdir(parents=True, exist_ok=True)
            (self.shared / "media" / path).write_text(text)

    def delete(self, release, path):
        bucket.delete(self, "media", bucket.of_release(self, release), [path])

    def has(self, release):
        """Return the uploads, a dict of texts by path."""
        place, top = bucket.of_release(self, release), self.shared / "media"
        if place:
            top = self.root / "seen"
            words = ["sync", bucket.there(place, "media"), top]
            bucket.rclone(self, "media", place, *words)
        paths = (path for path in top.rglob("*") if path.is_file())
        return {str(path.relative_to(top)): path.read_text() for path in paths}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A server, with two buckets that are empty."""
    monkeypatch.setattr(bucket.os, "geteuid", lambda: 1000)
    for module in (bucket, moving_uploads):
        monkeypatch.setattr(module, "write", lambda path, text, *_, **__: path.write_text(text))
    site = Server(tmp_path / "srv")
    store = boto3.client("s3", endpoint_url=ENDPOINT, region_name="eu-central-1")
    for name in ("one", "two"):
        store.create_bucket(Bucket=bucket.of_release(site, name)["bucket"])
    return site


WAYS = [("server", "one"), ("one", "server"), ("one", "two")]


@pytest.mark.parametrize(("before", "after"), WAYS)
def test_what_changes_while_uploads_move_is_so_in_the_new_place(site, before, after):
    for path in ("lake.jpg", "both.jpg", "gone.jpg", f"summer/{STRANGE}", LONGEST, "empty.txt"):
        site.put(before, path, "" if path == "empty.txt" else "old")
    site.put(after, "of an earlier time.jpg", "earlier")
    earlier = site.has(after)
    site.go_live(before)
    moving_uploads.begin(site, before, after)
    assert site.has(after) == site.has(before) | (earlier if after != "server" else {})
    for path in ("lake.jpg", "both.jpg", f"summer/{STRANGE}"):  # by the release before
        site.put(before, path, "newer")
    site.put(before, "came.jpg", "came")
    site.delete(before, "gone.jpg")
    site.go_live(after)
    site.put(after, "both.jpg", "newest")  # by the one that took over
    site.put(after, "last.jpg", "last")
    site.delete(after, LONGEST)
    moving_uploads.finish(site)
    wanted = {"lake.jpg": "newer", "both.jpg": "newest", f"summer/{STRANGE}": "newer"}
    wanted |= {"came.jpg": "came", "last.jpg": "last", "empty.txt": ""}
    assert site.has(after) == wanted | (earlier if after != "server" else {})
    assert not moving_uploads.mark(site).exists()


@pytest.mark.parametrize(("before", "after"), WAYS)
def test_what_came_to_a_release_that_was_taken_back_is_kept(site, before, after):
    site.put(before, "lake.jpg", "old")
    site.go_live(before)
    moving_uploads.begin(site, before, after)
    site.put(after, "came.jpg", "came")  # while visitors were there
    moving_uploads.finish(site)
    assert site.has(before) == {"lake.jpg": "old", "came.jpg": "came"}


def test_versions_of_a_picture_go_where_it_was_replaced(site):
    site.put("server", "lake.jpg", "old")
    site.put("server", "a/pond.jpg", "old")
    site.put("one", ".thumbnails/lake.jpg/lake-9x9.jpg", "of another time")
    for path in (".thumbnails/lake.jpg/lake-1x1.jpg", "a/.thumbnails/pond.jpg/pond-1x1.jpg"):
        site.put("server", path, "small")
    site.go_live("server")
    moving_uploads.begin(site, "server", "one")
    small = {path for path in site.has("one") if "lake-" in path}
    assert small == {".thumbnails/lake.jpg/lake-1x1.jpg"}
    site.put("server", "lake.jpg", "newer")
    site.go_live("one")
    moving_uploads.finish(site)
    assert set(site.has("one")) == {
        *("lake.jpg", "a/pond.jpg", "a/.thumbnails/pond.jpg/pond-1x1.jpg")
    }


def test_where_the_end_of_a_move_fails_a_backup_brings_what_came_before_it_copies(
    site, monkeypatch
):
    site.put("server", "lake.jpg", "old")
    site.go_live("server")
    moving_uploads.begin(site, "server", "one")
    site.put("server", "came.jpg", "came")
    site.go_live("one")
    with monkeypatch.context() as away:
        away.setattr(bucket, "copy", refuse)
        with pytest.raises(Refused, match="away"):
            moving_uploads.finish(site)
        with pytest.raises(Refused, match="from the server to one-.* is not brought along yet"):
            moving_uploads.bring_here(site)
        assert (site.shared / "media/came.jpg").exists()
    moving_uploads.bring_here(site)
    assert site.has("one") == site.has("server") == {"lake.jpg": "old", "came.jpg": "came"}


def refuse(*_, **__):
    raise Refused("away")


def test_a_release_that_was_cut_off_leaves_the_uploads_of_the_live_one_alone(site):
    site.put("server", "lake.jpg", "old")
    site.go_live("server")
    moving_uploads.begin(site, "server", "one")
    bucket.note(site, "one")  # and there it was killed
    site.put("server", "came.jpg", "came")
    moving_uploads.bring_here(site)
    assert site.has("server") == {"lake.jpg": "old", "came.jpg": "came"}


@pytest.mark.parametrize("name", ["a\nb.jpg", "a\x7f.jpg", os.fsdecode(b"\xff.jpg")])
def test_a_name_that_no_object_can_have_is_told_before_anything_is_copied(site, name):
    site.put("server", name, "x")
    site.put("server", "lake.jpg", "x")
    with pytest.raises(Refused, match=r"the name of the file '.*' has a line break or another"):
        moving_uploads.begin(site, "server", "one")
    assert site.has("one") == {}


# Content that is pushed


def bring(site, monkeypatch, files, answer=lambda *_: {"changes": {}}):
    """Let content come with these files, by path; `answer` stands for the command of Django."""
    uploads = []
    for path, text in files.items():
        blob = site.shared / "transfer/blobs/new"
        blob.write_text(text)
        uploads.append(Upload("media", path, len(text), digest(blob)))
        blob.rename(blob.with_name(uploads[-1].sha256))
    monkeypatch.setattr(content, "manage", answer)
    content.bring(site, "0" * 64, uploads, "agreed")


def test_a_push_sends_its_own_files_and_no_older_ones(site, monkeypatch):
    for path in ("lake.jpg", "pond.jpg", ".thumbnails/lake.jpg/small.jpg"):
        site.put("one", path, "old")
    site.put("one", ".thumbnails/pond.jpg/small.jpg", "old")
    site.go_live("one")
    moving_uploads.bring_here(site)
    site.put("one", "pond.jpg", "newer")  # by staff, while somebody pushes
    bring(site, monkeypatch, {"lake.jpg": "pushed", f"new/{STRANGE}": "new"})
    assert site.has("one") == {
        "lake.jpg": "pushed",
        "pond.jpg": "newer",
        f"new/{STRANGE}": "new",
        ".thumbnails/pond.jpg/small.jpg": "old",
    }


def test_a_push_that_is_refused_leaves_nothing_in_the_bucket(site, monkeypatch):
    site.put("one", "lake.jpg", "old")
    site.go_live("one")
    moving_uploads.bring_here(site)
    with pytest.raises(Refused):
        bring(site, monkeypatch, {"lake.jpg": "pushed", "new.jpg": "new"}, refuse)
    assert site.has("one") == {"lake.jpg": "old"}


# Whose bucket it is


def test_a_bucket_is_of_one_environment_of_one_project(site):
    address, place = bucket.address_of(site, "two"), bucket.of_release(site, "two")
    for _ in range(2):
        bucket_claims.ready(site, address, "production")
    with pytest.raises(
        Refused, match=r"the bucket two-.* has the uploads of garden \(production\)"
    ):
        bucket_claims.ready(site, address, "staging")
    bucket.rclone(site, "media", place, "deletefile", bucket.there(place, ".of.garden.production"))
    site.put("two", "lake.jpg", "whose?")
    with pytest.raises(Refused, match=r"has media/ already.*make an empty object \.of\.garden"):
        bucket_claims.ready(site, address, "production")
    site.delete("two", "lake.jpg")


def test_two_hosts_may_prove_a_bucket_at_the_same_time(site, monkeypatch):
    address, rclone, both = bucket.address_of(site, "two"), bucket.rclone, Barrier(2, timeout=60)

    def together(site, what, place, *words, **more):
        if words[0] == "deletefile":
            both.wait()
        return rclone(site, what, place, *words, **more)

    monkeypatch.setattr(bucket, "rclone", together)
    with ThreadPoolExecutor(2) as pool:
        hosts = [pool.submit(bucket_claims.ready, site, address, "production") for _ in range(2)]
    assert [host.result() for host in hosts] == [{}, {}]


@pytest.mark.parametrize(
    ("change", "told"),
    [({"AWS_SECRET_ACCESS_KEY": "wrong"}, "the bucket one"), ({"bucket": "none"}, "bucket none")],
)
def test_a_bucket_that_cannot_be_used_is_told_in_a_line(site, change, told):
    keys = {key: repr(change.get(key, os.environ[key])) for key in bucket.KEYS}
    secret_settings.in_force(site).write_text(json.dumps(keys))
    address = bucket.address_of(site, "one")
    if "bucket" in change:
        address = f"s3://none?endpoint={ENDPOINT}"
    with pytest.raises(Refused, match=told) as refused:
        bucket_claims.ready(site, address, "production")
    assert "\n" not in str(refused.value)
    assert "wrong" not in str(refused.value)
