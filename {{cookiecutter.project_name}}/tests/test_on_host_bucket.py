"""The bucket of the uploads, on the server: where it is, and what is copied there and back."""

import json
import re
from pathlib import Path

import pytest

from deploy.on_host import bucket, deployed, moving_uploads, secret_settings, switch
from deploy.on_host.site import Refused, Site

HERE = Path(__file__).parents[1]
ADDRESS = "s3://garden?endpoint=https://s3.example&region=eu-central-1"
ACCESS = {
    "bucket": "garden",
    "endpoint": "https://s3.example",
    "region": "eu-central-1",
    "id": "AKIA'1",
    "secret": "a'b\\c",
}
# What stands for rclone: it writes down how it was called, and fails for the bucket nowhere.
RCLONE = """#!/bin/sh
echo "$*" >>"$(dirname "$0")/called"
case "$*" in *nowhere*)
    printf '2026/11/30 06:00:00 ERROR : No: %s\\n' "$RCLONE_CONFIG_UPLOADS_SECRET_ACCESS_KEY" >&2
    exit 1
esac
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site with two releases; the older has its uploads on the server."""
    site = Site("garden", tmp_path / "garden")
    for path in (site.state, site.shared / "media", site.shared / "private"):
        path.mkdir(parents=True)
    monkeypatch.setattr(secret_settings, "keep", lambda site, values: None)
    keys = {
        key: repr(ACCESS[name]) for key, name in zip(bucket.KEYS, ("id", "secret"), strict=True)
    }
    secret_settings.in_force(site).write_text(json.dumps(keys))
    deployed_with(site, "older", {})
    deployed_with(site, "newer", {"UPLOADS": ADDRESS})
    return site


def deployed_with(site, release, fabric):
    (site.state / "fabric").mkdir(exist_ok=True)
    (site.state / "fabric" / f"{release}.json").write_text(json.dumps(fabric))
    assert deployed.kept(site, release) == fabric


