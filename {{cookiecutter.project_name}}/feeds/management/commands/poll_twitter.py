"""Ask X for the newest tweets of all feeds; run by cron every ten minutes."""

import os
import sys

from django.contrib.sites.models import Site
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from mezzanine.conf import settings

from feeds import storing
from feeds.locking import only_one
from feeds.models import Feed
from feeds.plan import Plan
from feeds.polling import Poll
from feeds.questions import TYPES, plain
from feeds.sources import dollars
from feeds.x import X
from feeds.x_client import checked_address


class Command(BaseCommand):
    requires_system_checks = []  # of pages and the admin, which take longer than the poll
    help = (
        "Asks X for the newest tweets of the feeds of all sites. Says nothing while all is well,"
        " and every trouble once. Ends with 1 while something needs a person."
    )

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--dry-run",
            action="store_true",
            help="only show what would be asked, and the most that it can cost",
        )
        what.add_argument("--purge", action="store_true", help="delete the stored tweets instead")
        parser.add_argument(
            "--force",
            action="store_true",
            help="ask now, also for what no page shows; the budget still holds",
        )
        parser.add_argument(
            "--query", metavar="TYPE:VALUE", help="of one feed only, such as user:@name or list:84"
        )
        parser.add_argument(
            "--site",
            metavar="ID",
            default=os.environ.get("MEZZANINE_SITE_ID") or None,
            help="of one site only; all of them without",
        )

    def handle(self, *, dry_run, purge, force, query, site, verbosity, **options):
        choice = {"site_id": self.site_id(site), "query": self.query(query), "force": force}
        try:
            checked_address(settings.TWITTER_API_URL)
        except ImproperlyConfigured as error:
            raise CommandError(error) from None
        if dry_run:
            self.dry_run(choice)
            return
        with only_one() as free:
            if free and purge:
                self.purge(choice)
            elif free:
                self.poll(choice, verbosity)
            elif purge:
                raise CommandError("Another poll is at work. Try again when it has ended.")
            elif verbosity > 1:
                self.stdout.write("Another poll is at work.")

    def site_id(self, text):
        """Return the ID of --site, an int, or None."""
        if text is None:
            return None
        sites = Site.objects.in_bulk()
        if not str(text).isdecimal() or int(text) not in sites:
            named = ", ".join(f"{key} {site.domain}" for key, site in sorted(sites.items()))
            raise CommandError(f"There is no site {text}. Sites: {named}")
        return int(text)

    def query(self, text):
        """Return the type and the value of --query, or None. Wrong usage ends with 2."""
        if text is None:
            return None
        type, _colon, value = text.partition(":")
        try:
            return type, plain(type, value)
        except ValueError as error:
            types = ", ".join(name for name, _label in TYPES)
            message = f"--query: {error}. Type TYPE:VALUE, where TYPE is one of {types}"
            raise CommandError(message, returncode=2) from None

    def chosen(self, plan):
        """Return the feeds that were asked for by name; an error if there are none of that name."""
        feeds = plan.chosen()
        if plan.query and not feeds:
            known = ", ".join(sorted({str(feed) for feed in plan.feeds})) or "none yet"
            raise CommandError(
                f"There is no feed {':'.join(plan.query)}. Show it in a template, or add it in the"
                f" admin. Feeds: {known}"
            )
        return feeds

    def dry_run(self, choice):
        plan = Plan(timezone.now(), **choice)
        self.chosen(plan)
        total = 0
        for group in plan.groups():
            question = plan.question(group)
            if not group.credentials:
                line = "not asked, no keys of X in the settings"
            elif problem := group.credentials.problem() or X.problem(question):
                line = f"not asked, {problem}"
            elif reason := plan.over_budget(group, question):
                line = f"not asked, {reason}"
            else:
                total += X.most(question)
                line = f"{X.calls(question)}, {dollars(X.most(question))} at most"
            self.stdout.write(f"{plan.names(group.feeds)}: {line}")
        self.stdout.write(f"Together {dollars(total)} at most. Nothing was asked.")

    def purge(self, choice):
        feeds = self.chosen(Plan(timezone.now(), **choice))
        saved = Feed.objects.filter(pk__in=[feed.pk for feed in feeds])
        self.stdout.write(f"{storing.purge(saved)} tweets deleted.")

    def poll(self, choice, verbosity):
        poll = Poll(**choice)
        if not self.chosen(poll.plan) and (verbosity > 1 or self.stdout.isatty()):
            self.stdout.write("No page shows tweets yet, and no site has keys and a default query.")
        poll.run()
        if verbosity > 1:
            self.stdout.write("\n".join(poll.done))
        for needs_a_person, line in poll.news():
            (self.stderr if needs_a_person else self.stdout).write(line)
        if poll.needs_a_person():
            sys.exit(1)
