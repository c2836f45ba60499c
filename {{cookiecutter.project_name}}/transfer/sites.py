"""The names of sites, which each database has of its own.

The first site, SITE_ID, is called at each end what it is called there. Any other is on a laptop
two.example.localhost:8000, which browsers look for on the machine itself, and on a server
two.example.
"""

from django.conf import settings
from django.contrib.sites.models import Site

from multisite.hosts import hosts, normal
from multisite.models import HostRevision, SiteAlias

DEVELOPMENT = "development"
LOCAL = ".localhost:8000"
LONGEST = Site._meta.get_field("domain").max_length


class Names:
    """What the sites of a package are called here; `header` is that of the package."""

    def __init__(self, header):
        self.from_laptop = header["environment"] == DEVELOPMENT
        self.to_laptop = settings.ENVIRONMENT == DEVELOPMENT
        self.main = Site.objects.filter(pk=settings.SITE_ID).first()

    def translated(self, names, row):
        """Return the row of a site, a list of the columns named, as it is to be here."""
        values = dict(zip(names, row, strict=True))
        before = values["domain"]
        if self.main and values["id"] == self.main.pk:
            values["domain"] = self.main.domain
        else:
            values["domain"] = self.domain(before)
        if values["name"] == before[:50]:
            values["name"] = values["domain"][:50]
        return [values[name] for name in names]

    def domain(self, domain):
        if self.to_laptop and not self.from_laptop:
            local = domain + LOCAL
            return domain if ":" in domain or len(local) > LONGEST else local
        return domain if self.to_laptop else domain.removesuffix(LOCAL)


def aliases():
    """Return the aliases, a list of [ID of the site, host]."""
    return [list(row) for row in SiteAlias.objects.order_by("host").values_list("site_id", "host")]


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
