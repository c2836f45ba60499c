"""The language in the address of a page: only where the URL patterns have one."""

from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.utils.translation import get_language
from mezzanine.conf import settings
from mezzanine.pages import middleware, models
from mezzanine.utils import urls


def has_prefixes():
    """Return whether addresses begin with a language, as i18n_patterns() lets them."""
    return is_language_prefix_patterns_used(settings.ROOT_URLCONF)[0]


def path_to_slug(path):
    """Return the slug of the page at a path.

    Mezzanine looks for a language in any path, and takes /en-route/ for a page in English whose
    slug is "-route".
    """
    from mezzanine.urls import PAGES_SLUG

    path = path.lstrip("/")
    prefixes = [f"{get_language()}/"] if has_prefixes() else []
    for prefix in [*prefixes, settings.SITE_PREFIX, PAGES_SLUG]:
        if f"{path}/" == prefix:
            path = ""
        path = path.removeprefix(prefix).lstrip("/")
    return urls.clean_slashes(path) or "/"


def install():
    urls.path_to_slug = path_to_slug
    middleware.path_to_slug = path_to_slug
    models.path_to_slug = path_to_slug
