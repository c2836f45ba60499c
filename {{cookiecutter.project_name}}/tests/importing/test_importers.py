"""What Blogger, BlogML, RSS, Atom and Tumblr hold arrives, or is named; twice is once."""

import json
from datetime import UTC, datetime

import pytest
from django.contrib.redirects.models import Redirect
from django.core.management.base import CommandError
from exports import EXPORTS, counts
from mezzanine.blog.models import BlogPost
from mezzanine.core.models import CONTENT_STATUS_PUBLISHED
from mezzanine.generic.models import ThreadedComment
from mezzanine.pages.models import RichTextPage

from importers.management.commands import import_blogger, import_tumblr

pytestmark = pytest.mark.usefixtures("empty", "mezzanines_defaults")

BAKERY = {
    "import_blogger": ("blogger_id", ("blogger.xml", "takeout.atom")),
    "import_blogml": ("xmldumpfname", ("blogml.xml",)),
}
WHOLE = [(name, option, file) for name, (option, files) in BAKERY.items() for file in files]
FEEDS = [("import_rss", "rss_url", file) for file in ("feed.rss", "feed.atom")]


@pytest.fixture
def run_file(run, settings):
    """Return a function that imports a file."""
    settings.TIME_ZONE = "UTC"
    return lambda command, option, file: run(command, **{option: str(EXPORTS / file)})


@pytest.mark.parametrize(("command", "option", "file"), WHOLE)
def test_posts_pages_comments_and_addresses_arrive(run_file, browse, command, option, file):
    run_file(command, option, file)
    posts = [(post.title, post.content, post.status) for post in BlogPost.objects.all()]
    assert posts == [
        ("Draft", "Not ready", 3 - CONTENT_STATUS_PUBLISHED),
        ("Straße", "<p>Long</p>", CONTENT_STATUS_PUBLISHED),
    ]
    post = BlogPost.objects.get(title="Straße")
    assert post.publish_date == datetime(2013, 3, 5, 8, tzinfo=UTC)
    assert [each.keyword.title for each in post.keywords.all()] == ["Rye"]
    bert, anna = post.comments.order_by("submit_date")
    assert (bert.user_name, bert.user_url, bert.comment) == (
        "Bert",
        "http://guest.example",
        "Schön",
    )
    assert (anna.user_name, anna.user_email, anna.comment) == ("Anna", "", "Thank you")
    assert RichTextPage.objects.get().content == "Since 1900"
    for old in Redirect.objects.values_list("old_path", flat=True):
        answer = browse("admin").get(old, follow=True)  # who sees drafts
        assert answer.redirect_chain
        assert answer.status_code == 200


@pytest.mark.parametrize(("command", "option", "file"), WHOLE + FEEDS)
def test_twice_is_once(run_file, command, option, file):
    run_file(command, option, file)
    before = counts()
    assert "that were there already" in run_file(command, option, file)
    assert counts() == before


@pytest.mark.parametrize(("command", "option", "file"), WHOLE)
def test_commenters_link_to_web_pages_alone(run_file, tmp_path, command, option, file):
    text = (EXPORTS / file).read_text("utf-8")
    assert "http://guest.example" in text
    (tmp_path / file).write_text(text.replace("http://guest.example", "javascript:alert(1)"))
    shown = run_file(command, option, tmp_path / file)
    assert "1 websites of commenters that are no web pages" in shown
    assert ThreadedComment.objects.get(user_name="Bert").user_url == ""


@pytest.mark.parametrize("file", BAKERY["import_blogger"][1])
def test_an_answer_at_blogger_is_below_its_comment(run_file, file):
    run_file("import_blogger", "blogger_id", file)
    assert ThreadedComment.objects.get(user_name="Anna").replied_to.user_name == "Bert"


def test_what_does_not_arrive_is_named(run_file):
    assert "1 templates" in run_file("import_blogger", "blogger_id", "blogger.xml")
    takeout = run_file("import_blogger", "blogger_id", "takeout.atom")
    assert "1 comments with the status SPAM_COMMENT" in takeout
    said = run_file("import_blogml", "xmldumpfname", "blogml.xml")
    assert "1 trackbacks" in said
    assert "1 attachments" in said
    assert "Left out: 0" not in said


def test_blogml_has_categories_excerpts_and_comments_that_wait(run_file):
    run_file("import_blogml", "xmldumpfname", "blogml.xml")
    post = BlogPost.objects.get(title="Straße")
    assert [each.title for each in post.categories.all()] == ["News"]
    assert post.description == "Short"
    assert not ThreadedComment.objects.get(user_name="Anna").is_public


