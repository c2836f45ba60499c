"""The permissions for the data of visitors, which the admin offers for users and groups."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Visitor(models.Model):
    """Has no rows: visitors are found by their names. Django makes the permissions of a model."""

    class Meta:
        verbose_name = _("data of a visitor")
        verbose_name_plural = _("data of visitors")
        default_permissions = ("view", "delete")

    def __str__(self):
        return str(self._meta.verbose_name)
