"""What belongs to one visitor is exported and deleted: by a command, and in the admin."""

import gc
import json
from datetime import timedelta
from importlib import import_module
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.conf import settings as project_settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.urls import reverse
from django.utils.timezone import now
from mezzanine.blog.models import BlogPost
from mezzanine.forms import fields, forms
from mezzanine.forms.models import Field, Form, FormEntry
from mezzanine.generic.models import Rating, ThreadedComment
from mezzanine.utils.sites import override_current_site_id

from mail.models import QueuedMail
from staff.checks import check_files

pytestmark = pytest.mark.usefixtures("mezzanines_defaults", "in_english")

ANNA = "anna@guest.example"
ADDRESS = "admin:visitors_visitor_changelist"


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """Where files of entries are while a test runs."""
    storage = FileSystemStorage(location=tmp_path)
    monkeypatch.setattr(forms, "fs", storage)
    return tmp_path


def comment(post, email, **options):
    fields = {"user_name": email, "user_email": email, "comment": "Text", "submit_date": now()}
    return post.comments.create(**fields, **options)


def enter(email, title="Jobs"):
    """Make an entry of a form with a file; return it."""
    form = Form.objects.filter(title=title).first() or Form.objects.create(title=title)
    entry = form.entries.create(entry_time=now())
    for label, kind in (("Mail", fields.EMAIL), ("File", fields.FILE)):
        field, _ = Field.objects.get_or_create(form=form, label=label, field_type=kind)
        path = f"forms/00000000-0000-0000-0000-{entry.pk:012}/a.pdf"
        value = email if kind == fields.EMAIL else forms.fs.save(path, ContentFile(b"a letter"))
        entry.fields.create(field_id=field.pk, value=value)
    return entry


