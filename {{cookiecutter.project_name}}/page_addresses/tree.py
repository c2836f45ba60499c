"""The tree of the pages of a site, and the addresses in it.

A page has the address of the page above it, a slash, and a part of its own, unless staff typed
another. Below the home page, whose address is "/", a page has its own part alone.
"""

import re
from functools import cache
from urllib.parse import unquote

from django.conf import settings
from django.urls import get_resolver, get_script_prefix, get_urlconf, reverse
from django.utils.translation import get_language, override
from mezzanine.pages.models import Page

HOME = "/"
FIELDS = ("id", "site_id", "parent_id", "content_model", "slug", "title", "titles", "_order")

# What a link may lead to that is no part of an address: another site, a place in a page, a query.
ELSEWHERE = re.compile(r"//|[\w+.-]+:|[^?#]*[?#]")


def pages_of(site_id, lock=False):
    """Return the pages of a site, a dict by ID, by one query, with FIELDS alone."""
    pages = Page._base_manager.filter(site_id=site_id).only(*FIELDS)
    found = {page.pk: page for page in (pages.select_for_update() if lock else pages)}
    for page in found.values():
        if page.parent_id in found:
            page.parent = found[page.parent_id]
    return found


def line(page):
    """Return a page and those above it, upwards, each once: code can put pages in a circle."""
    found = {}
    while page is not None and page.pk not in found:
        found[page.pk] = page
        page = page.parent
    return list(found.values())


def below(page, pages):
    """Return the pages below one, downwards, of the pages of its site; below a new one, none."""
    children = {}
    for each in pages.values():
        if each.pk != page.pk:
            children.setdefault(each.parent_id, []).append(each)
    found = list(children.get(page.pk, ())) if page.pk else []
    for each in found:  # which grows
        found += children.get(each.pk, ())
    return found


def titles_of(page):
    """Return the titles down to a page as Mezzanine stores them, and no more than it can store."""
    titles = " / ".join(each.title for each in reversed(line(page)))
    return titles[: Page._meta.get_field("titles").max_length]


def titles_fields():
    """Yield the fields that hold titles_of() a page, each while its language is the one at hand."""
    if not settings.USE_MODELTRANSLATION:
        yield "titles"
        return
    from modeltranslation.settings import AVAILABLE_LANGUAGES
    from modeltranslation.utils import build_localized_fieldname

    for language in AVAILABLE_LANGUAGES:
        with override(language):
            yield build_localized_fieldname("titles", language)


def is_link(page):
    return page.content_model == "link"


def prefix(page):
    """Return what the addresses below a page, or below none, begin with: "", or "about/"."""
    for each in line(page):
        if not leads_elsewhere(each, each.slug):
            return as_prefix(each.slug)
    return ""


def prefix_with(page, slug, parent):
    """Return the same for when the page has that slug and is below that parent."""
    return prefix(parent) if leads_elsewhere(page, slug) else as_prefix(slug)


def leads_elsewhere(page, slug):
    return is_link(page) and bool(ELSEWHERE.match(slug or ""))


def as_prefix(slug):
    slug = (slug or "").strip("/")
    return f"{slug}/" if slug else ""


@cache
def paths_of_views(urlconf, language):
    """Return the paths, a set, of the URL patterns that have no parameter, without a slash first.

    They are looked up once, since resolving an address asks each pattern.
    """
    resolver, found = get_resolver(urlconf), set()
    for name in resolver.reverse_dict:
        for possibilities, *_ in resolver.reverse_dict.getlist(name):
            found |= {template for template, parameters in possibilities if not parameters}
    return found


def is_of_view(page):
    """Return whether the address of a page is the one of a view, whatever is in the page.

    A page has it to give the view a place in the menus, as the page of the blog does.
    """
    path = reverse("page", kwargs={"slug": page.slug}).removeprefix(get_script_prefix())
    return unquote(path) in paths_of_views(get_urlconf(), get_language())


def is_bound(page):
    """Return whether an address stays when the page moves: it is home, a link, or of a view."""
    return page.slug in ("", None, HOME) or is_link(page) or is_of_view(page)


def moved(page, old, new):
    """Return the slug of a page when what it begins with changes; another that was typed stays."""
    if old == new or is_bound(page) or not page.slug.startswith(old):
        return page.slug
    return new + page.slug[len(old) :]


def moves(page, slug, parent, pages):
    """Return the addresses of a page of that slug and parent, and of those below: [(page, slug)].

    The page is as it is stored, or new.
    """
    old = prefix_with(page, page.slug, page.parent)
    new = prefix_with(page, slug, parent)
    return [(page, slug), *((each, moved(each, old, new)) for each in below(page, pages))]
