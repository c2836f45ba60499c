"""What belongs to one visitor is found, exported and deleted; entries of forms have their time."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VisitorsConfig(AppConfig):
    name = "visitors"
    verbose_name = _("Visitors")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from . import links

        links.install()
