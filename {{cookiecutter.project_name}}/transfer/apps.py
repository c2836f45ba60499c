"""Content goes from one database to another: between a laptop and a server, or site by site."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TransferConfig(AppConfig):
    name = "transfer"
    verbose_name = _("Transfer")
    default_auto_field = "django.db.models.BigAutoField"
