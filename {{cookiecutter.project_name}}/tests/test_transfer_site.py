"""One site goes out to a file, and comes in beside others."""

import os
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.utils import timezone
from growing import cost
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.conf.models import Setting
from mezzanine.core.models import SitePermission
from mezzanine.forms.models import Field, FieldEntry, Form, FormEntry
from mezzanine.galleries.models import Gallery
from mezzanine.generic.models import Keyword, ThreadedComment
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.sites import override_current_site_id

from multisite.models import SiteAlias
from transfer.export import tables
from transfer.keys import Keys
from transfer.selection import MANY, Selection

FILE = "site.zip"
# In a folder of Linux; one is no UTF-8, and two look the same.
NAMES = ["-rf", "new\nline", "100%41 .jpg", "\u00fc.jpg", "u\u0308.jpg", b"\xff.gif", "🍞" * 63]
SENT = "forms/01234567-89ab-cdef-0123-456789abcdef/letter.pdf"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch, settings):
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.MEDIA_LIBRARY_PER_SITE = True
    monkeypatch.setattr("mezzanine.forms.forms.fs._location", str(tmp_path / "private"))
    for name in ("base_location", "location"):
        vars(__import__("mezzanine.forms.forms", fromlist=["fs"]).fs).pop(name, None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def file(path, content="x"):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


@pytest.fixture
def site(sites):
    """A site with all that a site can have; its slugs are those of the first as well."""
    site = Site.objects.get(domain="two.example")
    user = get_user_model().objects.create_user("ann", "ann@example.com", "secret", is_staff=True)
    SitePermission.objects.get_or_create(user=user)[0].sites.set([site])
    user.groups.add(Group.objects.create(name="editors"))
    user.user_permissions.add(Permission.objects.get(codename="change_page"))
    for each in (Site.objects.get(pk=1), site):
        fill(each, user)
    file(f"media/uploads/site-{site.pk}/straße.jpg", "picture")
    file("media/uploads/site-1/other.jpg")
    file(f"private/{SENT}", "letter")
    return site


def fill(site, user):
    with override_current_site_id(site.pk):
        text = f'<img src="/media/uploads/site-{site.pk}/straße.jpg">'
        top = RichTextPage.objects.create(title="Top", slug="top", content=text)
        RichTextPage.objects.create(title="Child", slug="top/child", parent=top)
        gallery = Gallery.objects.create(title="Gallery")
        gallery.images.create(file=f"uploads/site-{site.pk}/straße.jpg")
        post = BlogPost.objects.create(title="Post", slug="post", user=user, content="x")
        post.categories.add(BlogCategory.objects.create(title="News"))
        post.related_posts.add(post)
        post.keywords.create(keyword=Keyword.objects.create(title="green"))
        type = ContentType.objects.get_for_model(post)
        values = {"content_type": type, "object_pk": post.pk, "site_id": site.pk, "user": user}
        first = ThreadedComment.objects.create(comment="Nice", **values)
        ThreadedComment.objects.create(comment="Yes", replied_to=first, **values)
        form = Form.objects.create(title="Form", slug="form")
        field = form.fields.create(label="Letter", field_type=6)
        entry = FormEntry.objects.create(form=form, entry_time=timezone.now())
        entry.fields.create(field_id=field.pk, value=SENT)
        Setting.objects.create(name="SITE_TITLE", value=f"Title of {site.domain}")
        Redirect.objects.create(site=site, old_path="/old/", new_path="/top/")


def all_rows():
    return {table.label: list(table.rows()) for table in tables(True, Keys())}


def brought(**options):
    """Import the file; return the new Site."""
    call_command("importsite", FILE, verbosity=0, **options)
    return Site.objects.order_by("id").last()


def test_a_site_comes_in_beside_itself_with_all_that_it_has(site, place, browse):
    before = all_rows()
    call_command("exportsite", "two.example", FILE, verbosity=0)
    new = brought(domain="copy.example")
    own = f"uploads/site-{new.pk}"
    with override_current_site_id(new.pk):
        child = RichTextPage.objects.get(slug="top/child")
        top = RichTextPage.objects.get(slug="top")
        assert child.parent_id == top.pk
        assert own in top.content
        assert Gallery.objects.get().images.get().file.path == f"{own}/straße.jpg"
        post = BlogPost.objects.get(slug="post")
        assert post.user.username == "ann"
        assert post.comments_count == 2
        assert [category.title for category in post.categories.all()] == ["News"]
        assert list(post.related_posts.all()) == [post]
        assert post.keywords.get().keyword.site_id == new.pk
        answer = ThreadedComment.objects.get(site=new, replied_to__isnull=False)
        assert answer.replied_to.content_object == post
        sent = FieldEntry.objects.get(entry__form__site=new)
        assert Field.objects.get(pk=sent.field_id).form == sent.entry.form
        assert Setting.objects.get(name="SITE_TITLE").value == "Title of two.example"
    assert Path(f"media/{own}/straße.jpg").read_text() == "picture"
    assert not Path(f"media/{own}/other.jpg").exists()
    assert browse(host="copy.example").get("/top/child/").status_code == 200
    after = all_rows()
    for label, rows in before.items():
        assert [row for row in rows if row not in after[label]] == [], label


def test_what_belongs_to_many_comments_is_asked_for_once(site, monkeypatch):
    post = BlogPost._base_manager.get(slug="post", site=site)
    type = ContentType.objects.get_for_model(post)
    values = {"content_type": type, "object_pk": post.pk}
    with cost(monkeypatch) as few:
        Selection(site)
    with override_current_site_id(site.pk):
        for _ in range(MANY):
            ThreadedComment.objects.create(comment="Nice", **values)
    with cost(monkeypatch) as many:
        found = Selection(site)
    assert len(found.owned[ThreadedComment]) == MANY + 2
    assert len(many.statements) - len(few.statements) < 5


def test_files_of_any_name_come_along(site):
    for name in map(os.fsdecode, NAMES):
        file(f"media/uploads/site-{site.pk}/{name}", repr(name))
    call_command("exportsite", "two.example", FILE, verbosity=0)
    new = brought(domain="copy.example")
    for name in map(os.fsdecode, NAMES):
        assert Path(f"media/uploads/site-{new.pk}/{name}").read_text() == repr(name)


def test_a_site_that_is_removed_comes_back(site):
    before = {label: len(rows) for label, rows in all_rows().items()}
    call_command("removesite", "two.example", export=FILE, verbosity=0)
    assert not Path(f"media/uploads/site-{site.pk}").exists()
    assert not Site.objects.filter(domain="two.example").exists()
    new = brought()
    assert {label: len(rows) for label, rows in all_rows().items()} == before
    assert SiteAlias.objects.get(site=new).host == "zwei.example"
    assert Path(f"media/uploads/site-{new.pk}/straße.jpg").exists()


def test_its_staff_log_in_where_it_comes_and_have_no_rights_elsewhere(site):
    call_command("exportsite", "two.example", FILE, verbosity=0)
    Site.objects.get(domain="two.example").delete()
    BlogPost._base_manager.all().delete()
    get_user_model().objects.get(username="ann").delete()
    new = brought()
    ann = get_user_model().objects.get(username="ann")
    assert ann.check_password("secret")
    assert list(ann.sitepermissions.sites.all()) == [new]
    assert [group.name for group in ann.groups.all()] == ["editors"]
    assert ann.has_perm("pages.change_page")


def test_a_file_makes_nobody_a_superuser(site, monkeypatch):
    monkeypatch.setattr("transfer.site_export.staff", superuser)
    call_command("exportsite", "two.example", FILE, verbosity=0)
    brought(domain="new.example")
    assert not get_user_model().objects.get(username="eve").is_superuser


def superuser(site):
    rights = {"password": "!", "is_superuser": True, "groups": [], "permissions": []}
    yield ["eve", rights]


def test_somebody_of_the_same_name_gets_no_rights_by_it(site, capsys):
    call_command("exportsite", "two.example", FILE, verbosity=0)
    ann = get_user_model().objects.get(username="ann")
    ann.set_password("another")
    ann.save()
    new = brought(domain="copy.example")
    assert new not in ann.sitepermissions.sites.all()
    assert "ann has an account here already" in capsys.readouterr().err


def test_nothing_of_another_site_is_in_the_file(site):
    call_command("exportsite", "two.example", FILE, verbosity=0)
    with ZipFile(FILE) as archive:
        text = "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    assert "Title of two.example" in text
    assert "127.0.0.1" not in text
    assert "uploads/site-1/" not in text


def test_what_an_editor_types_as_a_file_brings_none_of_the_server(site, place):
    file("secrets.json", "secret")
    Path("media/link.jpg").symlink_to(place / "secrets.json")
    for path in ("../secrets.json", str(place / "secrets.json"), "link.jpg"):
        BlogPost._base_manager.update(featured_image=path)
        call_command("exportsite", "two.example", FILE, verbosity=0)
        with ZipFile(FILE) as package:
            assert b"secret" not in [package.read(name) for name in package.namelist()], path
        brought(domain=f"{len(path)}.example")


@pytest.mark.parametrize("case", ["name taken", "alias", "all sites", "damaged", "outside"])
def test_what_cannot_come_in_changes_nothing(site, case, place):
    call_command("exportsite", "two.example", FILE, verbosity=0)
    options = {"domain": {"alias": "zwei.example", "name taken": None}.get(case, "new.example")}
    if case == "all sites":
        call_command("exportcontent", FILE, verbosity=0)
    if case == "damaged":
        Path(FILE).write_bytes(Path(FILE).read_bytes()[:-100])
    if case == "outside":
        with ZipFile(FILE, "a") as archive:
            archive.writestr("media/../../outside", "x")
    before, files = all_rows(), sorted(place.rglob("*"))
    with pytest.raises(CommandError, match="^Nothing was changed: [^\n]+$"):
        brought(**options)
    assert all_rows() == before
    assert sorted(place.rglob("*")) == files


def test_a_site_with_content_is_removed_with_an_export_or_by_force_alone(site):
    with pytest.raises(CommandError, match="add --export FILE"):
        call_command("removesite", "two.example")
    with pytest.raises(CommandError, match="Nothing was exported"):
        call_command("removesite", "two.example", export="/nonexistent/file")
    assert Site.objects.filter(domain="two.example").exists()
