"""Sites in several languages."""

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate


class LanguagesConfig(AppConfig):
    name = "languages"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from . import addresses

        addresses.install()
        if settings.USE_MODELTRANSLATION:
            from . import rights, searching, tabs, texts, untranslated

            rights.install()
            searching.install()
            tabs.install()
            untranslated.install()
            post_migrate.connect(texts.give_to_default_language)
