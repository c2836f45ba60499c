"""Posts of feeds: RSS 1.0 and 2.0, and Atom."""

import re
from xml.etree import ElementTree

from django.utils.html import escape, linebreaks

from .entries import Entry
from .reading import date, text

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
DC = "{http://purl.org/dc/elements/1.1/}"
RSS_1 = "{http://purl.org/rss/1.0/}"


def atom_content(node):
    """Return the HTML of content or summary: escaped, or as elements within.

    What is neither is text, unless it looks like HTML, which some forget to say.
    """
    for name in ("content", "summary"):
        found = node.find(f"{ATOM}{name}")
        if found is None:
            continue
        if found.get("type") == "xhtml":
            return markup(found)
        if value := (found.text or "").strip():
            is_text = found.get("type", "text") == "text" and not re.search(r"</|<br|<img", value)
            return linebreaks(escape(value)) if is_text else value
    return ""


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


def atom_entry(node):
    """Return the Entry of an <entry>."""
    tags = [each.get("label") or each.get("term", "") for each in node.findall(f"{ATOM}category")]
    return Entry(
        title=text(node, f"{ATOM}title"),
        content=atom_content(node),
        date=date(text(node, f"{ATOM}published") or text(node, f"{ATOM}updated")),
        address=atom_link(node),
        tags=tags,
        key=text(node, f"{ATOM}id"),
    )


def rss_entry(node, prefix=""):
    """Return the Entry of an <item>; RSS 1.0 has its elements in a namespace, the prefix."""
    tags = [(each.text or "").strip() for each in node.findall(f"{prefix}category")]
    tags += [(each.text or "").strip() for each in node.findall(f"{DC}subject")]
    return Entry(
        title=text(node, f"{prefix}title"),
        content=text(node, CONTENT) or text(node, f"{prefix}description"),
        date=date(text(node, f"{prefix}pubDate") or text(node, f"{DC}date")),
        address=text(node, f"{prefix}link") or address_in_guid(node),
        tags=tags,
        key=text(node, "guid"),
    )


def address_in_guid(node):
    """Return the guid of an <item>, unless it says that it is no address."""
    guid = node.find("guid")
    is_address = guid is not None and guid.get("isPermaLink", "true") == "true"
    return text(node, "guid") if is_address else ""


def entries_of(root):
    """Return the entries of a feed, or None where the document is none."""
    if root.tag == f"{ATOM}feed":
        return [atom_entry(node) for node in root.findall(f"{ATOM}entry")]
    if root.tag == "rss":
        return [rss_entry(node) for node in root.iter("item")]
    if root.tag.endswith("}RDF"):
        return [rss_entry(node, RSS_1) for node in root.findall(f"{RSS_1}item")]
    return None
