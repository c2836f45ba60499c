"""What settings.py needs of this app. Without Django, since fabfile.py reads the settings too."""

import os

VARIABLE = "MEZZANINE_SITE_ID"
LOCAL_HOSTS = [".localhost", "127.0.0.1", "[::1]"]  # which Django allows while DEBUG


def environment_site_id():
    """Return the int in MEZZANINE_SITE_ID, or None without one; ImproperlyConfigured for a bad one.

    A bad one never means "the default": that would be to work on the wrong site.
    """
    value = os.environ.get(VARIABLE, "").strip()
    if not value:
        return None
    if value.isascii() and value.isdecimal() and int(value) > 0:
        return int(value)
    from django.core.exceptions import ImproperlyConfigured

    raise ImproperlyConfigured(f"{VARIABLE} is {value!r}; it must be the ID of a site, like 1")


class HostOfAnySite(str):
    """What ALLOWED_HOSTS needs to hold: it equals the host of every site, now and later.

    Django compares a host with each item of ALLOWED_HOSTS; with this one that takes the same time
    for ten thousand sites as for one, and what copies the list, as Django's test runner does, gets
    what will be true tomorrow. https://docs.djangoproject.com/en/5.2/ref/settings/#allowed-hosts
    """

    def __new__(cls):
        return super().__new__(cls, "any site")

    def __eq__(self, host):
        from django.conf import settings
        from django.http.request import validate_host

        from .hosts import hosts

        if not isinstance(host, str) or host == "*":
            return False
        if settings.SITE_FALLBACK or (settings.DEBUG and validate_host(host, LOCAL_HOSTS)):
            return True
        return hosts.allow(host)

    __hash__ = str.__hash__

    def lower(self):
        return self
