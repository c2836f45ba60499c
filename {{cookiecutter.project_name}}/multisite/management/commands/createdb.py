"""Mezzanine's createdb, which may be run again."""

import json
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.utils.translation import gettext_lazy as _
from mezzanine.conf.models import Setting
from mezzanine.core.management.commands import createdb
from mezzanine.pages.models import Page
from mezzanine.utils.sites import current_site_id

from homepage.demo import fill, make_home_page

from ...command_line import existing
from ...own_checks import check_migrations

FIRST_SITE = Path(__file__).parents[2] / "fixtures" / "first_site.json"


class Command(createdb.Command):
    help = (
        "Makes the database and the first site with its home page and, while DEBUG, an admin user."
        " What is there already is left as it is."
    )

    def handle(self, *, verbosity, interactive, nodata, **options):
        self.verbosity, self.interactive, self.no_data = verbosity, interactive, nodata
        for error in check_migrations():
            raise CommandError(f"{error.msg}. {error.hint}")
        call_command("migrate", verbosity=verbosity, interactive=interactive)
        self.create_site()
        try:
            existing(current_site_id())
        except LookupError as error:
            raise CommandError(str(error)) from None
        self.create_user()
        if not Page.objects.exists():
            self.create_pages()

    def create_site(self):
        """Give the site that migrate has just made its domain and title."""
        domain = "127.0.0.1:8000" if settings.DEBUG else settings.FABRIC["LIVE_HOSTNAME"]
        site = Site.objects.filter(id=settings.SITE_ID, domain="example.com").first()
        if site:
            site.domain, site.name = domain, domain[:50]
            site.save()
            for row in json.loads(FIRST_SITE.read_text("utf-8")):
                Setting.objects.create(**row["fields"] | {"site": site})

    def create_pages(self):
        """Make the home page and the blog and, unless --nodata, pages to try things on."""
        call_command("loaddata", "mezzanine_required.json", verbosity=0)
        has_demo = not self.no_data and self.confirm("Would you like demo content? (yes/no): ")
        if has_demo:
            call_command("loaddata", "mezzanine_optional.json", verbosity=0)
        make_home_page(_("Welcome. This site is new, and there is more to come."))
        if has_demo:
            fill(get_user_model().objects.first())
