"""The uploads of a site in the admin: to look at, to add to, and to choose from.

PACKAGE_NAME_FILEBROWSER names this app, so that Mezzanine takes its addresses, its field for files
and its folder from here. It stands in the place of filebrowser-safe, of which it has the settings
and the field.
"""

from django.apps import AppConfig


class MediaLibraryConfig(AppConfig):
    name = "media_library"

    def ready(self):
        from . import thumbnails

        thumbnails.install()
