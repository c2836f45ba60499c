"""The permissions for the media library, which the admin offers for users and groups."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MediaFile(models.Model):
    """Has no rows: uploads are files. Django makes the four permissions for each model."""

    class Meta:
        verbose_name = _("file of the media library")
        verbose_name_plural = _("files of the media library")

    def __str__(self):
        return str(self._meta.verbose_name)
