"""Old addresses of blog posts and categories lead to the new ones; two editors cannot have one."""

import pytest
from django.contrib.redirects.models import Redirect
from django.db import transaction
from forms import fields_of
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.core.models import CONTENT_STATUS_DRAFT

from page_addresses import uniqueness


@pytest.fixture
def post(db):
    return BlogPost.objects.get()


def rename(thing, slug):
    thing.slug = slug
    thing.save()
    return thing.get_absolute_url()


def test_a_renamed_post_keeps_its_old_addresses(browse, post):
    addresses = [post.get_absolute_url(), rename(post, "neu"), rename(post, "größer")]
    for old in addresses[:2]:
        answer = browse().get(old, follow=True)
        assert answer.redirect_chain == [(addresses[2], 301)]
        assert answer.status_code == 200
    assert Redirect.objects.count() == 2


def test_a_post_that_gets_its_old_address_back_is_shown_there(browse, post):
    before, old = post.slug, post.get_absolute_url()
    new = rename(post, "new")
    rename(post, before)
    assert browse().get(old).status_code == 200
    assert browse().get(new, follow=True).redirect_chain == [(old, 301)]


def test_an_address_with_another_date_leads_to_the_post_as_well(browse, post, settings):
    settings.BLOG_URLS_DATE_FORMAT = "day"
    old = post.get_absolute_url()
    post.publish_date = post.publish_date.replace(year=2001)
    post.save()
    assert "/2001/" in post.get_absolute_url()
    for address in (old, post.get_absolute_url()):
        assert browse().get(address).status_code == 200


def test_a_category_keeps_its_old_address(browse, db):
    category = BlogCategory.objects.create(title="Bread")
    old = category.get_absolute_url()
    assert browse().get(old, follow=True).status_code == 200
    new = rename(category, "loaves")
    assert browse().get(old, follow=True).redirect_chain == [(new, 301)]


def test_what_nobody_saw_leaves_no_redirect(post):
    BlogPost.objects.update(status=CONTENT_STATUS_DRAFT)
    post.refresh_from_db()
    rename(post, "new")
    assert not Redirect.objects.exists()


def test_what_another_editor_saves_at_the_same_moment_is_seen(
    browse, post, monkeypatch, in_english
):
    """The form looks for others once it may: here, one is done while it waits."""
    admin = browse("admin")
    sent = fields_of(admin.get("/admin/blog/blogpost/add/"), "#blogpost_form")
    sent |= {"title": "Same", "slug": "same", "content": "x"}
    transactions = []

    def wait(site_id):
        transactions.append(transaction.get_connection().in_atomic_block)
        BlogPost.objects.create(title="Same", slug="same", user=post.user)

    monkeypatch.setattr(uniqueness, "wait_for_others", wait)
    answer = admin.post("/admin/blog/blogpost/add/", sent)
    assert "has the address “same” already" in answer.text
    assert transactions == [True]
    assert BlogPost.objects.filter(slug="same").count() == 1
