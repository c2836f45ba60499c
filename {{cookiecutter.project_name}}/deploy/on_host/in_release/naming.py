"""In a release: what its site is called, and to call it otherwise.

Reads JSON: "wanted", a host; perhaps "database", another than the live one; perhaps "domain", that
the site is to have from now on, and lists of hosts to "add" to its aliases and to "drop" from them.
Prints JSON: the "domain" of the site, its "aliases" and "refused", why it cannot be called as
wanted, an empty str where it can.
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.sites.models import Site  # noqa: E402
from django.db import connection, transaction  # noqa: E402


def why_not(site, wanted):
    """Return why the site cannot have a host: another one has it, or it is too long."""
    from multisite.hosts import hosts

    longest = Site._meta.get_field("domain").max_length
    if len(wanted) > longest:
        return f"is longer than {longest} characters"
    hosts.refresh()
    found = hosts.find(wanted)
    if found in (None, site.pk):
        return ""
    return f"is a name of the site {hosts.site(found).domain}"


def call(site, domain, add, drop):
    """Let the site have a domain, and some aliases more or less."""
    with transaction.atomic():
        site.aliases.filter(host__in=drop).delete()
        if site.domain != domain:
            if site.name == site.domain[:50]:
                site.name = domain[:50]
            site.domain = domain
            site.save()
        for host in add:
            site.aliases.get_or_create(host=host)


request = json.load(sys.stdin)
if "database" in request:
    connection.close()
    connection.settings_dict["NAME"] = request["database"]
site = Site.objects.get(pk=settings.SITE_ID)
refused = why_not(site, request["wanted"]) if request["wanted"] != site.domain else ""
if "domain" in request and not refused:
    call(site, request["domain"], request["add"], request["drop"])
aliases = [alias.host for alias in site.aliases.all()] if hasattr(site, "aliases") else []
print(json.dumps({"domain": site.domain, "aliases": aliases, "refused": refused}))
