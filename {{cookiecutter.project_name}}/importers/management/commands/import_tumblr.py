"""Imports the posts of a blog at Tumblr into the blog."""

import json
import re

from django.core.management.base import CommandError
from django.utils.html import format_html, strip_tags
from django.utils.safestring import mark_safe

from importers.base import ImportCommand
from importers.entries import Entry, Export
from importers.reading import date, read, utc

SERVER = "https://{}.tumblr.com"
PAGE = 50  # posts that Tumblr gives at once


class Command(ImportCommand):
    help = "Imports the posts of a blog at Tumblr into the blog."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        self.add_source(parser, "-t", "tumblr-user", "Name of the blog: NAME.tumblr.com")

    def get_export(self, source):
        if not re.fullmatch(r"[A-Za-z0-9-]+", source):
            raise CommandError(
                f"{source} is no name of a blog at Tumblr: the one in NAME.tumblr.com"
            )
        export, start = Export(), 0
        while posts := posts_of(source, start):
            for post in posts:
                if make := CONTENT.get(post.get("type")):
                    export.entries.append(entry_of(post, *make(Post(post))))
                else:
                    export.left_out[f"posts of the type {post.get('type', 'unknown')}"] += 1
            start += len(posts)
        return export


class Post(dict):
    """A post of Tumblr; what it lacks, or has as null, is ""."""

    def __getitem__(self, key):
        return self.get(key) or ""

    def html(self, key):
        """Return a value that is HTML already."""
        return mark_safe(self[key])  # noqa: S308 - the filter of rich text is next


def posts_of(name, start):
    """Return posts, dicts, from that number on: at most PAGE of them."""
    address = f"{SERVER.format(name)}/api/read/json?start={start}&num={PAGE}"
    answer = read(address).decode("utf-8", "replace")
    try:
        return json.loads(answer[answer.index("{") : answer.rindex("}") + 1])["posts"]
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"{address} does not answer as Tumblr does.") from None


def entry_of(post, title, content):
    return Entry(
        title=title or "",
        content=content,
        date=utc((post.get("date-gmt") or "").removesuffix(" GMT")) or date(post.get("date")),
        address=post.get("url-with-slug") or post.get("url", ""),
        tags=post.get("tags") or [],
        key=str(post.get("id", "")),
    )


# Each returns the title and the content, HTML, of a Post of its type.


def first_sentence(html):
    return re.split(r"(?<=[.?!])\s|<br ?/?>|\n|</p>", html, maxsplit=1)[0]


def regular(post):
    return post["regular-title"], post["regular-body"]


def link(post):
    words = post["link-text"] or post["link-url"]
    link = format_html('<p><a href="{}">{}</a></p>', post["link-url"], strip_tags(words))
    return words, link + post.html("link-description")


def quote(post):
    quoted, source = post.html("quote-text"), post.html("quote-source")
    html = format_html("<blockquote>{}</blockquote><p>{}</p>", quoted, source)
    return first_sentence(post["quote-text"]), html


def photo(post):
    pictures = [Post(each) for each in post["photos"] or [post]]
    shown = [
        format_html('<img src="{}" alt="{}">', picture_of(each), strip_tags(each["caption"]))
        for each in pictures
    ]
    if address := post["photo-link-url"]:
        shown = [format_html('<a href="{}">{}</a>', address, each) for each in shown]
    html = "".join(format_html("<p>{}</p>", each) for each in shown)
    return first_sentence(post["photo-caption"]), html + post.html("photo-caption")


def picture_of(post):
    sizes = [key for key in post if re.fullmatch(r"photo-url-\d+", key)]
    return post[max(sizes, key=lambda key: int(key.rpartition("-")[2]))] if sizes else ""


def conversation(post):
    lines = post["conversation-text"].splitlines()
    html = mark_safe("<br>".join(format_html("{}", line) for line in lines))  # noqa: S308 - each line is escaped
    return post["conversation-title"], format_html("<p>{}</p>", html)


def video(post):
    source, html = post["video-source"], format_html("<p>{}</p>", post.html("video-player"))
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        html += format_html('<p><a href="{}">{}</a></p>', source, source)
    elif isinstance(source, str) and not post["video-player"]:
        html += post.html("video-source")
    html += post.html("video-caption")
    return first_sentence(post["video-caption"]), html


def audio(post):
    html = format_html("<p>{}</p>", post.html("audio-player")) + post.html("audio-caption")
    return post["id3-title"] or first_sentence(post["audio-caption"]), html


def answer(post):
    return strip_tags(post["question"]), post["answer"]


CONTENT = {
    each.__name__: each
    for each in (regular, link, quote, photo, conversation, video, audio, answer)
}
