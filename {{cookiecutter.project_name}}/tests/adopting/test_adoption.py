"""The site of another project comes in: the database is one that Mezzanine 4.3.1 has made."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.contenttypes.models import ContentType
from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.forms.models import Field, FieldEntry
from mezzanine.galleries.models import Gallery
from mezzanine.generic.models import Rating, ThreadedComment
from mezzanine.pages.models import Page, RichTextPage

from transfer.export import tables
from transfer.keys import Keys
from transfer.models import Origin

DUMP = Path(__file__).with_name("mezzanine_4_3.sql")
UPLOAD = "uploads/Straße 50% #1 中.jpg"
SENT = "forms/01234567-89ab-cdef-0123-456789abcdef/letter.pdf"
WITHOUT_PAGE_TYPE = """
    DELETE FROM pages_page WHERE content_model = 'recipe';
    DROP TABLE bakery_recipe;
    DROP TABLE bakery_oven;
"""
# For a project with users of its own, those of the old site are of the same model.
USERS = """
    ALTER TABLE auth_user RENAME TO {table};
    ALTER TABLE auth_user_groups RENAME TO {table}_groups;
    ALTER TABLE {table}_groups RENAME COLUMN user_id TO {name}_id;
    ALTER TABLE auth_user_user_permissions RENAME TO {table}_user_permissions;
    ALTER TABLE {table}_user_permissions RENAME COLUMN user_id TO {name}_id;
    UPDATE django_content_type SET app_label = '{app}', model = '{name}'
    WHERE app_label = 'auth' AND model = 'user';
