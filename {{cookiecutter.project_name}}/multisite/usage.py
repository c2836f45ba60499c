"""What each site has: pages, posts, entries of forms, and bytes of uploads."""

from dataclasses import dataclass

from django.core.files.storage import default_storage
from django.db.models import Count
from mezzanine.blog.models import BlogPost
from mezzanine.forms.models import FormEntry
from mezzanine.pages.models import Page

from media_library.library import walk
from transfer.site_files import uploads_of

COUNTED = {
    "pages": (Page, "site"),
    "posts": (BlogPost, "site"),
    "entries": (FormEntry, "form__site"),
}


@dataclass
class Usage:
    """Numbers of rows, and bytes of files."""

    pages: int
    posts: int
    entries: int
    bytes: int


class Usages:
    """The Usage of each of the sites with these IDs, in three queries, and of their uploads."""

    def __init__(self, site_ids=None):
        self.counts = {name: counts(*where, site_ids) for name, where in COUNTED.items()}
        self.sizes = {}

    def of(self, site_id):
        found = {name: by_site.get(site_id, 0) for name, by_site in self.counts.items()}
        return Usage(**found, bytes=self.size(uploads_of(site_id)))

    def size(self, folder):
        """Return how many bytes the files below a folder of uploads are; sites may share it."""
        if folder not in self.sizes:
            self.sizes[folder] = sum(size(name) for name in walk(folder))
        return self.sizes[folder]


def counts(model, path, site_ids):
    """Return the numbers of rows of a model, a dict by ID of the site, which `path` leads to."""
    rows = model._base_manager.order_by()
    if site_ids is not None:
        rows = rows.filter(**{f"{path}__in": site_ids})
    return dict(rows.values_list(path).annotate(Count("pk")))


def size(name):
    try:
        return default_storage.size(name)
    except FileNotFoundError:  # also one that is deleted meanwhile
        return 0