def test_a_blog_of_blogger_is_read_from_its_feeds(run, server, monkeypatch):
    answers, address = server
    monkeypatch.setattr(import_blogger, "SERVER", address)
    text = (EXPORTS / "takeout.atom").read_text()
    head, *entries = text.split("<entry>")
    one = {"posts": entries[0], "pages": entries[2], "comments": entries[4]}
    for kind, entry in one.items():
        entry = entry.replace("</feed>", "")
        for start, body in ((1, f"<entry>{entry}"), (2, "")):
            path = f"/feeds/7/{kind}/default?start-index={start}&max-results=150"
            answers[path] = f"{head}{body}</feed>".encode()
    assert "1 posts" in run("import_blogger", blogger_id="7")
    assert ThreadedComment.objects.get().content_object == BlogPost.objects.get()
    with pytest.raises(CommandError, match="HTTP Error 404"):
        run("import_blogger", blogger_id="8")


@pytest.mark.parametrize("file", ["feed.rss", "feed.atom"])
def test_the_posts_of_a_feed_arrive(run_file, browse, file):
    run_file("import_rss", "rss_url", file)
    untitled, post = BlogPost.objects.all()
    assert post.title == "Straße & Haus"
    assert "<p>Long</p>" in post.content
    assert post.publish_date == datetime(2013, 3, 5, 8, tzinfo=UTC)
    assert {each.keyword.title for each in post.keywords.all()} == {"Bread", "Rye"}
    assert untitled.title == "No title here"
    assert untitled.publish_date == datetime(2014, 3, 5, 10, tzinfo=UTC)
    assert "<script" not in untitled.content
    answer = browse().get("/posts/1.html", follow=True)
    assert answer.redirect_chain[-1][0] == post.get_absolute_url()


def test_a_page_says_where_its_feed_is(run, server):
    answers, address = server
    answers["/"] = b'<link rel="alternate" type="application/rss+xml" href="feed.rss">'
    answers["/feed.rss"] = (EXPORTS / "feed.rss").read_bytes()
    answers["/other"] = b"<p>No feed"
    assert "2 posts" in run("import_rss", page_url=f"{address}/")
    with pytest.raises(CommandError, match="names no feed"):
        run("import_rss", page_url=f"{address}/other")
    with pytest.raises(CommandError, match="Say where the export is: --rss-url"):
        run("import_rss")


TUMBLR = [
    {"type": "regular", "regular-title": "Regular", "regular-body": "<p>Straße</p>"},
    {"type": "regular", "regular-title": None, "regular-body": "<p>Untitled. More.</p>"},
    {"type": "link", "link-text": "A <b>link</b>", "link-url": "http://x.example/?a&b"},
    {"type": "quote", "quote-text": "To be. Or not", "quote-source": "<i>Hamlet</i>"},
    {
        "type": "photo",
        "photo-caption": "<p>A loaf</p>",
        "photo-url-100": "http://x.example/100.jpg",
        "photo-url-1280": "http://x.example/1280.jpg",
    },
    {
        "type": "photo",
        "photo-caption": "Two loaves",
        "photos": [
            {"caption": "one", "photo-url-500": "http://x.example/a.jpg"},
            {"caption": "two", "photo-url-500": "http://x.example/b.jpg"},
        ],
    },
    {"type": "conversation", "conversation-title": "Talk", "conversation-text": "A: 1 < 2\nB: no"},
    {"type": "video", "video-caption": "A film", "video-player": "<embed src=x>"},
    {"type": "audio", "id3-title": "A song", "audio-caption": "Heard", "audio-player": ""},
    {"type": "answer", "question": "Why?", "answer": "<p>So.</p>"},
    {"type": "hologram"},
]


@pytest.fixture
def tumblr(run, server, monkeypatch):
    """Return a function that imports TUMBLR, as bakery.tumblr.com gives it."""
    answers, address = server
    monkeypatch.setattr(import_tumblr, "SERVER", address + "/{}")
    posts = [
        post
        | {
            "id": str(number),
            "date-gmt": f"2013-03-05 08:00:{number:02} GMT",
            "date": "Tue, 05 Mar 2013 03:00:00",
            "url-with-slug": f"http://bakery.tumblr.example/post/{number}/slug",
            "tags": ["Rye"],
        }
        for number, post in enumerate(TUMBLR)
    ]
    for start, part in ((0, posts[:6]), (6, posts[6:]), (len(posts), [])):
        body = f"var tumblr_api_read = {json.dumps({'posts': part})};\n"
        answers[f"/bakery/api/read/json?start={start}&num=50"] = body.encode()
    return lambda name="bakery": run("import_tumblr", tumblr_user=name)


