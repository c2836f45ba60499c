"""Imports a blog of Blogger into blog and pages: from its public feeds, or from an export."""

import re
from pathlib import Path
from urllib.parse import unquote

from django.core.management.base import CommandError

from importers.atom import ATOM, THREAD, atom_entry
from importers.base import ImportCommand
from importers.entries import Comment, Export
from importers.reading import read_xml, text

SERVER = "https://www.blogger.com"
FEEDS = ("posts", "pages", "comments")
PAGE = 150  # entries that Blogger gives at once

KIND = "http://schemas.google.com/g/2005#kind"
REMOVED = (
    "{http://schemas.google.com/g/2005}extendedProperty"
    "[@name='blogger.contentRemoved'][@value='true']"
)
NEW = "{http://schemas.google.com/blogger/2018}"  # of Google Takeout
DRAFT = ("{http://purl.org/atom/app#}", "{http://www.w3.org/2007/app}")


class Command(ImportCommand):
    help = "Imports a blog of Blogger: its public feeds, or a file that Blogger exports."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        self.add_source(
            parser, "-b", "blogger-id", "Number of the blog, or a file that Blogger exports"
        )

    def get_export(self, source):
        if source.isdecimal() and not Path(source).exists():
            nodes = [(node, kind) for kind in FEEDS for node in nodes_of(source, kind)]
        else:
            root = read_xml(source)
            if root.tag != f"{ATOM}feed":
                raise CommandError(f"{source} is no export of Blogger.")
            nodes = [(node, kind_of(node)) for node in root.findall(f"{ATOM}entry")]
        return export_of(nodes)


def nodes_of(blog, kind):
    """Return all <entry> elements of a public feed of a blog."""
    found = []
    while True:
        query = f"start-index={len(found) + 1}&max-results={PAGE}"
        root = read_xml(f"{SERVER}/feeds/{blog}/{kind}/default?{query}")
        nodes = root.findall(f"{ATOM}entry")
        found += nodes
        if not nodes:
            return found


def kind_of(node):
    """Return what an <entry> is: "posts", "pages", "comments" or another plural."""
    terms = [each.get("term", "") for each in node.findall(f"{ATOM}category[@scheme='{KIND}']")]
    kind = text(node, f"{NEW}type") or "".join(terms).rpartition("#")[2] or "entry"
    return f"{kind.lower().removesuffix('s')}s"


def export_of(nodes):
    """Return the Export of <entry> elements, each with its kind."""
    export = Export()
    export.leave_out_authors(author_of(node) for node, kind in nodes if kind == "posts")
    for node, kind in nodes:
        if kind in ("posts", "pages") and "TRASH" in text(node, f"{NEW}status"):
            export.left_out[f"{kind} that were thrown away"] += 1
        elif kind in ("posts", "pages"):
            export.entries.append(entry_of(node, kind))
        elif kind != "comments":
            export.left_out[kind] += 1
    by_key = {entry.key: entry for entry in export.entries}
    for node, kind in nodes:
        if kind != "comments":
            continue
        post = by_key.get(post_of(node))
        if post is None:
            export.left_out["comments on posts that the export does not have"] += 1
        elif post.is_page:
            export.left_out["comments on pages"] += 1
        else:
            add_comment(node, post, export.left_out)
    return export


def entry_of(node, kind):
    entry = atom_entry(node)
    labels = node.findall(f"{ATOM}category")
    entry.tags = [each.get("term", "") for each in labels if each.get("scheme") != KIND]
    status = text(node, f"{NEW}status") or "LIVE"
    draft = any(text(node, f"{app}control/{app}draft") == "yes" for app in DRAFT)
    entry.is_published = status in ("LIVE", "SCHEDULED") and not draft
    entry.is_page = kind == "pages"
    entry.address = entry.address or unquote(text(node, f"{NEW}filename"))
    entry.description = text(node, f"{NEW}metaDescription")
    return entry


def post_of(node):
    """Return the key of the post of a comment, or None."""
    thread = node.find(THREAD)
    return text(node, f"{NEW}parent") or (None if thread is None else thread.get("ref"))


def author_of(node):
    return text(node, f"{ATOM}author/{ATOM}name")


def add_comment(node, post, left_out):
    status = text(node, f"{NEW}status") or "LIVE"
    if status not in ("LIVE", "PENDING"):
        left_out[f"comments with the status {status}"] += 1
        return
    entry = atom_entry(node)
    if node.find(REMOVED) is not None or 'class="deleted-comment"' in entry.content:
        left_out["comments that were removed"] += 1
        return
    email = text(node, f"{ATOM}author/{ATOM}email")
    post.comments.append(
        Comment(
            name=author_of(node),
            email="" if email == "noreply@blogger.com" else email,
            website=text(node, f"{ATOM}author/{ATOM}uri"),
            body=entry.content,
            date=entry.date,
            is_public=status == "LIVE",
            key=number(entry.key),
            parent=number(text(node, f"{NEW}inReplyTo") or related(node)),
        )
    )


def related(node):
    """Return the address of the comment that a comment answers, as older exports have it, or ""."""
    link = node.find(f"{ATOM}link[@rel='related']")
    return "" if link is None else link.get("href", "")


def number(key):
    """Return the number at the end of tag:blogger.com,1999:blog-1.post-2 or of an address."""
    return re.search(r"\d*$", key)[0]
