"""What single programs write in their own way: .NET, BlogEngine, Blogger and Tumblr."""

import json

import pytest
from django.contrib.redirects.models import Redirect
from exports import atom
from mezzanine.blog.models import BlogPost
from mezzanine.generic.models import ThreadedComment

from importers.management.commands import import_tumblr

pytestmark = pytest.mark.usefixtures("empty", "mezzanines_defaults")

BLOGML = """<?xml version="1.0" encoding="utf-16"?>
<blog xmlns="http://www.blogml.com/2006/09/BlogML" root-url="{root}">
<categories><category id="1" parentref="0"/><category id="2"
parentref="00000000-0000-0000-0000-000000000000"/></categories><posts>
<post id="1" date-created="2013-03-05T08:00:00" post-url="2013/03/k%c3%a4se.aspx">
<title>Käse</title>{content}<comments>
<comment id="a" date-created="2013-03-05T09:00:00"><content>Good</content></comment>
<comment id="b" date-created="2013-03-05T10:00:00" parentid="a"><content>Yes</content></comment>
</comments></post></posts></blog>"""
PICTURE = '<content type="text"><![CDATA[<img src="a.jpg">]]></content>'


@pytest.mark.parametrize("root", ["http://old.example/blog/", "http://old.example/blog"])
def test_an_address_of_blogml_is_below_that_of_its_blog(run_text, root):
    said = run_text("import_blogml", "xmldumpfname", BLOGML.format(root=root, content=PICTURE))
    assert Redirect.objects.get().old_path == "/blog/2013/03/käse.aspx"
    assert 'src="http://old.example/blog/2013/03/a.jpg"' in BlogPost.objects.get().content
    assert "categories below others" not in said
    first, second = ThreadedComment.objects.order_by("submit_date")
    assert second.replied_to == first


def test_an_address_without_a_beginning_begins_with_a_slash(run_text):
    run_text("import_blogml", "xmldumpfname", BLOGML.format(root="", content=PICTURE))
    assert Redirect.objects.get().old_path == "/2013/03/käse.aspx"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_dotnet_says_utf_16_of_what_it_writes_in_utf_8(run, tmp_path, encoding):
    path = tmp_path / "export"
    path.write_text(BLOGML.format(root="", content=PICTURE), encoding)
    run("import_blogml", xmldumpfname=str(path))
    assert BlogPost.objects.get().title == "Käse"


@pytest.mark.parametrize(
    ("content", "html"),
    [
        ('<content type="xhtml"><p>x <b>y</b></p></content>', "<p>x <b>y</b></p>"),
        ("<content>One\n\nTwo</content>", "<p>One</p>\n\n<p>Two</p>"),
        ("<content>&lt;br&gt;One\n\nTwo</content>", "<br>One\n\nTwo"),
    ],
)
def test_the_content_of_blogml_may_be_elements_or_have_no_tags(run_text, content, html):
    run_text("import_blogml", "xmldumpfname", BLOGML.format(root="", content=content))
    assert BlogPost.objects.get().content == html


def test_comments_that_were_removed_at_blogger_are_told(run_text):
    kind = "<b:type>{}</b:type><content type='html'>{}</content>"
    parent = "<b:parent>1</b:parent>"
    marked = (
        "<g:extendedProperty xmlns:g='http://schemas.google.com/g/2005'"
        " name='blogger.contentRemoved' value='true'/>"
    )
    said = run_text(
        "import_blogger",
        "blogger_id",
        atom(
            "<id>1</id><title>A</title>" + kind.format("POST", "x"),
            kind.format("COMMENT", "Good") + parent,
            kind.format("COMMENT", "This comment has been removed.") + parent + marked,
            kind.format("COMMENT", '&lt;span class="deleted-comment"&gt;Gone') + parent,
            kind.format("SETTINGS", ""),
        ),
    )
    assert ThreadedComment.objects.get().comment == "Good"
    assert "Left out: 2 comments that were removed\n" in said
    assert "Left out: 1 settings\n" in said


POSTS = [
    {"type": "photo", "photo-link-url": "http://x.example/?a&b", "photo-url-500": "//x/a.jpg"},
    {"type": "video", "video-source": {"extension": "mp4"}, "video-caption": "Ours"},
    {"type": "video", "video-source": "http://film.example/1", "video-player": "<embed src=x>"},
    {"type": "regular", "regular-title": None, "regular-body": "One<br>two<p>Three. Four</p>"},
    {"regular-title": "No type"},
]


def test_pictures_and_films_of_tumblr_lead_to_where_they_did(run, server, monkeypatch):
    answers, address = server
    monkeypatch.setattr(import_tumblr, "SERVER", address + "/{}")
    for start, part in ((0, POSTS), (len(POSTS), [])):
        body = f"var tumblr_api_read = {json.dumps({'posts': part})};"
        answers[f"/b/api/read/json?start={start}&num=50"] = body.encode()
    said = run("import_tumblr", tumblr_user="b")
    untitled, film, ours, photo = BlogPost.objects.order_by("-pk")
    assert '<a href="http://x.example/?a&amp;b"><img' in photo.content
    assert "mp4" not in ours.content
    assert '<a href="http://film.example/1">' in film.content
    assert untitled.title == "One two Three"
    assert "Left out: 1 posts of the type unknown\n" in said
