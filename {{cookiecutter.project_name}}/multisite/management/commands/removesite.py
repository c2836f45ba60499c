"""The command that removes a site."""

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import Page

from ...command_line import checked, existing


class Command(BaseCommand):
    help = "Removes a site, which is gone at once, with everything that belongs to it."

    def add_arguments(self, parser):
        parser.add_argument("site", help="an ID, a domain or an alias")
        parser.add_argument("--force", action="store_true", help="even if it has content")

    def handle(self, *, site, force, verbosity, **options):
        try:
            site = Site.objects.get(pk=existing(checked(site, "SITE")))
        except LookupError as error:
            raise CommandError(str(error)) from None
        if site.pk == settings.SITE_ID:
            raise CommandError(f"{site.domain} is SITE_ID of the settings, which must stay")
        pages = Page._base_manager.filter(site=site).exclude(slug="/").count()
        posts = BlogPost._base_manager.filter(site=site).count()
        if (pages or posts) and not force:
            content = f"{site.domain} has {pages} pages and {posts} posts"
            raise CommandError(f"{content}; make a backup and add --force to remove them")
        with transaction.atomic():
            site.delete()
        if verbosity:
            self.stdout.write(f"{site.domain} is gone; its uploads stay in the media directory")
