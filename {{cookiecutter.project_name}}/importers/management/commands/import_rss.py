"""Imports the posts of an RSS or Atom feed into the blog."""

from urllib.parse import urljoin

from bs4 import BeautifulSoup
from django.core.management.base import CommandError

from importers.atom import THREAD, authors_of, entries_of, files_of
from importers.base import ImportCommand
from importers.entries import Export
from importers.reading import read, read_xml

TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml")


class Command(ImportCommand):
    help = "Imports the posts of an RSS or Atom feed, as far as the feed goes back, into the blog."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        self.add_source(parser, "-r", "rss-url", "Address of the feed, or a file")
        parser.add_argument("-p", "--page-url", help="Address of a page that names its feed")

    def handle(self, *args, **options):
        if not options["rss_url"] and options["page_url"]:
            options["rss_url"] = feed_of(options["page_url"])
        super().handle(*args, **options)

    def get_export(self, source):
        root = read_xml(source)
        entries = entries_of(root)
        if entries is None:
            raise CommandError(f"{source} is neither RSS nor Atom.")
        export = Export(entries)
        export.leave_out_authors(authors_of(root))
        export.left_out["attached files"] += files_of(root)
        export.left_out["answers to posts"] += len(root.findall(f".//{THREAD}"))
        return export


def feed_of(page):
    """Return the address of the feed that a page names."""
    page = page if "://" in page else f"http://{page}"
    for link in BeautifulSoup(read(page), "html.parser").find_all("link", href=True):
        if link.get("type", "").lower() in TYPES:
            return urljoin(page, link["href"])
    raise CommandError(f"{page} names no feed. Give its address: --rss-url")
