"""Fewer queries for a page than Mezzanine makes."""

from functools import cache, wraps

from mezzanine.pages.managers import PageManager
from mezzanine.pages.models import Page


@cache
def kinds():
    """Return the names of all kinds of pages, as Page has them: richtextpage, form and so on."""
    return [model._meta.model_name for model in Page.get_content_models() if not model._meta.proxy]


def join_content():
    """Let Mezzanine load a page and its content by one query, as it does for menus."""
    published = PageManager.published

    @wraps(published)
    def with_content(self, *args, **kwargs):
        pages = published(self, *args, **kwargs)
        return pages.select_related(*kinds()) if self.model is Page else pages

    PageManager.published = with_content
