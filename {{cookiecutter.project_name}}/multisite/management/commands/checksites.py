"""The command that looks for what keeps a site from being seen."""

import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from mezzanine.conf.models import Setting
from mezzanine.pages.models import Page

from ...certificates import certificates
from ...hosts import hosts as known
from ...hosts import without_port
from ...models import valid_host
from ...template_loader import host_theme

AT_ONCE = 20  # questions to the DNS


class Command(BaseCommand):
    help = "Names what is wrong with the hosts, certificates, home page or theme of a site."

    def handle(self, **options):
        found = list(problems())
        for site_id, domain, problem in found:
            self.stderr.write(f"{site_id} {domain}: {problem}")
        if found:
            sys.exit(1)


def problems():
    """Yield the ID and the domain of a site and what is wrong with it, str."""
    with_home = set(Page._base_manager.filter(slug="/").values_list("site_id", flat=True))
    named = dict(Setting._base_manager.filter(name="SITE_THEME").values_list("site_id", "value"))
    sites = list(Site.objects.order_by("id").prefetch_related("aliases"))
    known.refresh()
    named |= {site.pk: package for site in sites if (package := host_theme(site.pk))}
    hosts = {site: [site.domain, *(alias.host for alias in site.aliases.all())] for site in sites}
    with ThreadPoolExecutor(AT_ONCE) as pool:  # each waits for the DNS
        every = [host for of_site in hosts.values() for host in of_site]
        wrong = dict(zip(every, pool.map(wrong_host, every), strict=True))
    for site in sites:
        for host in hosts[site]:
            if problem := wrong[host] or certificates.problem(host):
                yield site.pk, site.domain, problem
        if site.pk not in with_home:
            yield site.pk, site.domain, "it has no home page"
        if (theme := named.get(site.pk)) and not find_spec(theme):
            yield site.pk, site.domain, f"there is no theme {theme}"


def wrong_host(host):
    """Return what is wrong with a host, a str, or None."""
    try:
        if valid_host(host) != host:
            return f"{host} is stored in an unusual form; save it in the admin"
        socket.getaddrinfo(without_port(host), None)
    except ValidationError as error:
        return error.message
    except OSError:
        return f"{host} is not known to the DNS"
    return None
