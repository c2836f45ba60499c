"""The command that adds a site."""

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from mezzanine.conf.models import Setting
from mezzanine.pages.models import Page
from mezzanine.utils.sites import override_current_site_id

from homepage.demo import make_home_page

from ...command_line import checked, existing
from ...copying import copy_content
from ...models import SiteAlias, valid_host


class Command(BaseCommand):
    help = (
        "Adds a site, which is live at once, with a home page or with all pages and settings of"
        " another. What is there already is left as it is."
    )

    def add_arguments(self, parser):
        parser.add_argument("domain")
        parser.add_argument("--alias", action="append", default=[], help="another host, redirected")
        parser.add_argument("--theme", help="one of SITE_THEMES")
        parser.add_argument("--copy-from", metavar="SITE", help="an ID, a domain or an alias")

    def handle(self, *, domain, alias, theme, copy_from, verbosity, **options):
        if theme and theme not in settings.SITE_THEMES:
            known = ", ".join(settings.SITE_THEMES) or "empty"
            raise CommandError(f"--theme: {theme!r} is not in SITE_THEMES of the settings: {known}")
        source = self.source(copy_from) if copy_from else None
        with transaction.atomic():
            site = self.add_site(domain)
            for host in alias:
                self.add_alias(site, host)
            with override_current_site_id(site.pk):
                if source and not Page.objects.exists():
                    copy_content(source, site.pk)
                elif not Page.objects.filter(slug="/").exists():
                    make_home_page(_("Welcome."))
                if theme:
                    Setting.objects.update_or_create(name="SITE_THEME", defaults={"value": theme})
        if verbosity:
            self.stdout.write(f"Site {site.pk} is {site.domain}; its name must lead to here")

    def source(self, value):
        try:
            return existing(checked(value, "--copy-from"))
        except LookupError as error:
            raise CommandError(f"--copy-from: {error}") from None

    def add_site(self, domain):
        """Return the Site of that domain, a new one unless it is there."""
        domain = self.checked_host(domain, "DOMAIN")
        if taken := SiteAlias.objects.filter(host=domain).select_related("site").first():
            raise CommandError(f"{domain} is an alias of {taken.site.domain}")
        return Site.objects.get_or_create(domain=domain, defaults={"name": domain[:50]})[0]

    def add_alias(self, site, host):
        alias = SiteAlias(site=site, host=self.checked_host(host, "--alias"))
        if SiteAlias.objects.filter(site=site, host=alias.host).exists():
            return
        try:
            alias.full_clean()
        except ValidationError as error:
            raise CommandError(f"--alias: {alias.host}: {' '.join(error.messages)}") from None
        alias.save()

    def checked_host(self, host, origin):
        try:
            return valid_host(host)
        except ValidationError as error:
            raise CommandError(f"{origin}: {error.message}") from None
