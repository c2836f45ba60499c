"""Queries that are compiled once are answered by the database as it is then."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone
from mezzanine.blog.models import BlogPost
from mezzanine.core import managers
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import override_current_site_id

from page_cache.compiled import compiled

pytestmark = pytest.mark.django_db


@compiled(BlogPost, shape=1)
def latest(number, slug):
    return BlogPost.objects.published().exclude(slug=slug)[:number]


def titles(number=9, slug="", find=latest):
    return {post.title for post in find(number, slug)}


@pytest.fixture
def write():
    author = get_user_model().objects.create_user("baker")

    def write(title, **fields):
        return BlogPost.objects.create(title=title, content="x", user=author, **fields)

    BlogPost.objects.all().delete()
    return write


def test_a_query_is_compiled_once_for_all_values(write, monkeypatch):
    write("One"), write("Two")

    def as_sql(*args, **kwargs):
        raise AssertionError("compiled again")

    assert titles() == {"One", "Two"}
    with monkeypatch.context() as patch:
        patch.setattr(SQLCompiler, "as_sql", as_sql)
        assert titles(slug="two") == {"One"}
        assert titles(slug="one") == {"Two"}
    assert len(titles(number=1)) == 1


def test_what_is_written_past_django_is_found_at_once(write, django_assert_num_queries):
    post = write("One")
    assert titles() == {"One"}
    with django_assert_num_queries(2):
        BlogPost.objects.filter(pk=post.pk).update(title="Uno")
        assert titles() == {"Uno"}


def test_a_post_is_found_from_its_date_on(write, monkeypatch):
    write("Soon", publish_date=timezone.now() + timedelta(minutes=5))
    write("Over", expiry_date=timezone.now() + timedelta(minutes=5))
    assert titles() == {"Over"}
    later = timezone.now() + timedelta(minutes=6)
    monkeypatch.setattr(managers, "now", lambda: later)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert titles() == {"Soon"}


def test_each_site_has_its_own(write):
    write("Here")
    assert titles() == {"Here"}
    with override_current_site_id(2):
        assert titles() == set()


def test_visitors_get_the_page_of_an_address_as_it_is_now(client, in_english, mezzanines_base):
    page = RichTextPage.objects.create(title="Bread", content="Rye")
    client.cookies["just-sent"] = "1"
    address = page.get_absolute_url()
    assert "Rye" in client.get(address).content.decode()
    RichTextPage.objects.filter(pk=page.pk).update(content="Spelt")
    assert "Spelt" in client.get(address).content.decode()
    Page.objects.filter(pk=page.pk).update(status=1)
    assert client.get(address).status_code == 404
