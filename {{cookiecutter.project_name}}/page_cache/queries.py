"""Less work for a page than Mezzanine makes, and fewer pages."""

from functools import cache, wraps
from urllib.parse import urlencode

from mezzanine.core.templatetags import mezzanine_tags
from mezzanine.generic.templatetags import keyword_tags
from mezzanine.pages.managers import PageManager
from mezzanine.pages.models import Page

from . import missing
from .observed import EVERYTHING, Parameters


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


def skip_missing():
    """Let an address that has no page be found out by a narrow query."""
    PageManager.with_ascendants_for_slug = missing.narrow(PageManager.with_ascendants_for_slug)


def pass_on_what_views_ask_for():
    """Let the links to other parts of a list have the parameters of its view, and no others.

    Mezzanine puts all of them there, so that each address with another ?utm_source is a page of
    its own.
    """
    theirs = mezzanine_tags.pagination_for

    @mezzanine_tags.register.inclusion_tag("includes/pagination.html", takes_context=True)
    @wraps(theirs)
    def pagination_for(context, current_page, page_var="page", exclude_vars=""):
        parameters = context["request"].GET
        if not isinstance(parameters, Parameters) or EVERYTHING in parameters.asked:
            return theirs(context, current_page, page_var, exclude_vars)
        names = parameters.asked - {page_var, *exclude_vars.split(",")}
        pairs = [(name, dict.get(parameters, name, ())) for name in sorted(names)]
        querystring = urlencode(pairs, doseq=True)
        return {"current_page": current_page, "querystring": querystring, "page_var": page_var}


def install():
    join_content()
    skip_keywords()
    keep_addresses()
    skip_missing()
    pass_on_what_views_ask_for()
