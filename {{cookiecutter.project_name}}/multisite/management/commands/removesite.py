"""The command that removes a site."""

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import Page
from mezzanine.utils.sites import override_current_site_id

from media_library import library
from transfer.site_files import uploads_of

from ...command_line import checked, existing


class Command(BaseCommand):
    help = (
        "Removes a site, which is gone at once, with everything that belongs to it; its uploads as"
        " well where --export has written all of it to a file."
    )

    def add_arguments(self, parser):
        parser.add_argument("site", help="an ID, a domain or an alias")
        parser.add_argument("--force", action="store_true", help="even if it has content")

        parser.add_argument(
            "--export", metavar="FILE", help="write it there before: see exportsite"
        )

    def handle(self, *, site, force, verbosity, export, **options):
        try:
            site = Site.objects.get(pk=existing(checked(site, "SITE")))
        except LookupError as error:
            raise CommandError(str(error)) from None
        if site.pk == settings.SITE_ID:
            raise CommandError(f"{site.domain} is SITE_ID of the settings, which must stay")
        pages = Page._base_manager.filter(site=site).exclude(slug="/").count()
        posts = BlogPost._base_manager.filter(site=site).count()
        if (pages or posts) and not (force or export):
            content = f"{site.domain} has {pages} pages and {posts} posts"
            raise CommandError(f"{content}; add --export FILE, or make a backup and add --force")
        if export:
            call_command("exportsite", str(site.pk), export, verbosity=0)
        site_id = site.pk
        with transaction.atomic():
            site.delete()
        goes = export and settings.MEDIA_LIBRARY_PER_SITE and remove(site_id)
        if verbosity:
            where = (
                f"all of it is in {export}" if goes else "its uploads stay in the media directory"
            )
            self.stdout.write(f"{site.domain} is gone; {where}")


def remove(site_id):
    """Remove the uploads of a site; return whether all of them are gone."""
    try:
        with override_current_site_id(site_id):
            library.remove(library.Entry(uploads_of(site_id), is_folder=True))
    except (library.Refused, OSError):  # a link may lead out of them
        return False
    return True
