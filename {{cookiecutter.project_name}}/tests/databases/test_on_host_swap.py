"""A backup that is loaded and what is live change names, or neither does."""

import pytest
from garden_elsewhere import URL

from deploy.on_host import deployed, swap
from deploy.on_host.site import Refused


@pytest.fixture
def loaded(site, sent, monkeypatch):
    """A site elsewhere beside whose database a backup is loaded, with uploads in a bucket."""
    deployed.keep(site, "2", {"DATABASE": URL, "ENVIRONMENT": "staging"})
    monkeypatch.setattr(swap, "beside", lambda site, live, use: f"{live.name}-{use}")
    monkeypatch.setattr(swap.lost_server, "take_over", lambda *_: [])
    calls = site.calls = []
    monkeypatch.setattr(swap.bucket, "live", lambda site: {"bucket": "garden"})
    monkeypatch.setattr(swap.bucket, "fetch", lambda site, place: calls.append("fetch"))
    monkeypatch.setattr(swap.bucket, "send", lambda site, exact: calls.append(uploads(site)))
    for name, text in (("media", "live"), ("media-restoring", "backup")):
        (site.shared / name).mkdir()
        (site.shared / name / "file").write_text(text)
    return site


def uploads(site):
    return (site.shared / "media/file").read_text()


def test_the_uploads_of_a_backup_go_into_the_bucket_when_the_databases_have_changed(loaded, sent):
    assert swap.run(loaded) == {"kept": "garden-before-restore", "secrets": []}
    assert loaded.calls == ["fetch", "backup"]
    marks = [sql for sql in sent.statements if "VALUES" in sql]
    assert "VALUES ('garden', 'staging')" in marks[0]
    assert not (loaded.state / "uploads-behind").exists()


def test_a_session_that_cannot_be_ended_leaves_all_as_it_was(loaded, sent):
    sent.refused["RENAME"] = "is being accessed by other users\nDETAIL: There is 1 other session"
    refused = swap.run(loaded)["refused"]
    assert "stays as it is: psql: is being accessed by other users DETAIL: There is 1" in refused
    assert "let its superuser type there SELECT pg_terminate_backend" in refused
    assert loaded.calls == ["fetch"]
    assert uploads(loaded) == "live"
    assert sent.statements[-1].endswith("ALLOW_CONNECTIONS true")
    (ended,) = [sql for sql in sent.statements if "pg_terminate" in sql]
    assert ended.endswith("pg_has_role(usesysid, 'MEMBER')")  # no process of the server itself


def test_a_bucket_that_takes_no_uploads_brings_all_back(loaded, sent, monkeypatch):
    def send(site, exact):
        loaded.calls.append(uploads(site))
        if uploads(site) == "backup":
            raise Refused("the bucket garden is away")

    monkeypatch.setattr(swap.bucket, "send", send)
    assert swap.run(loaded) == {"refused": "the bucket garden is away"}
    assert loaded.calls == ["fetch", "backup", "live"]
    assert (loaded.shared / "media-restoring/file").read_text() == "backup"
    back = [sql for sql in sent.statements if "RENAME" in sql][-1]
    assert 'ALTER DATABASE "garden" RENAME TO "garden-restoring"' in back
    assert 'ALTER DATABASE "garden-before-restore" RENAME TO "garden"' in back


def test_a_bucket_that_cannot_be_read_is_told_before_anything_is_touched(loaded, sent, monkeypatch):
    def fetch(site, place):
        raise Refused("the bucket garden is away")

    monkeypatch.setattr(swap.bucket, "fetch", fetch)
    assert swap.run(loaded) == {"refused": "the bucket garden is away"}
    assert not [sql for sql in sent.statements if "RENAME" in sql or "DROP" in sql]


def test_a_restore_that_is_killed_leaves_word_that_the_bucket_is_behind(loaded, monkeypatch):
    def send(site, exact):
        raise KeyboardInterrupt

    monkeypatch.setattr(swap.bucket, "send", send)
    with pytest.raises(KeyboardInterrupt):
        swap.run(loaded)
    assert (loaded.state / "uploads-behind").exists()
    assert uploads(loaded) == "backup"