@pytest.fixture
def anna(db, add_site, browse, settings):
    """An account with comments, entries, ratings and a session, on two sites; others have some."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    user = get_user_model().objects.create_user("anna", ANNA, "secret")
    post = BlogPost.objects.get()
    first = comment(post, "Anna@Guest.example")
    comment(post, "bert@guest.example", replied_to=first)
    comment(post, "other", user=user)
    enter(ANNA)
    enter("bert@guest.example")
    with override_current_site_id(add_site("two.example").pk):
        enter(ANNA, "Of two")
    post.rating.create(value=5, user=user)
    post.rating.create(value=1)
    browse("anna")  # logs in
    for address in (ANNA.upper(), "bert@guest.example"):
        mail = {"recipient": address, "sender": "us", "content": "secret link"}
        QueuedMail.objects.create(site_id=1, subject="Welcome", **mail)
    return user


COUNTS = {"accounts": 1, "comments": 2, "entries of forms": 2, "e-mails": 1}
COUNTS |= {"ratings": 1, "sessions": 1}
SAID = ", ".join(f"{count} {name}" for name, count in COUNTS.items())


def read(file):
    """Return the data and the names of files in an export."""
    with ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name != "data.json"]
        assert {archive.read(name) for name in names} <= {b"a letter"}
        return json.loads(archive.read("data.json")), names


@pytest.mark.parametrize("who", [ANNA, ANNA.upper()])
def test_a_command_exports_all_of_a_visitor(anna, tmp_path, who):
    file, out = tmp_path / "anna.zip", StringIO()
    call_command("exportvisitor", who, str(file), stdout=out)
    assert SAID in out.getvalue()
    data, names = read(file)
    (account,) = data["accounts"]
    assert (account["username"], account["email"]) == ("anna", ANNA)
    assert "password" not in account
    assert len(data["comments"]) == len(data["entries"]) == len(names) == 2
    assert {entry["form"] for entry in data["entries"]} == {"Jobs", "Of two"}
    assert data["entries"][0]["fields"][0] == {"label": "Mail", "value": ANNA}
    assert data["ratings"][0]["value"] == 5
    assert data["e-mails"][0]["subject"] == "Welcome"
    assert "secret link" not in json.dumps(data)
    assert "bert" not in json.dumps(data)
    with pytest.raises(CommandError, match="cannot be written: File exists"):
        call_command("exportvisitor", who, str(file))


def test_by_a_name_nothing_is_found_that_another_wrote_under_the_same_address(anna, tmp_path):
    get_user_model().objects.create_user("mallory", ANNA, "secret")
    get_user_model().objects.create_user("ANNA", "another@guest.example", "secret")
    file, out = tmp_path / "mallory.zip", StringIO()
    call_command("exportvisitor", "mallory", str(file), stdout=out)
    data, names = read(file)
    assert [account["username"] for account in data["accounts"]] == ["mallory"]
    assert data["comments"] == data["entries"] == data["e-mails"] == names == []
    call_command("deletevisitor", "anna", interactive=False, stdout=StringIO())
    assert {*get_user_model().objects.values_list("username", flat=True)} >= {"mallory", "ANNA"}


def rest():
    """Assert that nothing of anna is there, and all of the others."""
    assert not get_user_model().objects.filter(username="anna").exists()
    empty, bert = ThreadedComment.objects.order_by("pk")
    assert (empty.user_name, empty.user_email, empty.comment) == ("", "", "")
    assert empty.is_removed
    assert bert.replied_to == empty
    assert FormEntry.objects.count() == QueuedMail.objects.count() == 1
    assert [rating.value for rating in Rating.objects.all()] == [1]
    assert BlogPost.objects.get().rating_average == 1


def test_a_command_deletes_all_of_a_visitor(anna, root, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        call_command("deletevisitor", ANNA, interactive=False, stdout=StringIO())
    rest()
    assert len([*root.rglob("*.pdf")]) == 1
    with pytest.raises(CommandError, match="Nothing belongs to"):
        call_command("deletevisitor", ANNA, interactive=False)


def test_a_command_asks_first(anna, monkeypatch):
    for answer in ("", "yes"):
        monkeypatch.setattr("builtins.input", lambda prompt, answer=answer: answer)
        with pytest.raises(CommandError, match="Nothing was deleted"):
            call_command("deletevisitor", ANNA, stdout=StringIO())
    assert get_user_model().objects.filter(username="anna").exists()
    monkeypatch.setattr("builtins.input", lambda prompt: ANNA)
    call_command("deletevisitor", ANNA, stdout=StringIO())
    rest()


def test_who_is_deleted_is_logged_out(anna, browse):
    client = browse("anna")
    assert client.get(reverse("profile_update")).status_code == 200
    call_command("deletevisitor", "anna", interactive=False, stdout=StringIO())
    assert client.get(reverse("profile_update")).status_code == 302
    store = import_module(project_settings.SESSION_ENGINE).SessionStore
    assert not store(client.session.session_key).get("_auth_user_id")


@pytest.mark.parametrize("who", ["", " ", "nobody", "nobody@guest.example", "%", "@"])
def test_who_left_nothing_is_told_so(anna, tmp_path, who):
    for command in (["exportvisitor", who, str(tmp_path / "x.zip")], ["deletevisitor", who]):
        with pytest.raises(CommandError, match="Nothing belongs to"):
            call_command(*command)
    assert not (tmp_path / "x.zip").exists()


def test_authors_and_staff_are_not_deleted(anna):
    BlogPost.objects.update(user=anna)
    with pytest.raises(CommandError, match="owns 1 Blog posts: give them to somebody else first"):
        call_command("deletevisitor", "anna", interactive=False, stdout=StringIO())
    with pytest.raises(CommandError, match="admin is staff"):
        call_command("deletevisitor", "admin", interactive=False, stdout=StringIO())
    assert BlogPost.objects.count() == 1
    assert FormEntry.objects.count() == 3


def test_the_admin_finds_exports_and_deletes(anna, browse):
    admin = browse("admin")
    page = admin.post(reverse(ADDRESS), {"who": ANNA, "find": ""})
    for name, count in COUNTS.items():
        assert f"<li>{count} {name}</li>" in page.text
    data, names = read(BytesIO(admin.post(reverse(ADDRESS), {"who": ANNA, "export": ANNA}).content))
    assert data["accounts"]
    assert len(names) == 2
    admin.post(reverse(ADDRESS), {"who": ANNA, "delete": ANNA})
    rest()
    answer = admin.post(reverse(ADDRESS), {"who": "admin", "delete": "admin"}, follow=True)
    assert "Admin is staff" in answer.text


def test_what_is_deleted_is_what_was_found(anna, browse):
    admin = browse("admin")
    found = admin.post(reverse(ADDRESS), {"who": ANNA, "find": ""})
    form = BeautifulSoup(found.content, "html.parser").find("button", {"name": "delete"})
    get_user_model().objects.create_user("bert", "bert@guest.example")
    # Somebody goes on typing in the field, and then deletes what the page shows.
    admin.post(reverse(ADDRESS), {"who": "bert@guest.example", "delete": form["value"]})
    assert not get_user_model().objects.filter(username="anna").exists()
    assert get_user_model().objects.filter(username="bert").exists()
    answer = admin.post(reverse(ADDRESS), {"who": "bert", "delete": ""})  # a button without a name
    assert get_user_model().objects.filter(username="bert").exists()
    assert "<h2>bert</h2>" in answer.text


@pytest.fixture
def post(browse):
    browse("admin")
    return BlogPost.objects.create(title="Rye", user=get_user_model().objects.first())


DANGEROUS = (
    *["javascript:alert(1)", " JavaScript:alert(1)", "java\nscript:alert(1)", "\x01javascript:x"],
    *["data:text/html,x", "vbscript:x", "//evil.example/", "/admin/logout/", "\\\\evil.example"],
    *["javascript:alert(1)//http://", "file:///etc/passwd", "mailto:a@b.example", "x"],
)


@pytest.mark.parametrize("address", DANGEROUS)
def test_a_comment_links_to_web_pages_alone(post, address):
    comment = post.comments.create(user_name="Eve", user_url=address, comment="Hi")
    assert comment.user_url == ""
    comment.user_url = address
    comment.save()
    assert ThreadedComment.objects.get(pk=comment.pk).user_url == ""


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        ("https://guest.example/?a=b", "https://guest.example/?a=b"),
        ("HTTP://guest.example", "HTTP://guest.example"),
        ("guest.example/me", "http://guest.example/me"),
        ("guest.example:8000", "http://guest.example:8000"),
        ("", ""),
    ],
)
def test_the_web_page_of_a_commenter_stays(post, address, stored):
    assert post.comments.create(user_name="Eve", user_url=address).user_url == stored


def test_comments_of_before_link_to_web_pages_alone(post):
    for number, address in enumerate([*DANGEROUS, "https://guest.example"]):
        comment = post.comments.create(user_name=str(number))
        ThreadedComment.objects.filter(pk=comment.pk).update(user_url=address)
    migration = import_module("visitors.migrations.0002_addresses_of_web_pages")
    migration.take_others_away(apps, SimpleNamespace(connection=connection))
    found = ThreadedComment.objects.exclude(user_url="").values_list("user_url", flat=True)
    assert [*found] == ["https://guest.example"]


def test_the_data_of_visitors_takes_a_permission(anna, staff):
    nobody, reader = staff("blog.change_blogpost"), staff("visitors.view_visitor")
    assert nobody.post(reverse(ADDRESS), {"who": ANNA, "export": ANNA}).status_code == 403
    assert reader.post(reverse(ADDRESS), {"who": ANNA, "find": ""}).status_code == 200
    assert "Delete all of it" not in reader.post(reverse(ADDRESS), {"who": ANNA}).text
    assert reader.post(reverse(ADDRESS), {"who": ANNA, "delete": ANNA}).status_code == 403
    assert get_user_model().objects.filter(username="anna").exists()


# Retention


@pytest.mark.parametrize(("days", "left"), [(0, 3), (30, 2), (1000, 3)])
def test_entries_of_forms_are_deleted_after_their_time(anna, settings, days, left):
    settings.FORM_ENTRIES_DAYS = days
    old = FormEntry.objects.first().pk
    FormEntry._base_manager.filter(pk=old).update(entry_time=now() - timedelta(31))
    call_command("clearsessions")
    assert FormEntry._base_manager.count() == left
    assert FormEntry._base_manager.filter(pk=old).exists() is (left == 3)


# Where files are written


def test_no_storage_depends_on_where_a_process_was_started():
    storages = [each for each in gc.get_objects() if isinstance(each, FileSystemStorage)]
    assert storages
    for storage in storages:
        assert Path(storage._location or project_settings.MEDIA_ROOT).is_absolute(), storage


@pytest.mark.parametrize("name", ["MEDIA_ROOT", "STATIC_ROOT", "FORMS_UPLOAD_ROOT"])
@pytest.mark.parametrize("value", ["", "uploads", "./uploads", None])
def test_a_directory_of_the_settings_is_an_absolute_path(settings, name, value):
    assert not [error for error in checks.run_checks() if error.id == "staff.E001"]
    setattr(settings, name, value)
    (error,) = [error for error in checks.run_checks() if error.id == "staff.E001"]
    assert error.msg.startswith(f"{name} has to be an absolute path")


SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "dev.db"}
FILES = {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "cache"}


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("EMAIL_FILE_PATH", "mail", "EMAIL_FILE_PATH"),
        ("DATABASES", {"default": SQLITE}, 'DATABASES["default"]["NAME"]'),
        ("CACHES", {"default": FILES}, 'CACHES["default"]["LOCATION"]'),
        (
            "LOGGING",
            {"handlers": {"file": {"filename": "log/site.log"}, "mail": {}}},
            'LOGGING["handlers"]["file"]["filename"]',
        ),
    ],
)
def test_a_file_that_depends_on_where_a_process_was_started_is_warned_of(
    monkeypatch, name, value, place
):
    assert not check_files(None)
    # Nothing that is set up has to know.
    monkeypatch.setattr(project_settings, name, value, raising=False)
    (warning,) = check_files(None)
    assert warning.msg.startswith(f"{place} should be an absolute path")


def test_a_database_in_memory_is_in_no_file(monkeypatch):
    names = (":memory:", "file:memorydb?mode=memory")
    found = {name: SQLITE | {"NAME": name} for name in names}
    monkeypatch.setattr(project_settings, "DATABASES", found)
    assert not check_files(None)
