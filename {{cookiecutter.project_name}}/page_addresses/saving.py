"""Saving a page: its address, and the addresses and titles of the pages below, which follow it.

In place of methods of Mezzanine's Page, so that it holds for the admin, for editing in place, and
for code. As there, page.save() alone leaves the addresses below as they are, also with a new slug.
"""

from contextlib import contextmanager
from functools import wraps

from django.db import transaction
from django.db.models import CharField, Value
from django.db.models.functions import Concat, Substr
from mezzanine.pages.managers import PageManager
from mezzanine.pages.models import Page
from mezzanine.utils.urls import slugify

from .redirects import lead
from .tree import (
    below,
    is_link,
    line,
    moved,
    pages_of,
    prefix,
    prefix_with,
    titles_fields,
    titles_of,
)

BATCH = 10_000  # rows an UPDATE


def stored(page):
    """Return what is in the database of that on which other pages depend, a dict, or None."""
    rows = Page._base_manager.filter(pk=page.pk)
    return (
        rows.values("slug", *titles_fields(), "parent_id", "site_id").first() if page.pk else None
    )


def save(page, *args, **kwargs):
    """Save a page, and let those below follow."""
    page.set_content_model()
    for field in titles_fields():
        setattr(page, field, titles_of(page))
    with transaction.atomic():
        before = stored(page)
        super(Page, page).save(*args, **kwargs)
        after = stored(page)
        if before and before != after and before["site_id"] == after["site_id"]:
            lead(page.site_id, follow(page, before, hasattr(page, "_branch_follows")))


@contextmanager
def branch_follows(page):
    """Let the addresses below a page follow it when it is saved within."""
    page._branch_follows = True
    try:
        yield
    finally:
        del page._branch_follows


def follow(page, before, branch):
    """Let the addresses and titles below a page be as they have to be after a change of it.

    Addresses follow where branch is true, titles always. This takes a query for the site, and one
    for all values that begin alike. Return the new addresses of all, a dict by the old ones.
    """
    pages = pages_of(page.site_id)
    page = pages[page.pk]
    old = new = prefix(page)
    if branch:
        old = prefix_with(page, before["slug"], pages.get(before["parent_id"]))
    slugs, changes = {} if is_link(page) else {before["slug"]: page.slug}, []
    for each in below(page, pages):
        slug = moved(each, old, new)
        if slug != each.slug:
            slugs[each.slug] = slug
            changes.append((each, slug))
    replace("slug", old, new, changes)
    for field in titles_fields():
        titles = [(each, titles_of(each)) for each in below(page, pages)]
        changes = [(each, value) for each, value in titles if value != getattr(each, field)]
        replace(field, before[field] or "", getattr(page, field) or "", changes)
    return slugs


def replace(field, old, new, changes):
    """Store the values of a field, [(page, value)]; most of them begin with new instead of old."""
    alike, others = [], []
    for page, value in changes:
        before = getattr(page, field) or ""
        is_alike = before.startswith(old) and value == new + before[len(old) :]
        setattr(page, field, value)
        (alike if is_alike else others).append(page)
    value = Concat(Value(new), Substr(field, len(old) + 1), output_field=CharField())
    for start in range(0, len(alike), BATCH):
        keys = [page.pk for page in alike[start : start + BATCH]]
        Page._base_manager.filter(pk__in=keys).update(**{field: value})
    Page._base_manager.bulk_update(others, [field])


def get_slug(page):
    """Return the address that a page gets of its title, and of the pages above."""
    return prefix(page.parent) + (super(Page, page).get_slug() or slugify(page._meta.verbose_name))


def set_slug(page, new_slug):
    page.slug = new_slug
    with branch_follows(page):
        page.save()


def set_parent(page, new_parent):
    """Put a page below another, or below none; AttributeError where it would be below itself."""
    if page.pk and new_parent and page.pk in {each.pk for each in line(new_parent)}:
        raise AttributeError("You can't set a page or its child as a parent.")
    page.slug = moved(page, prefix(page.parent), prefix(new_parent))
    page.parent = new_parent
    with branch_follows(page):
        page.save()


def unique_slug(queryset, slug_field, slug):
    """Return the slug, or with a number that makes it unique; several may have it already.

    A title without a letter, such as "!", makes none, so it is the name of the kind of thing.
    """
    slug = slug or slugify(queryset.model._meta.verbose_name)
    found, number = slug, 0
    while queryset.filter(**{slug_field: found}).exists():
        number += 1
        found = f"{slug}-{number}"
    return found


def pages_first(with_ascendants_for_slug):
    """Show the page of an address where a link leads to the same, which has the same slug then."""

    @wraps(with_ascendants_for_slug)
    def found(manager, slug, **kwargs):
        pages = with_ascendants_for_slug(manager, slug, **kwargs)
        if pages and is_link(pages[0]):
            same = [page for page in pages if page.slug == pages[0].slug and not is_link(page)]
            for page in same:
                page._ascendants = []  # they are asked for one by one
            return same[:1] or pages
        return pages

    return found


def install():
    from mezzanine.core import models

    models.unique_slug = unique_slug
    PageManager.with_ascendants_for_slug = pages_first(PageManager.with_ascendants_for_slug)
    Page.save = save
    Page.get_slug = get_slug
    Page.set_slug = set_slug
    Page.set_parent = set_parent
