"""The command that brings in the site of another Mezzanine project."""

import time
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection
from mezzanine.blog.models import BlogPost
from mezzanine.conf import settings
from mezzanine.pages.models import Page

from ...addresses import addresses, ask
from ...adoption import adopt, check
from ...hashers import unknown
from ...keeping import keep
from ...old_database import opened
from ...old_files import Files
from ...package import Refused

SHOWN = 20  # lines of one kind


class Command(BaseCommand):
    help = (
        "Puts the site of another Mezzanine project, 4.3 or newer, in the place of what is here:"
        " content, settings, accounts and what visitors have sent, all at once or not at all."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "database", metavar="DATABASE", help="a file of SQLite, or postgresql://USER@HOST/NAME"
        )
        parser.add_argument("--media", metavar="FOLDER", help="the MEDIA_ROOT of the old site")
        parser.add_argument(
            "--forms",
            metavar="FOLDER",
            help="its FORMS_UPLOAD_ROOT; where it has none, the folder of its manage.py",
        )
        parser.add_argument(
            "--leave-out", metavar="TABLE", action="append", default=[], help="may be repeated"
        )
        parser.add_argument("--yes", action="store_true", help="even if there is content here")

    def handle(self, *, database, media, forms, leave_out, yes, **options):
        try:
            for folder in filter(None, (media, forms)):
                if not Path(folder).is_dir():
                    raise Refused(f"there is no folder {folder}")
            with opened(database) as old:
                check(old, leave_out)
                files = Files(old, media, forms)
                asked, left_out = [*addresses(old)], [*old.staying(leave_out)]
                kept = self.make_room(yes)
                report = adopt(old, files)
        except (Refused, Error, OSError) as error:
            told = str(error).strip().partition("\n")[0]
            raise CommandError(f"Nothing was changed: {told}") from None
        self.tell(report, left_out)
        self.stdout.write(f"{len(files.wanted)} files")
        self.tell_some("is missing, and the content names it", files.missing())
        if kept:
            self.stdout.write(f"What was here is in {kept}")
        self.tell_answers(asked)

    def make_room(self, yes):
        """Make the database, if need be; else keep what is in it, and return the Path of that."""
        if not connection.introspection.table_names():
            call_command("createdb", interactive=False, nodata=True, verbosity=0)
            return None
        counts = f"{own_pages().count()} pages and {BlogPost._base_manager.count()} posts"
        if counts != "0 pages and 0 posts" and not yes:
            raise Refused(f"{counts} are here, which would go; add --yes")
        name = time.strftime("adopt-%Y%m%dT%H%M%SZ", time.gmtime())
        path = Path(settings.BASE_DIR, "backups", name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        keep(path)
        return path

    # What came of it

    def tell(self, report, left_out):
        for label, there in report.there.items():
            here = report.here[label]
            lost = f"; {there - here} lead to nothing that is here" if here != there else ""
            if there:
                self.stdout.write(f"{label}: {there} there, {here} here{lost}")
        for table, count in left_out:
            self.stdout.write(f"{table}: {count} there, left out")
        for site in Site.objects.order_by("pk"):
            self.stdout.write(f"site {site.pk}: {report.names[site.pk]} is {site.domain} here")
        for site in report.homes:
            told = "its home page was a template; here it is a page, which is empty"
            self.stdout.write(f"site {site.pk}: {told}")
        hashes = get_user_model()._base_manager.values_list("password", flat=True)
        for algorithm, count in sorted(unknown(hashes.iterator()).items()):
            self.stderr.write(f"users who have to ask for a new password: {count} ({algorithm})")

    def tell_answers(self, asked):
        different = [f"{host}{path} answers {status}" for host, path, status in ask(asked)]
        self.tell_some("", different)
        self.stdout.write(f"{len(asked)} addresses asked, {len(different)} differ")

    def tell_some(self, what, lines):
        for line in lines[:SHOWN]:
            self.stderr.write(f"{ascii(line)} {what}".strip())
        if len(lines) > SHOWN:
            self.stderr.write(f"and {len(lines) - SHOWN} more")


def own_pages():
    """Return the pages beyond those that createdb makes without content, a QuerySet."""
    return Page._base_manager.exclude(slug__in=("/", settings.BLOG_SLUG))
