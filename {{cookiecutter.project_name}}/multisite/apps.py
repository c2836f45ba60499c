"""Many sites in one process: which one is asked for, and all that depends on it."""

from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_delete, post_save, pre_save


def normalise(instance, **kwargs):
    """Store a domain as browsers send it, so that links and mails that contain it work."""
    from .hosts import normal

    try:
        instance.domain = normal(instance.domain)
    except UnicodeError:
        pass  # checksites names it


def changed(**kwargs):
    from .hosts import hosts
    from .models import HostRevision

    HostRevision.change()
    hosts.expire()


class MultisiteConfig(AppConfig):
    name = "multisite"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from django.contrib.sites.models import Site

        from . import admin, current, own_checks, patches, writes
        from .models import SiteAlias

        admin.install()
        current.install()
        patches.install()
        writes.install()
        for check in own_checks.CHECKS:
            register(check, deploy=True)
        pre_save.connect(normalise, Site)
        for model in (Site, SiteAlias):
            post_save.connect(changed, model)
            post_delete.connect(changed, model)
