"""Exports that differ from those of most programs: what they hold arrives, or is named."""

import gzip
from datetime import timedelta

import pytest
from django.contrib.redirects.models import Redirect
from django.core.management.base import CommandError
from django.utils.html import escape
from django.utils.timezone import now
from exports import BLOGML, atom, item, wordpress
from mezzanine.blog.models import BlogPost
from mezzanine.core.models import CONTENT_STATUS_PUBLISHED

pytestmark = pytest.mark.usefixtures("empty", "mezzanines_defaults")


RSS = """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel>
<link>http://old.example/old/</link><item><title>A</title>{}</item></channel></rss>"""
RELATIVE = """<img src="i.jpg"> <a href='/b/'>b</a> <a href="#c">c</a> <a href="mailto:d@x">d</a>"""
ABSOLUTE = (
    """<img src="http://old.example/old/a/i.jpg"> <a href="http://old.example/b/">b</a>"""
    """ <a href="#c">c</a> <a href="mailto:d@x">d</a>"""
)


@pytest.mark.parametrize(
    ("command", "option", "export"),
    [
        (
            "import_rss",
            "rss_url",
            RSS.format(f"<link>/old/a/</link><description>{escape(RELATIVE)}</description>"),
        ),
        (
            "import_rss",
            "rss_url",
            atom(
                "<title>A</title><link href='a/'/>"
                f"<content type='html'>{escape(RELATIVE)}</content>"
            )
            .replace("<feed", "<feed xml:base='http://old.example/'")
            .replace("<entry", "<entry xml:base='/old/'"),
        ),
        (
            "import_wordpress",
            "url",
            wordpress(item("A"))
            .replace("old.example/a/", "old.example/old/a/")
            .replace("Text of A", f"<p>{RELATIVE}</p>"),
        ),
        (
            "import_blogml",
            "xmldumpfname",
            BLOGML.format("2013-03-05T08:00:00")
            .replace("<blog ", '<blog root-url="http://old.example/" ')
            .replace("/post/rye.aspx", "/old/a/")
            .replace("Dark", escape(RELATIVE)),
        ),
    ],
    ids=["rss", "atom", "wordpress", "blogml"],
)
def test_what_a_post_shows_is_where_it_was(run_text, command, option, export):
    run_text(command, option, export)
    assert BlogPost.objects.get().content.removeprefix("<p>").removesuffix("</p>") == ABSOLUTE
    assert Redirect.objects.get().old_path == "/old/a/"
    run_text(command, option, export)
    assert BlogPost.objects.count() == 1


def test_a_post_without_an_address_has_no_redirect(run_text):
    run_text("import_rss", "rss_url", RSS.format("<description>x</description>"))
    assert (BlogPost.objects.count(), Redirect.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    "root",
    [
        '<rss xmlns="http://backend.userland.com/rss2"><channel>{}</channel></rss>',
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://my.netscape.com/rdf/simple/0.9/">{}</r:RDF>',
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://purl.org/rss/1.0/">{}</r:RDF>',
    ],
)
def test_rss_of_any_version_arrives(run_text, root):
    item = "<item><title>A</title><link>http://old.example/a/</link>{}</item>"
    item = item.format("<description>An <b>old</b> one</description>")
    run_text("import_rss", "rss_url", root.format(item))
    assert BlogPost.objects.get().content == "An <b>old</b> one"
    assert Redirect.objects.get().old_path == "/a/"


XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("<title>Use &lt;blink&gt; often</title>", "Use <blink> often"),
        ("<title type='html'>&lt;i&gt;Tom&lt;/i&gt; &amp;amp; Jerry</title>", "Tom & Jerry"),
        (f"<title type='xhtml'>{XHTML.format('Tom <b>and</b> Jerry')}</title>", "Tom and Jerry"),
    ],
)
def test_the_title_of_atom_is_what_its_type_says(run_text, title, text):
    run_text("import_rss", "rss_url", atom(f"{title}<content>x</content>"))
    assert BlogPost.objects.get().title == text


@pytest.mark.parametrize(
    ("content", "text", "files"),
    [
        (f"<content type='application/xhtml+xml'>{XHTML.format('<p>x</p>')}</content>", "x", 0),
        ("<content type='text/html'>&lt;p&gt;x&lt;/p&gt;</content>", "x", 0),
        ("<content type='text/html' src='http://x.example/'/><summary>Short</summary>", "Short", 1),
        ("<content type='image/png'>aGVsbG8=</content><summary>Short</summary>", "Short", 1),
    ],
)
def test_the_content_of_atom_may_be_of_any_type(run_text, content, text, files):
    said = run_text("import_rss", "rss_url", atom(f"<title>A</title>{content}"))
    assert text in BlogPost.objects.get().content
    assert (f"Left out: {files} attached files\n" in said) == bool(files)


def test_answers_and_pictures_of_a_feed_are_told(run_text):
    answer = '<title>Re</title><t:in-reply-to xmlns:t="http://purl.org/syndication/thread/1.0"/>'
    said = run_text("import_rss", "rss_url", atom("<title>A</title><content>x</content>", answer))
    assert BlogPost.objects.get().title == "A"
    assert "Left out: 1 answers to posts\n" in said
    picture = "<description>x</description><media:content url='http://x.example/i.jpg'/>"
    said = run_text("import_rss", "rss_url", RSS.format(picture))
    assert "Left out: 1 attached files\n" in said


