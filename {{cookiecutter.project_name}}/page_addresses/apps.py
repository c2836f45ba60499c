"""The addresses of pages: made of those above, each of one page, and alive after a change."""

from django.apps import AppConfig


class PageAddressesConfig(AppConfig):
    name = "page_addresses"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from . import saving, uniqueness

        saving.install()
        uniqueness.install()