@pytest.fixture
def called(tmp_path, monkeypatch):
    """A function that returns how rclone was called so far, a list of str."""
    program = tmp_path / "bin/rclone"
    program.parent.mkdir()
    program.write_text(RCLONE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setattr(bucket.os, "geteuid", lambda: 1000)
    path = program.parent / "called"
    return lambda: path.read_text().splitlines() if path.exists() else []


def test_a_release_has_its_uploads_where_it_was_deployed_with(site):
    assert bucket.of_release(site, "older") is None
    assert bucket.of_release(site, "newer") == ACCESS
    secret_settings.in_force(site).write_text("{}")
    with pytest.raises(Refused, match="type fab secret AWS_ACCESS_KEY_ID"):
        bucket.of_release(site, "newer")


def test_who_reads_where_the_uploads_are_cannot_write_it(site, monkeypatch):
    written = {}

    def write(path, text, owner, mode):
        written[path.name] = f"{owner} {mode:o}"
        path.write_text(text)

    monkeypatch.setattr(bucket, "write", write)
    bucket.note(site, "newer")
    assert written == {
        "uploads.json": "root:www-data 440",
        "uploads-of-site.json": "root:garden 440",
    }
    assert bucket.live(site) == ACCESS
    monkeypatch.setattr(bucket.os, "access", lambda path, _: path.name != "uploads.json")
    assert bucket.live(site) == ACCESS  # for the site's user
    bucket.note(site, "older")
    assert bucket.live(site) is None
    assert list(site.state.glob("uploads*")) == []


def test_without_a_bucket_nothing_is_copied(site, called):
    files = [site.shared / "media/lake.jpg"]
    moving_uploads.bring_here(site)
    bucket.send(site)
    bucket.send_files(site, files)
    bucket.delete_files(site, files)
    bucket.forget_versions(site, files)
    assert called() == []


def test_a_release_takes_its_uploads_along_where_it_has_them_in_another_place(site):
    same = {"UPLOADS": ADDRESS.replace("s3.example&region=eu-central-1", "S3.example")}
    deployed_with(site, "same", same)
    differ = {
        (before, after): moving_uploads.differ(site, before, after)["differ"]
        for before in ("", "older", "newer")
        for after in ("older", "newer", "same")
    }
    assert [pair for pair, moves in differ.items() if moves] == [
        *[("older", "newer"), ("older", "same"), ("newer", "older")]
    ]


def test_what_changed_in_both_places_stays_as_it_is_in_the_live_one():
    had, live_had = {"a": [1, 1], "b": [1, 1], "c": [1, 1], "d": [1, 1]}, {"a": [1, 7], "b": [1, 7]}
    there = {"a": [1, 2], "b": [1, 2], "c": [1, 1], "e": [1, 2], "f": [1, 2]}
    here = {"a": [1, 7], "b": [1, 8], "f": [1, 8]}
    assert moving_uploads.changes(had, there, live_had, here) == (["a", "e"], [])
    assert moving_uploads.changes(had, {}, live_had, here) == ([], ["a"])


def test_the_keys_are_in_no_argument_and_in_no_message(site, called):
    with pytest.raises(Refused) as refused:
        bucket.send(site, ACCESS | {"bucket": "nowhere"})
    assert str(refused.value) == "the bucket nowhere at https://s3.example: No: ***"
    assert called()
    assert not any(ACCESS["secret"] in call or ACCESS["id"] in call for call in called())


def test_nginx_names_the_types_of_uploads_alike_on_the_server_and_in_a_bucket():
    conf = (HERE / "deploy/nginx.conf.template").read_text("utf-8")
    block = re.search(r"location /media/ \{.*?types \{(.*?)\}", conf, re.S)[1]
    here = {
        end: type
        for type, ends in re.findall(r"(\S+/\S+) ([\w ]+);", block)
        for end in ends.split()
    }
    script = (HERE / "deploy/uploads.js.template").read_text("utf-8")
    there = re.findall(r"(\w+): '(\w+/[^']+)'", re.search(r"TYPES = \{(.*?)\}", script, re.S)[1])
    assert here == dict(there)
    assert len(here) > 20


def test_uploads_that_the_disk_has_no_room_for_are_not_fetched(site, called, tmp_path):
    (tmp_path / "bin/rclone").write_text("#!/bin/sh\necho as set by --max-transfer >&2; exit 8\n")
    with pytest.raises(Refused, match="disk full: no room for the uploads in the bucket garden"):
        bucket.fetch(site, ACCESS)


def test_a_bucket_that_a_restore_has_left_behind_is_filled_before_it_is_read(
    site, called, monkeypatch
):
    monkeypatch.setattr(bucket, "live", lambda site: ACCESS)
    bucket.behind(site).touch()
    bucket.fetch(site, ACCESS)
    source, target = "uploads:garden/media", f"{site.shared}/media"
    words = [line.split()[-2:] for line in called() if "media" in line]
    assert words == [[source, target], [target, source], [source, target]]
    assert "copy --use-server-modtime --max-age=20" in called()[0]  # what came since
    assert not bucket.behind(site).exists()
    bucket.fetch(site, ACCESS)
    assert len([line for line in called() if "media" in line]) == 4


def test_a_restore_that_was_cut_off_between_two_folders_empties_no_bucket(
    site, called, monkeypatch
):
    monkeypatch.setattr(bucket, "live", lambda site: ACCESS)
    bucket.behind(site).touch()
    (site.shared / "media").rename(site.shared / "media-before-restore")
    with pytest.raises(Refused, match="type fab restore again"):
        bucket.fetch(site, ACCESS)
    assert not called()
    assert bucket.behind(site).exists()


def test_a_symbolic_link_does_not_stay_behind_in_silence_when_uploads_move(site, called):
    (site.shared / "media/archive").symlink_to("/mnt/archive")
    with pytest.raises(Refused, match="media/archive is a symbolic link"):
        moving_uploads.copy(site, None, ACCESS)
    assert not called()


def test_a_release_whose_bucket_has_no_keys_is_undone_with_what_was_changed(site, monkeypatch):
    site.current.symlink_to("releases/older")
    secret_settings.in_force(site).write_text("{}")
    monkeypatch.setattr(switch.certificate, "combine", lambda site: None)
    monkeypatch.setattr(switch.rights, "settle", lambda site: None)
    monkeypatch.setattr(switch, "keep_program", lambda site: None)
    put_back = []
    monkeypatch.setattr(switch.secret_settings, "put_back", lambda site: put_back.append(site))
    relay = switch.Switch(site, "newer", 8000, "garden.example", "garden", False)
    monkeypatch.setattr(relay.processes, "start_cache", lambda: None)
    with pytest.raises(switch.Failed, match="type fab secret AWS_ACCESS_KEY_ID") as failed:
        relay.configure()
    relay.journal["error"] = str(failed.value)
    relay.undo()
    assert put_back == [site]
    assert relay.journal["error"] == str(failed.value)  # and nothing more