def test_every_kind_of_post_of_tumblr_arrives(tumblr, browse):
    said = tumblr()
    posts = {post.title: post for post in BlogPost.objects.all()}
    assert [*posts] == [
        *["Why?", "A song", "A film", "Talk", "Two loaves", "A loaf", "To be.", "A link"],
        *["Untitled", "Regular"],
    ]
    assert "http://x.example/1280.jpg" in posts["A loaf"].content
    assert posts["Two loaves"].content.count("<img") == 2
    assert 'href="http://x.example/?a&amp;b">A link</a>' in posts["A link"].content
    assert "A: 1 &lt; 2<br>B: no" in posts["Talk"].content
    assert posts["Regular"].publish_date == datetime(2013, 3, 5, 8, tzinfo=UTC)
    assert [each.keyword.title for each in posts["Regular"].keywords.all()] == ["Rye"]
    assert "Left out: 1 posts of the type hologram" in said
    answer = browse().get("/post/0/slug", follow=True)
    assert answer.redirect_chain[-1][0] == posts["Regular"].get_absolute_url()


def test_tumblr_twice_is_once_and_who_is_not_there_is_told(tumblr):
    tumblr()
    before = counts()
    tumblr()
    assert counts() == before
    for name in ("nobody", "../x", ""):
        with pytest.raises(CommandError):
            tumblr(name)


def test_posterous_is_gone(run):
    with pytest.raises(CommandError, match=r"Posterous closed in 2013, .* import_wordpress"):
        run("import_posterous", api_token="x", username="x", password="x", hostname="x.example")


@pytest.mark.parametrize(("command", "option", "file"), WHOLE + FEEDS)
def test_what_is_no_export_is_told_in_one_line(run, tmp_path, command, option, file):
    path = tmp_path / "export.xml"
    for text in ("", "no XML", "<html/>"):
        path.write_text(text)
        with pytest.raises(CommandError) as caught:
            run(command, **{option: str(path)})
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_whose_the_posts_are_has_to_be_said(run):
    with pytest.raises(CommandError, match="There is no user nobody"):
        run("import_rss", rss_url=str(EXPORTS / "feed.rss"), mezzanine_user="nobody")
    with pytest.raises(CommandError, match="Say whose the posts are: --mezzanine-user NAME"):
        run("import_rss", rss_url=str(EXPORTS / "feed.rss"), mezzanine_user=None)


def test_where_one_entry_fails_nothing_is_imported(run_file, monkeypatch):
    before = counts()
    monkeypatch.setattr("importers.storing.Store.save_address", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_file("import_rss", "rss_url", "feed.rss")
    assert counts() == before


RDF = """<?xml version="1.0" encoding="utf-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<item rdf:about="x"><title>Caf\u00e9&nbsp;&amp; \x08bar</title><link>http://old.example/1</link>
<description>Text</description><dc:date>2013-03-05T08:00:00Z</dc:date></item></rdf:RDF>"""


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("gb2312", "\u9762\u5305\u5e97"),
        ("shift_jis", "\u30d1\u30f3\u5c4b"),
        ("iso-2022-jp", "\u30d1\u30f3\u5c4b"),
        ("euc-kr", "\ube75\uc9d1"),
        ("koi8-r", "\u0445\u043b\u0435\u0431"),
        ("iso-8859-1", "\u201cBrot\u201d \u2013 f\xfcr 1 \u20ac"),  # as browsers read Latin-1
    ],
)
def test_a_feed_in_an_encoding_of_before_unicode_arrives(run, tmp_path, encoding, words):
    path = tmp_path / "feed.rdf"
    text = RDF.replace("utf-8", encoding).replace("Caf\u00e9&nbsp;&amp; \x08bar", words)
    path.write_bytes(text.encode({"iso-8859-1": "cp1252"}.get(encoding, encoding)))
    run("import_rss", rss_url=str(path))
    assert BlogPost.objects.get().title == words


@pytest.mark.parametrize("encoding", ["gb2312", "iso-2022-jp", "no-such"])
def test_what_is_not_in_the_encoding_that_it_names_is_told(run, tmp_path, encoding):
    path = tmp_path / "feed.rdf"
    path.write_bytes(RDF.replace("utf-8", encoding).encode("utf-8") + b"\xff")
    with pytest.raises(CommandError, match="feed.rdf is not XML: "):
        run("import_rss", rss_url=str(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_feed_that_is_old_and_not_quite_xml_arrives(run, tmp_path, encoding):
    text = RDF.replace("utf-8", encoding)
    text = text if encoding == "utf-8" else text.replace("&nbsp;", "\xa0").replace("\x08", "")
    path = tmp_path / "feed.rdf"
    path.write_bytes(text.encode(encoding))
    run("import_rss", rss_url=str(path))
    post = BlogPost.objects.get()
    assert post.title == "Caf\xe9\xa0& bar"
    assert post.publish_date == datetime(2013, 3, 5, 8, tzinfo=UTC)
