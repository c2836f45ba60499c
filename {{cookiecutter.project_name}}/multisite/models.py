"""The other hosts of a site, and a mark of when any site changed."""

import re
from uuid import uuid4

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from .hosts import normal

LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
HOST = re.compile(rf"(localhost|{LABEL}(\.{LABEL})+)(:\d+)?")


def valid_host(value):
    """Return a host in its normal form; ValidationError for what is none."""
    try:
        host = normal(value)
    except UnicodeError:
        host = ""
    if not HOST.fullmatch(host):
        raise ValidationError(_("%s is no host such as example.com") % ascii(value))
    return host


class SiteAlias(models.Model):
    """A host whose visitors are redirected to the site's own domain."""

    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="aliases", verbose_name=_("site")
    )
    host = models.CharField(
        _("host"),
        max_length=100,
        unique=True,
        help_text=_("Leads to the domain of the site, with and without www."),
    )

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        ordering = ["host"]

    def __str__(self):
        return self.host

    def clean(self):
        self.host = valid_host(self.host)
        if taken := Site.objects.filter(domain__iexact=self.host).first():
            raise ValidationError({"host": _("The site %s has this domain") % taken.domain})


class HostRevision(models.Model):
    """One row that changes with every change of a site or an alias."""

    value = models.UUIDField(default=uuid4)

    def __str__(self):
        return str(self.value)

    @classmethod
    def current(cls):
        """Return the UUID, or None before the first change."""
        return cls.objects.values_list("value", flat=True).first()

    @classmethod
    def change(cls):
        cls.objects.update_or_create(id=1, defaults={"value": uuid4()})
