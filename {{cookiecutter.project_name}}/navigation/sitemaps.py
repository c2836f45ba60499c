"""The site map, in parts where it is long: a list of the parts, each with PART addresses.

Where addresses begin with a language, there is a part for each language, and each address names
those of the other languages.

https://www.sitemaps.org/protocol.html
https://developers.google.com/search/docs/specialty/international/localized-versions#sitemap
"""

from django.apps import apps
from django.conf import settings
from django.contrib.sitemaps import Sitemap, views
from django.core.paginator import Paginator
from django.db.models import TextField
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import override
from mezzanine.core.models import Displayable
from mezzanine.pages.models import Page
from mezzanine.utils.urls import home_slug

from languages.addresses import has_prefixes

PART = 1000


class InLanguage(Sitemap):
    """A part in one language, or, where addresses are the same in each, in the one at hand."""

    def __init__(self, language=None):
        self.language = language

    @cached_property
    def paginator(self):
        """Of which Django makes a new one each time, which counts again."""
        return Paginator(self._items(), self.limit)

    def _urls(self, page, protocol, domain):
        if not self.language:
            return super()._urls(page, protocol, domain)
        with override(self.language):
            urls = super()._urls(page, protocol, domain)
        for url in urls:
            url["alternates"] = [*self.alternates(url["item"], f"{protocol}://{domain}")]
        return urls

    def alternates(self, item, site):
        """Yield the address of an item in each language, and the one for all others, as dicts."""
        names = {language: language for language, _ in settings.LANGUAGES}
        for name, language in (names | {"x-default": settings.LANGUAGE_CODE}).items():
            with override(language):
                yield {"location": site + self.location(item), "lang_code": name}


class Home(InLanguage):
    """The home page where it is a view of the project; else it is among the pages."""

    def items(self):
        is_page = Page.objects.published().filter(slug=home_slug()).exists()
        return [] if is_page else [home_slug()]

    def location(self, item):
        return reverse("home")


class Published(InLanguage):
    """What is published of a model, without its texts."""

    limit = PART

    def __init__(self, model, language=None):
        super().__init__(language)
        self.model = model

    def items(self):
        texts = [f.name for f in self.model._meta.concrete_fields if isinstance(f, TextField)]
        rows = self.model.objects.published().filter(in_sitemap=True).select_related(None)
        for elsewhere in ("http://", "https://"):
            rows = rows.exclude(slug__startswith=elsewhere)
        return rows.defer(*texts).order_by("pk")

    def lastmod(self, item):
        return None if isinstance(item, Page) else item.updated or item.publish_date

    def get_latest_lastmod(self):
        """Return nothing: to find it, Django goes through all."""


def models():
    """Return the models of what has an address: a page is found as a Page, whatever is on it."""
    for model in apps.get_models():
        if issubclass(model, Displayable) and hasattr(model.objects, "published"):
            own_address = model.get_absolute_url is not Page.get_absolute_url
            if model is Page or not issubclass(model, Page) or own_address:
                yield model


def sitemap(request, section=None):
    """Show the site map, or the list of its parts; a part by ?p=2."""
    maps = {}
    for language in [code for code, _ in settings.LANGUAGES] if has_prefixes() else [None]:
        end = f"-{language}" if language else ""
        maps[f"home{end}"] = Home(language)
        maps |= {model._meta.label_lower + end: Published(model, language) for model in models()}
    number = sum(map_.paginator.count for map_ in maps.values())
    if section is None and number > PART:
        maps = {name: map_ for name, map_ in maps.items() if map_.paginator.count}
        return views.index(request, maps, sitemap_url_name="sitemap_part")
    return views.sitemap(request, maps, section)
