"""The names of sites, which each database has of its own.

The first site, SITE_ID, is called at each end what it is called there. Any other is on a laptop
two.example.localhost:8000, which browsers look for on the machine itself, on a server two.example,
and in another environment than production two.example.staging.example.com, below the first one.
"""

from contextlib import suppress

from django.conf import settings
from django.contrib.sites.models import Site

from multisite.command_line import checked, existing
from multisite.hosts import LOCAL, ending_in, hosts, normal
from multisite.models import HostRevision, SiteAlias

from .package import Refused

DEVELOPMENT = "development"
PRODUCTION = "production"
LONGEST = Site._meta.get_field("domain").max_length


class Names:
    """What the sites of a package are called here; `header` is that of the package."""

    def __init__(self, header):
        of_before = LOCAL if header["environment"] == DEVELOPMENT else ""
        self.there, self.here = header.get("ending", of_before), ending()
        self.main = Site.objects.filter(pk=settings.SITE_ID).first()

    def translated(self, names, row):
        """Return the row of a site, a list of the columns named, as it is to be here."""
        values = dict(zip(names, row, strict=True))
        before = values["domain"]
        if self.main and values["id"] == self.main.pk:
            values["domain"] = self.main.domain
        else:
            values["domain"] = self.domain(before)
        values["name"] = name_of(values["name"], before, values["domain"])
        return [values[name] for name in names]

    def domain(self, domain):
        return renamed(domain, self.there, self.here)


def ending():
    """Return how the domains of all sites but the first end in this database."""
    main = Site.objects.filter(pk=settings.SITE_ID).first()
    return ending_in(settings.ENVIRONMENT, main.domain if main else "")


def renamed(domain, there, here):
    """Return a domain with another ending, if it has room for that."""
    if there == here:
        return domain
    plain = domain.removesuffix(there)
    return plain if ":" in plain or len(plain + here) > LONGEST else plain + here


def name_of(name, before, domain):
    """Return the name of a site that had a domain before; where that was its name, it follows."""
    return domain[:50] if name == before[:50] else name


def move(environment, main):
    """Let the sites of the database of another environment be called as they are to be here.

    `main` is the domain of the first one here. Aliases lead there, and so they go.
    """
    first = Site.objects.get(pk=settings.SITE_ID)
    there = ending_in(environment or PRODUCTION, first.domain)
    here = ending_in(settings.ENVIRONMENT, main)
    others = Site.objects.exclude(pk=first.pk)
    for site in others:
        call(site, renamed(site.domain, there, here))
    call(first, main)
    if there != here:
        SiteAlias.objects.all().delete()
    tell()


def call(site, domain):
    site.name = name_of(site.name, site.domain, domain)
    site.domain = domain
    site.save()


def find(word):
    """Return the Site of an ID, a domain or an alias; a domain may be as production has it."""
    value = checked(word, "--site")
    for each in (value, f"{value}{ending()}"):
        with suppress(LookupError):
            return Site.objects.get(pk=existing(each))
    raise Refused(f"there is no site {word}; manage.py listsites shows them")


def aliases(site=None):
    """Return the aliases, of one Site or of all, a list of [ID of the site, host]."""
    found = SiteAlias.objects.filter(site=site) if site else SiteAlias.objects.all()
    return [list(row) for row in found.order_by("host").values_list("site_id", "host")]


def add_aliases(rows):
    """Let sites have these aliases too, unless a host is somebody's already."""
    taken = {normal(domain) for domain in Site.objects.values_list("domain", flat=True)}
    taken |= set(SiteAlias.objects.values_list("host", flat=True))
    sites = set(Site.objects.values_list("pk", flat=True))
    for site_id, host in rows:
        if site_id in sites and host not in taken:
            SiteAlias.objects.create(site_id=site_id, host=host)


def tell():
    """Let all processes read the sites again."""
    HostRevision.change()
    hosts.expire()
