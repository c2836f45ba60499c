"""What menus seldom show of pages: loaded where one does, for all pages of a query at once."""

from functools import cache, partial

from django.db import router
from django.db.models.base import ModelState
from mezzanine.pages.models import Page

# Columns that no menu of Mezzanine shows. What a project adds to Page by EXTRA_MODEL_FIELDS is not
# among them, since it is commonly added for menus.
SELDOM = ["_meta_title", "description", "gen_description", "keywords_string", "short_url"]
SELDOM += ["created", "updated", "publish_date", "expiry_date", "status", "in_sitemap"]


@cache
def kinds():
    """Return the models of all kinds of pages, a dict by the name that Page has for them."""
    rows = [each for each in Page._meta.related_objects if each.one_to_one and each.parent_link]
    return {each.get_accessor_name(): each.related_model for each in rows}


class Contents(dict):
    """The objects that belong to a page, as Django keeps them: its content is not loaded yet."""

    def __init__(self, pages):
        self.pages = pages

    def __missing__(self, name):
        if name not in kinds():
            raise KeyError(name)
        of_kind = {page.pk for page in self.pages if page.content_model == name}
        rows = kinds()[name]._base_manager.filter(pk__in=of_kind) if of_kind else ()
        found = {content.pk: content for content in rows}
        for page in self.pages:
            page._state.fields_cache[name] = found.get(page.pk)
        return found.get(self.pk)


def refresh(page, pages, using=None, fields=None, **kwargs):
    """Load columns that were left out, for all pages; all else is Django's refresh_from_db()."""
    names = {*fields} if fields else set()
    if not names or names & page.__dict__.keys():
        return Page.refresh_from_db(page, using=using, fields=fields, **kwargs)
    rows = Page._base_manager.filter(pk__in=[each.pk for each in pages]).values("pk", *names)
    values = {row.pop("pk"): row for row in rows}
    for each in pages:
        for name in names - each.__dict__.keys():
            each.__dict__[name] = values.get(each.pk, {}).get(name)


def load(query):
    """Return the pages of a query, a list, without content and what menus seldom show."""
    return together(list(query.select_related(None).defer(*SELDOM)))


def together(pages):
    """Let pages that were loaded together load together what they lack."""
    for page in pages:
        contents = page._state.fields_cache = Contents(pages)
        contents.pk = page.pk
        page.refresh_from_db = partial(refresh, page, pages)
    return pages


def rows_of(query):
    """Return the pages of a query as from_rows() takes them, dicts of plain values."""
    rows = [dict(vars(page)) for page in query.select_related(None).defer(*SELDOM)]
    for row in rows:
        del row["_state"]
    return rows


def from_rows(rows):
    """Return pages as load() does."""
    pages, using = [], router.db_for_read(Page)
    for row in rows:
        page = Page.__new__(Page)
        page.__dict__ |= row
        page._state = ModelState()
        page._state.adding, page._state.db = False, using
        pages.append(page)
    return together(pages)
