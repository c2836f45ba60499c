"""Mezzanine's createdb, which may be run again."""

import json
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.core.management.commands import createdb
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import current_site_id

from ...command_line import existing
from ...own_checks import check_migrations

HOME = """<p>Welcome. This site is new, and there is more to come: what we do, what we have learned
on the way, and now and then a picture.</p>
<p>What has happened lately is in <a href="/blog/">the blog</a>.</p>"""
AROUND = """<p>Would you like to know <a href="/about/">who we are</a>, or to see
<a href="/gallery/">where we have been</a>? And <a href="/contact/">a few lines from you</a> reach
us at any time.</p>"""

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
        super().create_pages()
        home = HOME if self.no_data else HOME + AROUND
        RichTextPage.objects.create(title="Home", slug="/", content=home, _order=-1)
        author = get_user_model().objects.first()
        if author and not self.no_data:
            post = "<p>The first post of the blog, for you to edit or delete.</p>"
            BlogPost.objects.create(title="Hello", content=post, user=author)
