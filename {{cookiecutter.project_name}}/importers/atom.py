"""Posts of feeds: RSS and Atom of any version."""

import re
from urllib.parse import urljoin
from xml.etree import ElementTree

from django.utils.html import escape, linebreaks

from . import atom_03
from .entries import Entry
from .reading import date, text

ATOM = atom_03.ATOM_1
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
MEDIA = "{http://search.yahoo.com/mrss/}"
DC = "{http://purl.org/dc/elements/1.1/}"
THREAD = "{http://purl.org/syndication/thread/1.0}in-reply-to"
BASE = "{http://www.w3.org/XML/1998/namespace}base"
TEXTS = ("text", "text/plain")  # types of Atom; without one it is the first
HTML = ("html", "text/html")
LOOKS_LIKE_HTML = re.compile(r"</|<br|<img")


def type_of(node):
    """Return what an element of Atom has: "text", "html", "xhtml", or "file" for what is none."""
    kind = node.get("type", "text").partition(";")[0].lower()
    if "src" in node.attrib:
        return "file"
    if kind == "xhtml" or kind.endswith(("+xml", "/xml")):
        return "xhtml"
    if kind in TEXTS:  # some forget to say that it is HTML
        return "html" if LOOKS_LIKE_HTML.search(node.text or "") else "text"
    return "html" if kind in HTML else "file"


def atom_content(node):
    """Return the HTML of content or summary."""
    for name in ("content", "summary"):
        found = node.find(f"{ATOM}{name}")
        if found is None or type_of(found) == "file":
            continue
        if type_of(found) == "xhtml":
            return markup(found)
        if value := (found.text or "").strip():
            return linebreaks(escape(value)) if type_of(found) == "text" else value
    return ""


def atom_title(node):
    """Return the title of an entry, as HTML."""
    found = node.find(f"{ATOM}title")
    if found is None:
        return ""
    if type_of(found) == "xhtml":
        return markup(found)
    value = found.text or ""
    return value.replace("<", "&lt;") if type_of(found) == "text" else value


def files_of(root):
    """Return how many files the entries of a feed have, beside their text."""
    names = ["enclosure", f"{ATOM}link[@rel='enclosure']", f"{MEDIA}content"]
    contents = [node for node in root.iter(f"{ATOM}content") if type_of(node) == "file"]
    return sum(len(root.findall(f".//{name}")) for name in names) + len(contents)


def authors_of(root):
    """Return the names of those who wrote the entries of a feed, a list."""
    names = [f"{ATOM}entry/{ATOM}author/{ATOM}name", f"{DC}creator", "item/author"]
    return [(node.text or "").strip() for name in names for node in root.findall(f".//{name}")]


def markup(node):
    """Return the HTML of the elements within, without the prefixes of XML's namespaces."""
    for each in node.iter():
        each.tag = each.tag.rpartition("}")[2]
    inner = (ElementTree.tostring(each, "unicode", method="html") for each in node)
    return "".join([node.text or "", *inner])


def atom_link(node):
    """Return the address of the page of an entry, or ""."""
    links = node.findall(f"{ATOM}link")
    found = [link for link in links if link.get("rel", "alternate") == "alternate"]
    return found[0].get("href", "") if found else ""


def atom_entry(node, base=""):
    """Return the Entry of an <entry>, whose addresses may be relative to a base."""
    tags = [each.get("label") or each.get("term", "") for each in node.findall(f"{ATOM}category")]
    tags += subjects(node)
    base, link = urljoin(base, node.get(BASE, "")), atom_link(node)
    return Entry(
        title=atom_title(node),
        content=atom_content(node),
        date=date(text(node, f"{ATOM}published") or text(node, f"{ATOM}updated")),
        address=link and urljoin(base, link),
        base=base,
        tags=tags,
        key=text(node, f"{ATOM}id"),
    )


def subjects(node):
    """Return the tags that an entry has as Dublin Core."""
    return [(each.text or "").strip() for each in node.findall(f"{DC}subject")]


def rss_entry(node, base):
    """Return the Entry of an <item>, whose address may be relative to a base."""
    prefix = node.tag.removesuffix("item")  # the namespace, which most versions have not
    tags = [(each.text or "").strip() for each in node.findall(f"{prefix}category")]
    tags += subjects(node)
    link = text(node, f"{prefix}link") or address_in_guid(node, prefix)
    return Entry(
        title=text(node, f"{prefix}title"),
        content=html(node, CONTENT) or html(node, f"{prefix}description"),
        date=date(text(node, f"{prefix}pubDate") or text(node, f"{DC}date")),
        address=link and urljoin(base, link),
        base=base,
        tags=tags,
        key=text(node, f"{prefix}guid"),
    )


def html(node, name):
    """Return the HTML of a child; some forget to escape it, so that it is elements within."""
    found = node.find(name)
    return markup(found) if found is not None and len(found) else text(node, name)


def address_in_guid(node, prefix):
    """Return the guid of an <item>, unless it says that it is no address."""
    guid = node.find(f"{prefix}guid")
    is_address = guid is not None and guid.get("isPermaLink", "true") == "true"
    return text(node, f"{prefix}guid") if is_address else ""


def entries_of(root):
    """Return the entries of a feed, or None where the document is none.

    A feed of Atom 0.3 is then one of Atom 1.0.
    """
    atom_03.renewed(root)
    if root.tag == f"{ATOM}feed":
        nodes = [node for node in root.findall(f"{ATOM}entry") if node.find(THREAD) is None]
        return [atom_entry(node, root.get(BASE, "")) for node in nodes]
    if name(root) in ("rss", "RDF"):
        links = (text(node, node.tag.removesuffix("channel") + "link") for node in root)
        base = next(filter(None, links), "")
        return [rss_entry(node, base) for node in root.iter() if name(node) == "item"]
    return None


def name(node):
    """Return the name of an element, without its namespace."""
    return node.tag.rpartition("}")[2]
