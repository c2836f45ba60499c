"""Which site a host belongs to: all names of all sites, kept in memory by every process.

Finding a site costs no query, whether there is one or not. What is saved or deleted through Django
is seen at once by its own process and within REFRESH seconds by the others; what changes the
database in another way (SQL, QuerySet.update) within RELOAD seconds.
"""

import re
from contextlib import nullcontext
from threading import Lock
from time import monotonic

import idna
from django.conf import settings
from django.db import DatabaseError

from page_cache.heartbeat import heartbeat
from page_cache.reads import recorded

REFRESH = 1
RELOAD = 60
LOCAL = ".localhost:8000"


def normal(host):
    """Return a host as browsers send it: lower case, no final dot, IDNA; its port is kept.

    UnicodeError for what cannot be a host. https://www.unicode.org/reports/tr46/
    """
    name, port = re.fullmatch(r"(.*?)\.?(:\d+)?", host.strip().lower(), re.DOTALL).groups("")
    return (name if name.isascii() else idna.encode(name, uts46=True).decode()) + port


def without_port(host):
    return re.sub(r":\d+$", "", host)


def twin(host):
    """Return the host with www. if it has none, and without if it has."""
    return host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"


def is_domain(host, site):
    """Tell whether the host is the domain of the Site, and not another of its names."""
    return normal(site.domain) in (normal(host), without_port(normal(host)))


def ending_in(environment, main):
    """Return how the domains of all sites but the first end in an environment.

    `main` is the domain of the first one there.
    """
    named = {"development": LOCAL, "production": ""}
    return named.get(environment, f".{main}" if main else "")


def indexed(rows):
    """Return a dict of ID by host, from pairs of host and ID; what is no host is left out."""
    index = {}
    for host, site_id in rows:
        try:
            index[normal(host)] = site_id
        except UnicodeError:
            continue
    return index


class Hosts:
    """The sites and their hosts, as they were at the last refresh()."""

    def __init__(self):
        self._lock = Lock()
        self._ids, self._sites, self._bare = {}, {}, set()
        self._revision = None
        self._loaded = self._checked = float("-inf")

    def refresh(self):
        """Read the sites again if they have changed; look for that once in REFRESH seconds."""
        if monotonic() - self._checked < REFRESH:
            return
        # While one thread waits for the database, the others go on with what is known.
        if self._lock.acquire(blocking=not self._sites):
            try:
                limited = heartbeat.limit_kept() if self._sites else nullcontext()
                with limited, recorded(None):  # a page has its site in its key
                    self._read_if_changed()
            finally:
                self._lock.release()

    def _read_if_changed(self):
        from .models import HostRevision

        now = monotonic()
        try:
            revision = HostRevision.current()
            if revision != self._revision or now - self._loaded > RELOAD:
                self._read()
                self._revision, self._loaded = revision, now
        except DatabaseError:
            if not self._sites:
                raise
            now = monotonic()  # it may have taken long
        self._checked = now

    def _read(self):
        from django.contrib.sites.models import Site

        from .models import SiteAlias

        sites = {site_id: names for site_id, *names in Site.objects.values_list()}
        ids = indexed(SiteAlias.objects.values_list("host", "site_id"))
        ids |= indexed((domain, site_id) for site_id, (domain, _) in sites.items())
        self._bare = {without_port(host) for host in ids if ":" in host}
        self._ids, self._sites = ids, sites

    def expire(self):
        """Let the next refresh() look, however soon it comes."""
        self._checked = float("-inf")

    def find(self, host):
        """Return the ID of the site that has this host, or None.

        Looked for are the host with its port, without, and both of these with or without www.
        """
        host = normal(host)
        for name in (host, without_port(host), twin(host), twin(without_port(host))):
            if name in self._ids:
                return self._ids[name]
        return None

    def allow(self, name):
        """Tell whether a host of that name, a str without port, is one of any site."""
        return self.find(name) is not None or name in self._bare or twin(name) in self._bare

    def site(self, site_id):
        """Return the Site of that ID, made from memory, or None."""
        from django.contrib.sites.models import Site

        if site_id not in self._sites:
            return None
        return Site.from_db("default", ["id", "domain", "name"], [site_id, *self._sites[site_id]])

    def domains(self, site_id):
        """Return the domain of a site as it is here, and then as production has it, in a list."""
        if site_id not in self._sites:
            return []
        domain = normal(self._sites[site_id][0])
        if site_id == settings.SITE_ID:
            return [domain, normal(settings.FABRIC["LIVE_HOSTNAME"])]
        main = normal(self._sites.get(settings.SITE_ID, [""])[0])
        return [domain, domain.removesuffix(ending_in(settings.ENVIRONMENT, main))]

    def names(self, site_id=None):
        """Return all hosts, or those of a site, without their ports, in a list, the newest first.

        Each is followed by that with www., or without, unless it is an address.
        """
        self.refresh()
        ids = self._ids
        known = [host for host in ids if site_id in (None, ids[host])]
        found = []
        for host in sorted(known, key=ids.get, reverse=True):
            name = without_port(host)
            found += [name] if re.fullmatch(r"[\d.]+|\[.*", name) else [name, twin(name)]
        return list(dict.fromkeys(found))

    def __len__(self):
        """Return how many sites there are."""
        return len(self._sites)


hosts = Hosts()
