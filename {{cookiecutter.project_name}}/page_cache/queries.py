"""Less work for a page than Mezzanine makes, and fewer pages."""

from functools import cache, lru_cache, partial, wraps
from types import SimpleNamespace
from urllib.parse import urlencode

from django.urls import get_resolver, get_script_prefix, get_urlconf
from django.utils.translation import get_language
from mezzanine.core.templatetags import mezzanine_tags
from mezzanine.generic.templatetags import keyword_tags
from mezzanine.pages.managers import PageManager
from mezzanine.pages.models import Page

from . import missing
from .compiled import compiled
from .observed import EVERYTHING, Parameters

DEEP = 20  # levels of pages


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


def urls_of(context):
    """Return what the addresses of all pages depend on, which the menus of an answer share."""
    if "_urls" not in context:
        context["_urls"] = get_resolver(get_urlconf()), get_script_prefix(), get_language()
    return context["_urls"]


def keep_addresses():
    """Let the menus of all pages make the address of a page in them once."""
    set_helpers, theirs = Page.set_helpers, Page.get_absolute_url

    @lru_cache(10_000)
    def address(slug, content_model, *urls):
        return theirs(SimpleNamespace(slug=slug, content_model=content_model))

    @wraps(set_helpers)
    def with_address(self, context):
        set_helpers(self, context)
        # A project's own may depend on anything.
        if type(self).get_absolute_url is theirs and theirs.__module__ == Page.__module__:
            find = partial(address, self.slug, self.content_model, *urls_of(context))
        else:
            find = cache(self.get_absolute_url)
        self.get_absolute_url = find

    Page.set_helpers = with_address


@compiled(Page)
def pages_at(*slugs):
    pages = Page.objects.published(include_login_required=True)
    return pages.filter(slug__in=slugs).order_by("-slug")


class Published:
    """The pages that visitors may see, as Mezzanine asks for those at an address."""

    model = Page

    def published(self, **kwargs):
        return self

    def filter(self, slug__in):
        return Published.At(slug__in)

    class At(list):
        def order_by(self, *names):
            return pages_at(*self)


def compile_pages():
    """Let the query for the pages at an address be compiled once, for all but staff."""
    with_ascendants_for_slug = PageManager.with_ascendants_for_slug

    @wraps(with_ascendants_for_slug)
    def found(self, slug, **kwargs):
        user, with_all = kwargs.get("for_user"), kwargs.get("include_login_required")
        is_for_visitors = self.model is Page and with_all and user is not None and not user.is_staff
        pages = Published() if is_for_visitors and slug.count("/") < DEEP else self
        return with_ascendants_for_slug(pages, slug, **kwargs)

    PageManager.with_ascendants_for_slug = found


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
    compile_pages()
    skip_missing()
    pass_on_what_views_ask_for()
