"""What somebody is asked before content comes in, and what is refused, with nothing touched."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.management import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import translation
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import RichTextPage
from travelling_content import PATH, all_rows, exported, imported

from transfer.models import Origin


def test_it_says_what_has_changed_since_it_was_pulled(content):
    pulled = exported("pulled.zip")
    base = f"{pulled['sha256']}.zip"
    Path("pulled.zip").rename(base)
    imported(base, pulled=True)
    BlogPost.objects.filter(pk=content.pk).update(title="Edited here")
    exported(PATH, bases=".")
    imported(base, pulled=True)  # the server is as it was ...
    assert imported(look=True)["newer"] == []
    RichTextPage.objects.create(title="Staff wrote this", slug="staff")
    BlogPost.objects.filter(pk=content.pk).update(content="and this")
    with translation.override("de"):  # all that fab says is in one language
        newer = imported(look=True)["newer"]
    assert "Page: Staff wrote this (not in what is brought)" in newer
    assert [line for line in newer if "A post (changed)" in line]


def test_what_was_agreed_to_holds_only_while_nothing_else_changes(content):
    exported()
    BlogPost.objects.filter(pk=content.pk).update(title="Another")
    agreed = imported(look=True)["digest"]
    RichTextPage.objects.create(title="In between", slug="between")
    with pytest.raises(CommandError, match="changed here meanwhile"):
        imported(agreed=agreed)
    imported(agreed=imported(look=True)["digest"])


def test_what_is_kept_of_any_site_is_asked_for_again(content, place, settings):
    (place / "edits").mkdir()
    settings.PAGE_CACHE_EDITS = place / "edits"
    exported()
    imported()
    marks = [mark.name for mark in settings.PAGE_CACHE_EDITS.iterdir()]
    assert marks
    assert all(map(str.isdigit, marks))  # for all hosts


def test_a_look_changes_nothing(content):
    exported()
    BlogPost.objects.filter(pk=content.pk).update(title="Another")
    before = all_rows()
    assert imported(look=True)["changes"]["blog.blogpost"]["changed"] == 1
    assert all_rows() == before


def test_a_copy_without_accounts_is_not_everything(content):
    exported()
    imported(pulled=True)
    assert not Origin.current().everything
    with pytest.raises(CommandError, match="pulled without accounts"):
        exported(everything=True)
    exported()


def flipped(whole):
    """Return a zip, in bytes, in which a byte of the largest member is another."""
    largest = max(ZipFile(BytesIO(whole)).infolist(), key=lambda info: info.compress_size)
    place = largest.header_offset + 60 + largest.compress_size // 2
    return whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]


@pytest.mark.parametrize(
    "harm", ["cut", "flip", "not a zip", "another zip", "nothing", "newer", "template", "site"]
)
def test_what_is_damaged_or_foreign_is_refused_in_one_line(content, harm, monkeypatch, settings):
    exported()
    whole = Path(PATH).read_bytes()
    before = all_rows()
    if harm == "template":
        monkeypatch.setattr("transfer.versions.template", lambda: "12345678")
        exported()
        monkeypatch.setattr("transfer.versions.template", lambda: "87654321")
    elif harm == "site":
        settings.SITE_ID = 2
    else:
        contents = {
            "cut": whole[: len(whole) // 2],
            "flip": flipped(whole),
            "not a zip": b"x" * 1000,
        }
        Path(PATH).write_bytes(contents.get(harm, b""))
        if harm in ("another zip", "newer"):
            with ZipFile(PATH, "w") as archive:
                archive.writestr("a" if harm == "another zip" else "content.json", '{"format": 2}')
    with pytest.raises(CommandError, match="^Nothing was changed: [^\n]+$"):
        imported()
    settings.SITE_ID = 1
    assert all_rows() == before


def test_content_of_another_state_of_the_migrations_is_refused(content):
    exported()
    recorder = MigrationRecorder(connection)
    recorder.record_applied("blog", "0099_more")
    with pytest.raises(CommandError, match="older state: blog.0099_more was migrated here"):
        imported()
    exported()
    recorder.record_unapplied("blog", "0099_more")
    with pytest.raises(CommandError, match="newer state: blog.0099_more was migrated there"):
        imported()


def test_a_row_that_the_database_refuses_brings_nothing(content, monkeypatch):
    exported()
    BlogPost.objects.update(title="Another")
    before = all_rows()
    empty = lambda table, row: row[: table.pk + 1] + [None] * len(row[table.pk + 1 :])  # noqa: E731
    monkeypatch.setattr("transfer.tables.Table.values", empty)
    with pytest.raises(
        CommandError, match="^Nothing was changed: the database refuses blog.blogpost: .+$"
    ):
        imported()
    assert all_rows() == before
