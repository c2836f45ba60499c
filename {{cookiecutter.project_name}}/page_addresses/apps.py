"""The addresses of pages and posts: each of one thing, and alive after a change."""

from django.apps import AppConfig


class PageAddressesConfig(AppConfig):
    name = "page_addresses"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from . import posts, saving, uniqueness

        saving.install()
        uniqueness.install()
        posts.install()
