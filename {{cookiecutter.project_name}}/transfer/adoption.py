"""The site of another project takes the place of what is here, all or nothing: see README.md."""

import importlib
import os
import tempfile
from types import SimpleNamespace

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import connection, transaction
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import override_current_site_id

from . import versions
from .kinds import travelling
from .load import load, tell_visitors
from .models import Origin
from .old_rows import OldTable, domains_of, find_lost
from .package import Package, Refused, Writer
from .tables import STAYING

ADDRESSES = "page_addresses.migrations.0001_children_of_the_home_page"


def check(old, left_out):
    """Refused where the old site has what has no place here."""
    if ported := old.to_be_ported(left_out):
        raise Refused(
            f"to be ported: {', '.join(ported)}; write models for them, in apps of the same labels"
            " and with their migrations, or leave tables out with --leave-out TABLE"
        )


def adopt(old, files):
    """Bring the old site in, with its Files; return a Report."""
    report = Report()
    report.names = dict(old.rows(Site).values_list("pk", "domain"))
    with tempfile.TemporaryDirectory(prefix="adopt-") as folder:
        path = os.path.join(folder, "content.zip")
        with Writer(path) as writer:
            write(writer, old, report)
        with Package(path) as package, files, transaction.atomic():
            for model, staying in STAYING.items():
                model._base_manager.filter(staying).delete()
            load(package)
            if settings.USE_MODELTRANSLATION:
                importlib.import_module("languages.texts").give_all(connection.alias)
            count(package, report)
            mend_addresses()
            report.homes = [*make_home_pages()]
            Origin.objects.update(everything=True)
    tell_visitors()
    return report


class Report:
    """What came of it."""

    def __init__(self):
        self.names = {}  # the domains of the sites there, by ID
        self.there, self.here = {}, {}  # numbers of rows, by label
        self.homes = []  # sites for which a home page was made


def write(writer, old, report):
    """Write the rows of the old site as a package of this project."""
    models = [model for model in travelling(everything=True) if old.has(model)]
    lost, domains = find_lost(old, models), domains_of(old)
    columns, rows = {}, {}
    for model in travelling(everything=True):
        if not old.has(model):
            columns[model._meta.label_lower] = [
                field.attname for field in model._meta.local_concrete_fields
            ]
            continue
        table = OldTable(model, old, lost, domains)
        columns[table.label], rows[table.label] = table.names, 0
        with writer.lines(f"rows/{table.label}") as line:
            for row in table.rows():
                line(row)
                rows[table.label] += 1
        report.there[table.label] = old.count(model._meta.db_table)
    header = {"columns": columns, "rows": rows, "everything": True}
    header |= {"environment": "production", "site_id": settings.SITE_ID}
    writer.header(versions.described() | header)


def count(package, report):
    """Count the rows here; Refused where they are not those of the package."""
    for model in travelling(everything=True):
        label = model._meta.label_lower
        if label in report.there:
            report.here[label] = model._base_manager.count()
            if report.here[label] != package.header["rows"][label]:
                raise Refused(f"{label}: not all rows came in")


def mend_addresses():
    """Do what the migration of the project has done for pages that were here."""
    pages = SimpleNamespace(objects=Page._base_manager)  # of all sites
    apps = SimpleNamespace(get_model=lambda *name: pages)
    importlib.import_module(ADDRESSES).mend(apps, SimpleNamespace(connection=connection))


def make_home_pages():
    """Make a page for / where it was a template; yield the sites."""
    with_home = Page._base_manager.filter(slug="/").values("site_id")
    for site in Site.objects.exclude(pk__in=with_home).order_by("pk"):
        with override_current_site_id(site.pk):
            RichTextPage.objects.create(title="Home", slug="/", _order=-1)
        yield site
