"""The first page of a site: sections of six kinds, in the order that its owner likes."""

from django.apps import AppConfig


class HomepageConfig(AppConfig):
    name = "homepage"
    default_auto_field = "django.db.models.BigAutoField"
