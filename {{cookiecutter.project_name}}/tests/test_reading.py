"""Whoever reads a page, nothing is written, and no page that is kept ends."""

import json
import re
from contextlib import contextmanager
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.template import engines
from django.test.signals import template_rendered
from django.urls import get_resolver, reverse
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.forms.models import Form
from mezzanine.galleries.models import Gallery
from mezzanine.generic.models import ThreadedComment
from mezzanine.pages.models import Page
from test_pages import patterns
from writes import full_post, statements

from feeds.models import Feed
from multisite.current import current_request_is
from page_cache import generation

TOKEN = "a token of bit.ly"


@pytest.fixture
def post(db):
    return full_post()


def public_addresses(post):
    """Return the address of all that Mezzanine shows, also of what has a number or a name there."""
    for shown in (*Page.objects.all(), post, *post.categories.all()):
        yield shown.get_absolute_url()
    yield from ["/search/?q=bread", "/blog/tag/rye/", "/no/such/page/", "/robots.txt"]
    found = patterns(get_resolver("mezzanine.urls"), "1")
    yield from (path for path in found if "logout" not in path)  # it would end the visit


def admin_addresses(post):
    """Return the addresses of the admin: of all lists and empty forms, and forms of some rows."""
    yield from [reverse("admin:index"), reverse("fb_browse"), reverse("displayable_links_js")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield from [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
    for row in (post, ThreadedComment.objects.get(), Form.objects.get(), Gallery.objects.get()):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
        yield reverse(name, args=[row.pk])


def written(visitor, paths):
    """Return the statements that write when those addresses are read, by address."""
    found = {}
    for path in dict.fromkeys(paths):
        with statements() as found[path]:
            visitor.get(path)
    return {path: sql for path, sql in found.items() if sql}


def test_no_address_writes_when_it_is_read(visitor, post):
    Setting.objects.create(name="OF_AN_APP_THAT_IS_LEFT_OUT", value="1")
    assert written(visitor, public_addresses(post)) == {}


def test_the_admin_writes_nothing_when_it_is_read(browse, post):
    assert written(browse("admin"), admin_addresses(post)) == {}


@pytest.fixture
def edit_once(post):
    """Edit the post when the first template is rendered, with what was read before."""
    edits = []

    def edit(**kwargs):
        if not edits:
            edits.append(BlogPost.objects.filter(pk=post.pk).update(content="Edited"))

    template_rendered.connect(edit)
    yield
    template_rendered.disconnect(edit)


def test_an_edit_that_is_saved_while_its_post_is_shown_remains(browse, post, edit_once):
    browse().get(post.get_absolute_url())
    assert BlogPost.objects.get().content == "Edited"


def test_a_setting_of_an_app_that_is_left_out_for_a_while_is_kept(browse):
    Setting.objects.create(name="OF_AN_APP_THAT_IS_LEFT_OUT", value="1")
    browse().get("/")
    assert Setting.objects.filter(name="OF_AN_APP_THAT_IS_LEFT_OUT").exists()


@pytest.fixture
def bitly(settings, monkeypatch):
    """What bit.ly answers, bytes, and how often it was asked."""
    answer = {"status_code": 200, "data": {"url": "https://bit.ly/1"}}
    bitly = SimpleNamespace(answer=json.dumps(answer).encode(), asked=0)

    def urlopen(url):
        bitly.asked += 1
        return BytesIO(bitly.answer)

    settings.BITLY_ACCESS_TOKEN = TOKEN
    monkeypatch.setattr("mezzanine.core.models.urlopen", urlopen)
    return bitly


def short_url(rf):
    """Return the short URL as a template shows it."""
    request, post = rf.get("/"), BlogPost.objects.get()
    request.site_id = post.site_id
    with current_request_is(request):
        post.set_short_url()
    return post.short_url


def test_a_short_url_is_made_once_and_is_all_that_is_written(rf, post, bitly):
    with statements() as sql:
        assert short_url(rf) == short_url(rf) == "https://bit.ly/1"
    (statement,) = sql
    assert re.match('UPDATE "blog_blogpost" SET "short_url" = %s WHERE', statement)
    assert bitly.asked == 1


@pytest.mark.parametrize("answer", ["", "{}", '{"status_code": 200, "data": null}'])
def test_a_post_is_shown_with_its_own_url_while_bitly_has_none(rf, post, bitly, answer):
    bitly.answer = answer.encode()
    with statements() as sql:
        assert short_url(rf) == f"http://testserver{post.get_absolute_url()}"
    assert sql == []


@pytest.fixture
def generation_stays(keep_pages, django_capture_on_commit_callbacks):
    """Return a context in which no new generation of the pages that are kept must begin."""

    @contextmanager
    def stays():
        connection.run_on_commit.clear()  # of what the test wrote before, and never commits
        generation.begin()
        before = cache.get(generation.KEY)
        with django_capture_on_commit_callbacks(execute=True):
            yield
        assert cache.get(generation.KEY) == before

    return stays


@pytest.mark.parametrize("token", ["", TOKEN])
def test_a_view_ends_no_page_that_is_kept(ask, post, generation_stays, bitly, settings, token):
    settings.BITLY_ACCESS_TOKEN = token
    with generation_stays():
        for path in (post.get_absolute_url(), "/", "/blog/", "/about/", "/search/?q=bread"):
            ask(path)


def test_a_feed_that_is_shown_ends_no_page_that_is_kept(db, generation_stays):
    tag = '{% load twitter_tags %}{% tweets_for_user "example_org" NUMBER as tweets %}'
    with generation_stays():
        for number in ("3", "20"):  # the first makes the feed, the second asks it for more
            engines["django"].from_string(tag.replace("NUMBER", number)).render()
    assert Feed.objects.get().wanted == 20


def test_whatever_changes_a_feed_in_the_admin_ends_the_pages_that_are_kept(db, generation_stays):
    feed = Feed.objects.create(site_id=1, type="user", value="one")
    for change in (feed.save, feed.delete, lambda: Feed.objects.update(value="two")):
        with pytest.raises(AssertionError), generation_stays():
            change()
