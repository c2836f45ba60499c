"""Exports as other programs write them, and what is counted after an import."""

from pathlib import Path

from django.contrib.redirects.models import Redirect
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.generic.models import AssignedKeyword, Keyword, ThreadedComment
from mezzanine.pages.models import Page

EXPORTS = Path(__file__).parent
MODELS = (AssignedKeyword, BlogCategory, BlogPost, Keyword, Page, Redirect, ThreadedComment)


def counts():
    """Return how many rows there are, a dict by model."""
    return {model: model._base_manager.count() for model in MODELS}


def item(title, status="publish", more="", date="2013-02-03 11:30:00", author="anna"):
    return f"""<item><title><![CDATA[{title}]]></title><dc:creator><![CDATA[{author}]]></dc:creator>
    <link>http://old.example/{title.lower()}/</link>
    <content:encoded><![CDATA[Text of {title}]]></content:encoded>
    <wp:post_type>post</wp:post_type><wp:status>{status}</wp:status>
    <wp:post_date_gmt>{date}</wp:post_date_gmt>{more}</item>"""


def wordpress(*items, before=""):
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <rss xmlns:content="http://purl.org/rss/1.0/modules/content/"
      xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
    <channel><wp:wxr_version>1.2</wp:wxr_version>{before}{"".join(items)}</channel></rss>"""


def comment(number, parent=0, words="Good"):
    return f"""<wp:comment><wp:comment_id>{number}</wp:comment_id>
    <wp:comment_author><![CDATA[Bert]]></wp:comment_author>
    <wp:comment_content><![CDATA[{words}]]></wp:comment_content>
    <wp:comment_date_gmt>2013-02-04 08:00:{number:02}</wp:comment_date_gmt>
    <wp:comment_approved>1</wp:comment_approved>
    <wp:comment_parent>{parent}</wp:comment_parent></wp:comment>"""


def atom(*entries):
    spaces = 'xmlns="http://www.w3.org/2005/Atom" xmlns:b="http://schemas.google.com/blogger/2018"'
    dated = [
        f"<entry><published>2013-03-05T08:00:0{second}Z</published>{entry}</entry>"
        for second, entry in enumerate(entries)
    ]
    return f"<feed {spaces}>{''.join(dated)}</feed>"


BLOGML = """<?xml version="1.0" encoding="utf-8"?>
<blog xmlns="http://www.blogml.com/2006/09/BlogML"><posts>
<post id="1" date-created="{0}" approved="true" post-url="/post/rye.aspx"><title>Rye</title>
<content>Dark</content><comments><comment id="a" date-created="{0}" user-name="Bert">
<content>Good</content></comment></comments></post></posts></blog>"""
