"""Imports a file in BlogML, as BlogEngine.NET, Subtext and others write it, into the blog."""

import re
from urllib.parse import urljoin

from django.core.management.base import CommandError
from django.utils.html import linebreaks

from importers.atom import markup
from importers.base import ImportCommand
from importers.entries import Comment, Entry, Export
from importers.reading import date, of_base64, read_xml, text

NS = "{http://www.blogml.com/2006/09/BlogML}"


class Command(ImportCommand):
    help = "Imports a file in BlogML into the blog."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        self.add_source(parser, "-x", "xmldumpfname", "The file, or its address")

    def get_export(self, source):
        root = read_xml(source)
        if root.tag != f"{NS}blog":
            raise CommandError(f"{source} is not BlogML.")
        titles = {
            node.get("id"): words(node, "title")
            for node in root.findall(f"{NS}categories/{NS}category")
        }
        export = Export()
        base = re.sub(r"(?<=[^/])$", "/", root.get("root-url", ""))
        for node in root.findall(f"{NS}posts/{NS}post"):
            entry = self.entry(node, titles, export.left_out)
            entry.base, entry.address = base, entry.address and urljoin(base, entry.address)
            export.entries.append(entry)
        parents = root.findall(f"{NS}categories/{NS}category[@parentref]")
        below = sum(bool(node.get("parentref").strip("0-")) for node in parents)
        export.left_out["places of categories below others"] += below
        authors = root.findall(f"{NS}authors/{NS}author")
        export.leave_out_authors(words(node, "title") for node in authors)
        return export

    def entry(self, node, titles, left_out):
        comments = [*map(comment_of, node.findall(f"{NS}comments/{NS}comment"))]
        for kind in ("trackback", "attachment"):
            left_out[f"{kind}s"] += len(node.findall(f"{NS}{kind}s/{NS}{kind}"))
        refs = [each.get("ref") for each in node.findall(f"{NS}categories/{NS}category")]
        tags = [each.get("ref") for each in node.findall(f"{NS}tags/{NS}tag")]
        is_page = node.get("type") == "article"
        if is_page:
            left_out["comments on pages"] += len(comments)
            left_out["categories of pages"] += len(refs)
        return Entry(
            title=words(node, "title"),
            content=html(node, "content"),
            description=words(node, "excerpt"),
            date=date(node.get("date-created")),
            address=node.get("post-url", ""),
            tags=tags,
            categories=[titles.get(ref) or "" for ref in refs],
            comments=comments,
            is_published=is_approved(node),
            is_page=is_page,
            key=node.get("id", ""),
        )


def is_approved(node):
    return node.get("approved", "true").lower() in ("true", "1")


def comment_of(node):
    return Comment(
        name=node.get("user-name", ""),
        email=node.get("user-email", ""),
        website=node.get("user-url", ""),
        body=words(node, "content"),
        date=date(node.get("date-created")),
        is_public=is_approved(node),
        key=node.get("id", ""),
        parent=node.get("parentid", ""),
    )


def html(node, name):
    """Return the HTML of a child; blank lines are paragraphs where there is no tag."""
    value = words(node, name)
    is_text = re.search(r"\n\s*\n", value) and not re.search(r"<[a-z]", value, re.I)
    return linebreaks(value) if is_text else value


def words(node, name):
    """Return the text of a child, which may be in base64, or XHTML."""
    value, child = text(node, f"{NS}{name}"), node.find(f"{NS}{name}")
    if child is not None and len(child):
        return markup(child)
    if child is None or child.get("type") != "base64":
        return value
    return of_base64(value, name)
