"""Menus, lists, site maps and searches that load what they show."""

from django.apps import AppConfig


class NavigationConfig(AppConfig):
    name = "navigation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from django.apps import apps

        from . import menus, searching

        menus.install()
        searching.install()
        if apps.is_installed("mezzanine.blog"):
            from . import admin, blog, indexes, syndication

            admin.install_blog()
            blog.install()
            indexes.install()
            syndication.install()
