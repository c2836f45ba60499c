"""The site map, in parts where it is long: a list of the parts, each with PART addresses.

https://www.sitemaps.org/protocol.html
"""

from django.apps import apps
from django.contrib.sitemaps import Sitemap, views
from django.db.models import TextField
from mezzanine.core.models import Displayable
from mezzanine.pages.models import Page
from mezzanine.utils.urls import home_slug

PART = 1000


class Home(Sitemap):
    """The home page where it is a view of the project; else it is among the pages."""

    def items(self):
        is_page = Page.objects.published().filter(slug=home_slug()).exists()
        return [] if is_page else [home_slug()]

    def location(self, item):
        return item


class Published(Sitemap):
    """What is published of a model, without its texts."""

    limit = PART

    def __init__(self, model):
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
    maps = {"home": Home()} | {model._meta.label_lower: Published(model) for model in models()}
    number = sum(map_.paginator.count for map_ in maps.values())
    if section is None and number > PART:
        maps = {name: map_ for name, map_ in maps.items() if map_.paginator.count}
        return views.index(request, maps, sitemap_url_name="sitemap_part")
    return views.sitemap(request, maps, section)
