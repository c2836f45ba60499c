"""Imports what WordPress exports (Tools > Export > All content) into blog and pages."""

import re
from ipaddress import ip_address
from urllib.parse import unquote

from django.core.management.base import CommandError

from importers.atom import DC
from importers.base import ImportCommand
from importers.entries import Comment, Entry, Export
from importers.reading import date, read_xml, text, utc
from importers.wordpress import embedded, paragraphs, shortcodes

CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
GONE = ("trash", "auto-draft", "inherit")
VISIBLE = ("publish", "future")


class Command(ImportCommand):
    help = "Imports a file that WordPress exports into blog and pages."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        self.add_source(parser, "-u", "url", "The file, or its address")

    def get_export(self, source):
        root = read_xml(source)
        versions = [
            re.match(r"\{(http://wordpress\.org/export/[\d.]+/)\}", e.tag) for e in root.iter()
        ]
        wp = next((match[0] for match in versions if match), None)
        if wp is None:
            raise CommandError(f"{source} is no export of WordPress: it has no wp:wxr_version.")
        return Reader(wp).read(root)


class Reader:
    """Reads an export; wp is the namespace of WordPress, which has its version in it."""

    def __init__(self, wp):
        self.wp = wp
        self.excerpt = f"{wp[:-1]}excerpt/}}encoded"
        self.export = Export()

    def read(self, root):
        items = list(root.iter("item"))
        for item in sorted(items, key=lambda item: self.place(item)):
            kind, status = text(item, f"{self.wp}post_type"), text(item, f"{self.wp}status")
            if kind not in ("post", "page"):
                self.leave_out(f"entries of the type {kind}")
            elif status in GONE:
                self.leave_out(f"{kind}s with the status {status}")
            else:
                self.export.entries.append(self.entry(item, kind, status))
        self.export.leave_out_authors(text(item, f"{DC}creator") for item in items)
        parents = [node.text for node in root.iter(f"{self.wp}category_parent") if node.text]
        self.leave_out("places of categories below others", len(parents))
        self.leave_out_terms(root)
        return self.export

    def leave_out_terms(self, root):
        """Name the categories, tags and other terms that no entry has."""
        used = {node.get("nicename") for node in root.iterfind(".//item/category")}
        for kind, slug in (("category", "category_nicename"), ("tag", "tag_slug")):
            found = {text(node, f"{self.wp}{slug}") for node in root.iter(f"{self.wp}{kind}")}
            self.leave_out(f"terms of the kind {kind} that no entry has", len(found - used))
        kinds = [text(node, f"{self.wp}term_taxonomy") for node in root.iter(f"{self.wp}term")]
        for kind in {*kinds} - {"category", "post_tag"}:
            self.leave_out(f"definitions of the term {kind}", kinds.count(kind))

    def place(self, item):
        """Return the place of a page among others, an int."""
        order = text(item, f"{self.wp}menu_order")
        return int(order) if re.fullmatch(r"-?\d+", order) else 0

    def leave_out(self, name, count=1):
        self.export.left_out[name] += count

    def entry(self, item, kind, status):
        terms = self.terms(item)
        content = text(item, CONTENT)
        for name in shortcodes(content):
            self.leave_out(f"entries in which [{name}] is shown as it stands")
        self.leave_out("films and the like of other sites: they are links", embedded(content))
        is_open = not text(item, f"{self.wp}post_password")
        if not is_open:
            self.leave_out("passwords: these entries are drafts")
        if text(item, f"{self.wp}is_sticky") == "1":
            self.leave_out("marks of what stays at the top of the blog")
        for name in self.meta(item):
            if name == "_thumbnail_id":
                self.leave_out("pictures of posts")
            elif name[:1] != "_":  # those are of WordPress and its plugins
                self.leave_out(f"fields with the name {name}")
        if kind == "page" and item.find(f"{self.wp}comment") is not None:
            self.leave_out("comments on pages", len(item.findall(f"{self.wp}comment")))
        return Entry(
            title=text(item, "title"),
            content=paragraphs(content),
            description=text(item, self.excerpt),
            date=self.date(item),
            address=unquote(text(item, "link")),
            tags=terms["post_tag"],
            categories=terms["category"],
            comments=[] if kind == "page" else self.comments(item),
            is_published=status in VISIBLE and is_open,
            allow_comments=text(item, f"{self.wp}comment_status") != "closed",
            is_page=kind == "page",
            key=text(item, f"{self.wp}post_id"),
            parent=text(item, f"{self.wp}post_parent") if kind == "page" else "",
        )

    def terms(self, item):
        """Return the names of tags and categories, lists by their kind."""
        found = {"post_tag": [], "category": []}
        for node in item.findall("category"):
            kind = {"tag": "post_tag"}.get(node.get("domain"), node.get("domain"))
            if kind in found:
                found[kind].append((node.text or "").strip())
            elif kind:
                self.leave_out(f"terms of the kind {kind}")
        return found

    def date(self, item):
        """Return when it appeared, or for a draft when it was written, if the export says so."""
        found = utc(text(item, f"{self.wp}post_date_gmt")) or date(
            text(item, f"{self.wp}post_date")
        )
        return found or date(text(item, "pubDate"))

    def meta(self, item):
        """Return the names of the fields of an entry, a set."""
        return {text(node, f"{self.wp}meta_key") for node in item.findall(f"{self.wp}postmeta")}

    def comments(self, item):
        found = []
        for node in item.findall(f"{self.wp}comment"):
            value = {key: text(node, f"{self.wp}comment_{key}") for key in FIELDS}
            if value["type"] not in ("", "comment"):
                self.leave_out(f"comments of the type {value['type']}")
            elif value["approved"] not in ("0", "1", ""):
                self.leave_out(f"comments with the mark {value['approved']}")
            else:
                found.append(comment_of(value))
        return found


FIELDS = ("author", "author_email", "author_url", "author_IP", "date", "date_gmt", "content")
FIELDS += ("approved", "type", "id", "parent")


def comment_of(value):
    return Comment(
        name=value["author"],
        email=value["author_email"],
        website=value["author_url"],
        body=value["content"],
        date=utc(value["date_gmt"]) or date(value["date"]),
        is_public=value["approved"] != "0",
        key=value["id"],
        parent=value["parent"],
        ip_address=address_of(value["author_IP"]),
    )


def address_of(value):
    """Return an IP address, or None where it is none."""
    try:
        return str(ip_address(value))
    except ValueError:
        return None
