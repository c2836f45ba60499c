"""Less work for a page than Mezzanine makes."""

from functools import cache, wraps

from mezzanine.generic.templatetags import keyword_tags
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


def skip_keywords():
    """Let Mezzanine ask for the keywords of a page or a blog post only where it has some."""
    keywords_for = keyword_tags.keywords_for.__wrapped__

    @keyword_tags.register.as_tag
    @wraps(keywords_for)
    def keywords_if_any(of):
        name = getattr(of, "get_keywordsfield_name", None)
        return [] if name and not getattr(of, f"{name()}_string") else keywords_for(of)


def keep_addresses():
    """Let the menus, of which a page has three, make the address of each page in them once."""
    set_helpers = Page.set_helpers

    @wraps(set_helpers)
    def with_address(self, context):
        set_helpers(self, context)
        self.get_absolute_url = cache(self.get_absolute_url)

    Page.set_helpers = with_address
