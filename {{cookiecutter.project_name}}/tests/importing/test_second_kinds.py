"""Exports of the same programs, as they are less often: what they hold arrives, or is named."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.redirects.models import Redirect
from django.utils.html import escape
from django.utils.timezone import now
from exports import BLOGML, atom, comment, item, wordpress
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.core.models import CONTENT_STATUS_DRAFT, CONTENT_STATUS_PUBLISHED
from mezzanine.generic.models import ThreadedComment

from importers.entries import Comment
from importers.management.commands import import_tumblr
from importers.storing import parents_first

pytestmark = pytest.mark.usefixtures("empty", "mezzanines_defaults")

LATER = (now() + timedelta(days=9)).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("status", "is_draft"),
    [("publish", False), ("future", False), ("private", True), ("pending", True), ("draft", True)],
)
def test_what_was_not_public_at_wordpress_is_not_public_here(run_text, browse, status, is_draft):
    date = LATER if status == "future" else "2013-02-03 11:30:00"
    run_text("import_wordpress", "url", wordpress(item("Rye", status, date=date)))
    post = BlogPost.objects.get()
    assert post.status == (CONTENT_STATUS_DRAFT if is_draft else CONTENT_STATUS_PUBLISHED)
    is_seen = browse().get(post.get_absolute_url()).status_code == 200
    assert is_seen == (status == "publish")


def test_categories_below_others_arrive_side_by_side_and_that_is_told(run_text):
    known = """<wp:category><wp:cat_name><![CDATA[Bread]]></wp:cat_name>
    <wp:category_parent></wp:category_parent></wp:category>
    <wp:category><wp:cat_name><![CDATA[Rye & spelt]]></wp:cat_name>
    <wp:category_parent>bread</wp:category_parent></wp:category>"""
    named = '<category domain="category"><![CDATA[Rye & spelt]]></category>'
    said = run_text("import_wordpress", "url", wordpress(item("Loaf", more=named), before=known))
    assert BlogCategory.objects.get().title == "Rye & spelt"
    assert "Left out: 1 places of categories below others\n" in said


def test_authors_and_fields_of_plugins_are_told(run_text):
    fields = "".join(
        f"<wp:postmeta><wp:meta_key>{key}</wp:meta_key><wp:meta_value>1</wp:meta_value>"
        "</wp:postmeta>"
        for key in ("_edit_last", "oven")
    )
    items = item("A", more=fields), item("B", author="bea")
    said = run_text("import_wordpress", "url", wordpress(*items))
    assert "Left out: 2 authors, whose posts are the user's: anna, bea\n" in said
    assert "Left out: 1 fields with the name oven\n" in said
    assert "_edit_last" not in said


def test_a_comment_in_html_is_text_here(run_text, browse):
    words = 'Tom &amp; <b>Jerry</b><br />\nsay <a href="http://x.example/">this</a>.<p>Now</p>'
    text = wordpress(item("Rye", more=comment(1, words=words)))
    run_text("import_wordpress", "url", text)
    assert ThreadedComment.objects.get().comment == (
        "Tom & Jerry\nsay this (http://x.example/).Now"
    )
    page = browse().get(BlogPost.objects.get().get_absolute_url()).text
    assert "Tom &amp; Jerry<br>" in page
    run_text("import_wordpress", "url", text)
    assert ThreadedComment.objects.count() == 1


def test_a_long_talk_arrives_in_any_order(run_text):
    talk = [comment(number, parent=number - 1) for number in range(1, 40)]
    run_text("import_wordpress", "url", wordpress(item("Rye", more="".join(reversed(talk)))))
    comments = ThreadedComment.objects.order_by("submit_date")
    answered = [each.replied_to_id for each in comments]
    assert answered == [None, *(each.pk for each in comments)][:-1]


def test_a_talk_of_thousands_or_in_a_circle_is_put_in_order():
    talk = [Comment(key=str(number), parent=str(number - 1)) for number in range(5000, 0, -1)]
    assert [int(each.key) for each in parents_first(talk)] == [*range(1, 5001)]
    circle = [Comment(key="1", parent="2"), Comment(key="2", parent="1")]
    assert {each.key for each in parents_first(circle)} == {"1", "2"}


def test_an_old_address_that_is_a_query_is_told(run_text):
    text = wordpress(item("Rye")).replace("old.example/rye/", "old.example/?p=1")
    said = run_text("import_wordpress", "url", text)
    assert "Left out: 1 old addresses such as /?p=1, which lead to the home page\n" in said
    assert not Redirect.objects.filter(old_path__contains="p=1").exists()


@pytest.mark.parametrize(
    ("kind", "text", "content"),
    [
        ("", "1 < 2 & so on", "<p>1 &lt; 2 &amp; so on</p>"),
        (' type="text"', "One\n\nTwo", "<p>One</p>\n\n<p>Two</p>"),
        (' type="html"', "1 &lt; 2 <b>so</b>", "1 &lt; 2 <b>so</b>"),
        ("", "<p>No type</p>", "<p>No type</p>"),
    ],
)
def test_a_text_of_atom_is_text_and_html_is_html(run_text, kind, text, content):
    entry = f"<title>A</title><content{kind}>{escape(text)}</content>"
    run_text("import_rss", "rss_url", atom(entry))
    assert BlogPost.objects.get().content == content


def test_authors_and_files_of_a_feed_are_told(run_text):
    entries = [
        f"<title>{name}</title><author><name>{name}</name></author>"
        f'<link rel="enclosure" href="http://x.example/{name}.mp3"/><content>x</content>'
        for name in ("Anna", "Bea")
    ]
    said = run_text("import_rss", "rss_url", atom(*entries))
    assert "Left out: 2 authors, whose posts are the user's: Anna, Bea\n" in said
    assert "Left out: 2 attached files\n" in said


@pytest.mark.parametrize(
    ("guid", "old"),
    [
        ("<guid>http://old.example/a/</guid>", ["/a/"]),
        ('<guid isPermaLink="false">http://old.example/a/</guid>', []),
        ("", []),
    ],
)
def test_the_guid_of_an_item_may_be_its_address(run_text, guid, old):
    item = f"<item><title>A</title><description>x</description>{guid}</item>"
    run_text("import_rss", "rss_url", f"<rss><channel>{item}</channel></rss>")
    assert [*Redirect.objects.values_list("old_path", flat=True)] == old


def test_blogger_has_posts_that_are_scheduled_and_thrown_away(run_text):
    entries = [
        f"<title>{status}</title><content type='html'>x</content><b:type>POST</b:type>"
        f"<b:status>{status}</b:status>"
        for status in ("LIVE", "DRAFT", "SCHEDULED", "SOFT_TRASHED")
    ]
    said = run_text("import_blogger", "blogger_id", atom(*entries))
    published = BlogPost.objects.filter(status=CONTENT_STATUS_PUBLISHED)
    assert {post.title for post in published} == {"LIVE", "SCHEDULED"}
    assert {post.title for post in BlogPost.objects.all()} == {"LIVE", "SCHEDULED", "DRAFT"}
    assert "Left out: 1 posts that were thrown away\n" in said


@pytest.mark.parametrize(
    "nothing", ["0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999", "", "0000-00-00T00:00:00"]
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_what_stands_for_no_date_is_none(run_text, settings, nothing, zone):
    settings.TIME_ZONE = zone
    said = run_text("import_blogml", "xmldumpfname", BLOGML.format(nothing))
    assert "1 comments" in said
    found = [BlogPost.objects.get().publish_date, ThreadedComment.objects.get().submit_date]
    assert max(found) <= now() < min(found) + timedelta(hours=1)
    run_text("import_blogml", "xmldumpfname", BLOGML.format(nothing))
    assert (BlogPost.objects.count(), ThreadedComment.objects.count()) == (1, 1)


def test_a_draft_of_wordpress_that_was_never_dated_is_of_now(run_text):
    never = "<pubDate>Mon, 30 Nov -0001 00:00:00 +0000</pubDate>"
    post = item("Draft", "draft", never, date="0000-00-00 00:00:00")
    run_text("import_wordpress", "url", wordpress(post))
    assert now() - BlogPost.objects.get().publish_date < timedelta(hours=1)


def test_a_post_of_tumblr_may_have_nothing_in_a_field(run, server, monkeypatch):
    answers, address = server
    monkeypatch.setattr(import_tumblr, "SERVER", address + "/{}")
    post = {"type": "regular", "id": 1, "regular-title": "A", "regular-body": None, "tags": None}
    post |= {"date-gmt": "2013-03-05 08:00:00 GMT", "url": "http://b.tumblr.example/post/1"}
    for start, part in ((0, [post]), (1, [])):
        body = f"var tumblr_api_read = {json.dumps({'posts': part})};"
        answers[f"/b/api/read/json?start={start}&num=50"] = body.encode()
    run("import_tumblr", tumblr_user="b")
    stored = BlogPost.objects.get()
    assert (stored.title, stored.content) == ("A", "")
    assert stored.publish_date == datetime(2013, 3, 5, 8, tzinfo=UTC)


def test_what_wordpress_shows_of_other_sites_is_a_link(run_text):
    text = wordpress(item("Rye")).replace(
        "Text of Rye", "Look:\n\nhttps://film.example/?a=1&b=2\n\n<pre>\nhttps://x.example\n</pre>"
    )
    said = run_text("import_wordpress", "url", text)
    assert "Left out: 1 films and the like of other sites: they are links\n" in said
    content = BlogPost.objects.get().content
    assert '<p><a href="https://film.example/?a=1&amp;b=2">' in content
    assert content.count("<a") == 1


def test_terms_of_wordpress_that_no_post_has_are_told(run_text):
    terms = """<wp:category><wp:category_nicename>bread</wp:category_nicename></wp:category>
    <wp:category><wp:category_nicename>cake</wp:category_nicename></wp:category>
    <wp:tag><wp:tag_slug>sour</wp:tag_slug></wp:tag>
    <wp:term><wp:term_taxonomy>nav_menu</wp:term_taxonomy></wp:term>"""
    more = '<category domain="category" nicename="bread">Bread</category>'
    said = run_text("import_wordpress", "url", wordpress(item("Rye", more=more), before=terms))
    assert "Left out: 1 terms of the kind category that no entry has\n" in said
    assert "Left out: 1 terms of the kind tag that no entry has\n" in said
    assert "Left out: 1 definitions of the term nav_menu\n" in said


def test_a_shortcode_with_a_digit_is_told(run_text):
    text = wordpress(item("Rye")).replace("Text of", '[contact-form-7 id="5" title="x"]')
    assert "[contact-form-7] is shown as it stands" in run_text("import_wordpress", "url", text)
