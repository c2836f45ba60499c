"""The bucket of the uploads, on the server: where it is, and what is copied there and back."""

import json
import re
from pathlib import Path

import pytest

from deploy.on_host import bucket, deployed, secret_settings, switch
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
case "$*" in *purge*) exit 3; esac
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


def test_without_a_bucket_nothing_is_copied(site, called):
    bucket.fetch(site)
    bucket.send(site)
    bucket.remove_versions(site, [site.shared / "media/lake.jpg"])
    assert bucket.differ(site, "older", "older") == {"differ": False}
    assert bucket.differ(site, "older", "newer") == {"differ": True}
    assert called() == []


def test_uploads_move_there_and_back_and_nothing_is_deleted_in_the_bucket(site, called):
    bucket.move(site, "older", "newer")
    assert [re.search(r" (copy|sync) ", call)[1] for call in called()] == ["copy", "copy"]
    assert f"{site.shared}/media uploads:garden/media" in called()[0]
    bucket.move(site, "newer", "older")
    assert [re.search(r" (copy|sync) ", call)[1] for call in called()[2:]] == ["sync", "sync"]
    assert f"uploads:garden/private {site.shared}/private" in called()[3]


def test_the_versions_of_a_replaced_picture_go(site, called):
    bucket.path(site).write_text(json.dumps(ACCESS))
    bucket.remove_versions(site, [site.shared / "media/uploads/lake.jpg"])
    assert called()[0].endswith("purge uploads:garden/media/uploads/.thumbnails/lake.jpg")


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
    bucket.fetch(site)
    source, target = "uploads:garden/media", f"{site.shared}/media"
    words = [line.split()[-2:] for line in called() if "media" in line]
    assert words == [[source, target], [target, source], [source, target]]
    assert "copy --use-server-modtime --max-age=20" in called()[0]  # what came since
    assert not bucket.behind(site).exists()
    bucket.fetch(site)
    assert len([line for line in called() if "media" in line]) == 4


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