"""


class Old:
    """A site below a folder: .database, .media, .folder."""

    def __init__(self, folder):
        self.folder, self.media = folder, folder / "static/media"
        self.database = str(folder / "dev.db")
        self.sql(DUMP.read_text("utf-8"))
        if (users := get_user_model()._meta).label != "auth.User":
            self.sql(USERS.format(app=users.app_label, table=users.db_table, name=users.model_name))
        for path in (self.media / UPLOAD, folder / SENT, self.media / "uploads/.thumbnails/x.jpg"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(path.name)

    def sql(self, statements):
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(statements)


@pytest.fixture
def unported(tmp_path, settings, monkeypatch, db, django_db_blocker):
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 10)  # quick
    settings.BASE_DIR = tmp_path / "project"
    settings.MEDIA_ROOT = str(settings.BASE_DIR / "media")
    settings.BASE_DIR.mkdir()
    fs = "mezzanine.forms.forms.fs"
    monkeypatch.setattr(f"{fs}.base_location", str(settings.BASE_DIR / "private"), raising=False)
    monkeypatch.setattr(f"{fs}.location", str(settings.BASE_DIR / "private"), raising=False)
    folder = tmp_path / "old"
    folder.mkdir()
    with django_db_blocker.unblock():  # Django's tests open no database that the settings lack
        yield Old(folder)


@pytest.fixture
def old(unported):
    unported.sql(WITHOUT_PAGE_TYPE)
    return unported


def adopt(old, yes=True, **options):
    call_command("adopt", old.database, yes=yes, **options)


def all_rows():
    return {table.label: list(table.rows()) for table in tables(True, Keys())}


def files(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


def refused(old, words, **options):
    """Assert that a site is refused, in one line with these words, and that nothing has changed."""
    before = all_rows()
    with pytest.raises(CommandError, match="^Nothing was changed: [^\n]+$") as error:
        adopt(old, **options)
    assert words in str(error.value)
    assert all_rows() == before


def test_all_of_it_comes_in(old, capsys):
    adopt(old, media=str(old.media), forms=str(old.folder))
    said = capsys.readouterr()
    assert "pages.page: 15 there, 15 here\n" in said.out
    assert "django_comments.comment: 4 there, 4 here\n" in said.out
    assert "twitter_tweet: 1 there, left out\n" in said.out
    assert "addresses asked, 0 differ" in said.out
    assert "is missing" not in said.err
    post = BlogPost._base_manager.get(title="First", site=1)
    assert [category.title for category in post.categories.all()] == ["News"]
    assert [other.title for other in post.related_posts.all()] == ["Second"]
    assert post.user.username == "ann"
    comments = ThreadedComment.objects.filter(object_pk=post.pk)
    assert [(each.comment, each.user_email) for each in comments.order_by("pk")] == [
        ("Schön", "eve@example.com"),
        ("Yes", "eve@example.com"),
    ]
    assert comments.get(comment="Yes").replied_to.content_object == post
    assert post.comments_count == 2
    assert Rating.objects.get(object_pk=post.pk).content_object == post
    assert [each.keyword.title for each in post.keywords.all()] == ["rye"]
    child = Page._base_manager.get(slug="über-uns/team", site=2)
    assert child.parent.title == "Über uns"
    assert Gallery._base_manager.get(site=1).images.get().file.path == UPLOAD
    assert Setting._base_manager.get(name="SITE_TITLE", site=2).value == "Bakery 2"
    assert Redirect.objects.get(site=1, old_path="/alt/").new_path == "/about/"


def test_a_page_type_is_named_before_anything_is_touched(unported):
    unported.sql("UPDATE pages_page SET content_model = 'sourdough' WHERE content_model = 'recipe'")
    refused(unported, "to be ported: page type sourdough (pages: 2), table bakery_oven (rows: 1), ")
    assert not files(unported.folder.parent / "project")


def test_a_table_without_a_model_may_be_left_out_and_a_column_is_named(old, capsys):
    old.sql("CREATE TABLE shop_order (id integer); INSERT INTO shop_order VALUES (1)")
    refused(old, "to be ported: table shop_order (rows: 1); ")
    adopt(old, leave_out=["shop_order"])
    assert "shop_order: 1 there, left out" in capsys.readouterr().out
    old.sql("ALTER TABLE pages_page ADD COLUMN colour text; UPDATE pages_page SET colour = 'red'")
    refused(old, "to be ported: column pages_page.colour (rows: 15); ", leave_out=["shop_order"])


@pytest.mark.parametrize("name", ["ann", "sha1", "md5", "unsalted_sha1", "unsalted_md5"])
def test_users_log_in_with_the_passwords_that_they_had(old, name, settings, capsys):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        *(f"transfer.hashers.{name}" for name in ("SHA1", "MD5", "UnsaltedSHA1", "UnsaltedMD5")),
    ]
    adopt(old)
    stored = get_user_model().objects.get(username=name).password
    assert stored.startswith("pbkdf2_sha256")
    assert not authenticate(username=name, password="another")
    assert authenticate(username=name, password="secret")
    assert get_user_model().objects.get(username=name).password.startswith("pbkdf2_sha256$")
    assert "have to ask for a new password: 1 (crypt)" in capsys.readouterr().err


def test_only_the_accounts_of_the_old_site_are_left(old):
    adopt(old)
    users = get_user_model().objects
    assert not users.filter(username="member").exists()
    ann = users.get(username="ann")
    assert [group.name for group in ann.groups.all()] == ["editors"]
    assert [site.pk for site in ann.sitepermissions.sites.order_by("pk")] == [1, 2]


def test_files_come_along_whatever_their_names(old, settings):
    adopt(old, media=str(old.media), forms=str(old.folder))
    assert Path(settings.MEDIA_ROOT, UPLOAD).read_text() == Path(UPLOAD).name
    assert Path(settings.BASE_DIR, "private", SENT).read_text() == "letter.pdf"
    assert len(files(settings.MEDIA_ROOT)) == 1  # no thumbnails
    entry = FieldEntry._base_manager.get(entry__form__site=2)
    assert entry.value == SENT
    assert Field._base_manager.get(pk=entry.field_id).label == "Letter"
    page = RichTextPage._base_manager.get(slug="über-uns", site=1)
    assert f'src="{settings.MEDIA_URL}{UPLOAD}"' in page.content


def test_files_that_are_missing_are_named_once(old, capsys):
    old.database = f"sqlite:///{old.database}"  # as DATABASE_URL has it
    adopt(old)
    said = capsys.readouterr().err
    assert said.count("letter.pdf' is missing") == 1
    assert said.count("50% #1") == 1


def test_each_site_gets_a_domain_that_works_and_a_home_page(old, capsys, browse, settings):
    main = Site.objects.get(pk=settings.SITE_ID).domain
    adopt(old)
    domains = dict(Site.objects.values_list("pk", "domain"))
    assert domains == {1: main, 2: "zwei.example", 3: "site-3.zwei.example"}
    said = capsys.readouterr().out
    assert f"site 1: www.Bakery.example is {main} here\n" in said
    assert "site 3: zwei.example is site-3.zwei.example here\n" in said
    for domain in domains.values():
        assert browse(host=domain).get("/").status_code == 200
    assert browse(host="zwei.example").get("/über-uns/team/").status_code == 200


def test_a_site_without_a_blog_or_forms_comes_in(old, capsys):
    tables = "blogpost blogcategory blogpost_categories blogpost_related_posts".split()
    tables = [f"blog_{name}" for name in tables]
    tables += [f"forms_{name}" for name in ("fieldentry", "formentry", "field", "form")]
    old.sql("".join(f"DROP TABLE {table};" for table in [*tables, "django_redirect"]))
    old.sql("DELETE FROM pages_page WHERE content_model = 'form'")
    adopt(old)
    assert "blog.blogpost" not in capsys.readouterr().out
    assert not BlogPost._base_manager.exists()


def test_a_domain_that_is_none_is_replaced(old):
    old.sql("UPDATE django_site SET domain = 'http://x y/' WHERE id = 3")
    adopt(old)
    assert Site.objects.get(pk=3).domain == "site-3.invalid"


def test_a_page_below_the_home_page_gets_an_address_that_works(old):
    old.sql("UPDATE pages_page SET slug = '//kid' WHERE slug = 'members' AND site_id = 1")
    adopt(old)
    assert Page._base_manager.filter(slug="kid", site=1).exists()


def test_addresses_that_are_answered_otherwise_are_listed(old, capsys):
    old.sql("UPDATE pages_page SET slug = 'admin' WHERE slug = 'über-uns' AND site_id = 1")
    adopt(old)
    said = capsys.readouterr()
    assert "/admin/ answers 302" in said.err
    assert "addresses asked, 1 differ" in said.out


def test_rows_that_lead_to_nothing_are_counted(old, capsys):
    old.sql("DELETE FROM blog_blogpost WHERE title = 'Second' AND site_id = 1")
    old.sql("UPDATE blog_blogpost SET user_id = 99 WHERE title = 'First' AND site_id = 1")
    adopt(old)
    said = capsys.readouterr().out
    assert "blog.blogpost: 3 there, 2 here; 1 lead to nothing that is here" in said
    assert "blog.blogpost_related_posts: 4 there, 2 here; 2 lead to nothing" in said


def test_comments_on_what_is_no_longer_there_are_left_out(old, capsys):
    old.sql(
        "UPDATE django_comments SET content_type_id ="
        " (SELECT id FROM django_content_type WHERE model = 'tweet') WHERE site_id = 2"
    )
    adopt(old)
    assert "generic.threadedcomment: 4 there, 2 here" in capsys.readouterr().out
    types = ThreadedComment.objects.values_list("content_type", flat=True)
    assert set(types) == {ContentType.objects.get_for_model(BlogPost).pk}


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ("DROP TABLE pages_page", "that is no database of Mezzanine: it has no table pages_page"),
        ("DELETE FROM django_migrations", "it is of a Mezzanine before 4.0"),
        (
            "INSERT INTO django_migrations VALUES (999, 'blog', '0009_more', '2030-01-01')",
            "it is of newer packages: blog.0009_more",
        ),
        ("DELETE FROM django_site WHERE id = 1", "it has no site 1"),
        ("UPDATE generic_keyword SET site_id = 'x' WHERE id = 1", "cannot be read: "),
    ],
    ids=["foreign", "too old", "too new", "no site", "no number"],
)
def test_what_is_no_old_site_of_this_kind_is_refused(old, statements, words):
    old.sql(statements)
    refused(old, words)


@pytest.mark.parametrize("size", [0, 10, 50_000, 200_000])
def test_what_is_damaged_is_refused(old, size):
    path = Path(old.database)
    path.write_bytes(path.read_bytes()[:size] + b"x" * (size == 10))
    refused(old, "")


@pytest.mark.parametrize(
    ("database", "words"),
    [
        ("nothing.db", "there is no file nothing.db"),
        ("mysql://root@localhost/old", "neither a file nor an address postgresql://"),
        ("postgresql://ann:secret@localhost:1/old", "cannot be read: "),
        ("postgresql://localhost", "names no database"),
    ],
)
def test_what_cannot_be_opened_is_refused(old, database, words):
    old.database = database
    refused(old, words)


def test_content_of_here_is_replaced_with_yes_alone_and_kept(old, settings, capsys):
    pages = Page._base_manager.values_list("title").order_by("id")
    mine = [*pages]  # which createdb has made
    refused(old, "are here, which would go; add --yes", yes=False)
    adopt(old)
    assert [*pages.all()] != mine
    (kept,) = Path(settings.BASE_DIR, "backups").iterdir()
    assert f"What was here is in {kept}" in capsys.readouterr().out
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT title FROM pages_page ORDER BY id").fetchall() == mine


def test_where_it_fails_half_way_nothing_is_changed(old, settings):
    old.sql(
        "DROP INDEX django_redirect_site_id_old_path_ac5dd16b_uniq; INSERT INTO django_redirect"
        " SELECT 99, site_id, old_path, new_path FROM django_redirect WHERE id = 1"
    )
    refused(old, "the database refuses", media=str(old.media), forms=str(old.folder))
    assert not files(settings.MEDIA_ROOT)
    assert not files(settings.BASE_DIR / "private")


def test_another_file_in_the_place_of_one_is_not_replaced(old, settings):
    place = Path(settings.MEDIA_ROOT, UPLOAD)
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    refused(old, "another file is at", media=str(old.media))
    assert place.read_text() == "mine"


def test_a_copy_without_accounts_is_a_whole_one_afterwards(old, monkeypatch):
    # SQLite copies no database whose transaction goes on, as that of a test does.
    monkeypatch.setattr("transfer.management.commands.adopt.keep", lambda path: None)
    Origin.note("x", everything=False)
    adopt(old)
    assert Origin.current().everything