@pytest.mark.parametrize("date", ["Di, 05 Mär 2013 08:00:00 +0100", "yesterday", ""])
def test_a_date_that_cannot_be_read_is_told(run_text, date):
    dated = RSS.format(f"<pubDate>{date}</pubDate><description>x</description>")
    said = run_text("import_rss", "rss_url", dated)
    assert "Left out: 1 dates that are none: these entries are of today\n" in said
    assert now() - BlogPost.objects.get().publish_date < timedelta(hours=1)


def test_posts_of_wordpress_without_date_and_address_come_once(run_text):
    post = item("Rye", date="0000-00-00 00:00:00").replace("http://old.example/rye/", "")
    for _ in range(2):
        run_text("import_wordpress", "url", wordpress(post, post))
        assert BlogPost.objects.count() == 2


def test_html_that_arrives_as_it_was_is_not_left_out(run_text):
    text = wordpress(item("Rye")).replace("Text of", "1 > 0 & so ]]]]><![CDATA[> on")
    said = run_text("import_wordpress", "url", text)
    assert "RICHTEXT_FILTER_LEVEL" not in said


def test_a_feed_in_utf_8_that_says_latin_1_arrives(run_text):
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>' + RSS.format(
        "<description>ü “é”</description>"
    )
    run_text("import_rss", "rss_url", text)
    assert BlogPost.objects.get().content == "ü “é”"


def test_an_export_may_be_packed(run, tmp_path):
    path = tmp_path / "export.xml.gz"
    path.write_bytes(gzip.compress(wordpress(item("Rye")).encode()))
    run("import_wordpress", url=str(path))
    assert BlogPost.objects.get().title == "Rye"


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"PK\x03\x04rest", "is a zip file. Unpack it"), (b"\x1f\x8brest", "cannot be unpacked")],
)
def test_what_cannot_be_unpacked_is_told(run, tmp_path, data, words):
    path = tmp_path / "export"
    path.write_bytes(data)
    with pytest.raises(CommandError, match=words):
        run("import_blogger", blogger_id=str(path))


@pytest.mark.parametrize("approved", ["true", "True", "1"])
def test_blogml_says_in_several_ways_that_a_post_is_public(run_text, approved):
    text = BLOGML.format("2013-03-05T08:00:00").replace('"true"', f'"{approved}"')
    run_text("import_blogml", "xmldumpfname", text)
    assert BlogPost.objects.get().status == CONTENT_STATUS_PUBLISHED


def test_authors_and_nested_categories_of_blogml_are_told(run_text):
    more = """<authors><author id="1"><title>Anna</title></author><author id="2"><title>Bea</title>
    </author></authors><categories><category id="a" parentref="b"/></categories><posts>"""
    text = BLOGML.format("2013-03-05T08:00:00").replace("<posts>", more)
    said = run_text("import_blogml", "xmldumpfname", text)
    assert "Left out: 2 authors, whose posts are the user's: Anna, Bea\n" in said
    assert "Left out: 1 places of categories below others\n" in said


def test_what_is_no_base64_is_told(run_text):
    text = BLOGML.format("2013-03-05T08:00:00").replace(
        "<content>Dark", '<content type="base64">@@'
    )
    with pytest.raises(CommandError, match="is not base64"):
        run_text("import_blogml", "xmldumpfname", text)
    assert not BlogPost.objects.exists()


ATOM_03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"
xmlns:dc="http://purl.org/dc/elements/1.1/"><entry><title {title}</title>
<link rel="alternate" type="text/html" href="http://old.example/a.html"/>
<issued>2004-04-05T10:00:00+02:00</issued><modified>2005-01-01T10:00:00Z</modified>
<dc:subject>cats</dc:subject><content {content}</content></entry></feed>"""


@pytest.mark.parametrize(
    ("title", "content"),
    [
        (
            "mode='escaped' type='text/html'>Tom &amp;amp; &lt;i>Jerry&lt;/i>",
            "type='text/html' mode='escaped'>&lt;p>1 &amp;lt; 2&lt;/p>",
        ),
        (
            f"type='application/xhtml+xml'>{XHTML.format('Tom &amp; <i>Jerry</i>')}",
            f"type='text/html' mode='xml'>{XHTML.format('<p>1 &lt; 2</p>')}",
        ),
        (">Tom &amp; Jerry", ">1 &lt; 2"),
        (
            "mode='base64'>VG9tICYgSmVycnk=",
            "type='text/html' mode='base64'>PHA+MSAmbHQ7\nIDI8L3A+",
        ),
    ],
)
def test_a_feed_of_2003_arrives(run_text, title, content):
    for _ in range(2):
        run_text("import_rss", "rss_url", ATOM_03.format(title=title, content=content))
    post = BlogPost.objects.get()
    assert (post.title, f"{post.publish_date:%F}") == ("Tom & Jerry", "2004-04-05")
    assert post.content.removeprefix("<div>").removesuffix("</div>") == "<p>1 &lt; 2</p>"
    assert post.keywords_string == "cats"
    assert Redirect.objects.get().old_path == "/a.html"
