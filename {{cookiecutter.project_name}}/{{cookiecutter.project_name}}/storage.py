"""Static files under hashed names, which browsers may keep for ever."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class TolerantManifestStaticFilesStorage(ManifestStaticFilesStorage):
    """Django's storage, for packages whose files name others that they do not ship.

    Mezzanine's stylesheets name source maps that it leaves out. Django's storage ends collectstatic
    there, and answers 500 for a page that names a missing file; this one leaves that name as it is.
    """

    manifest_strict = False

    def hashed_name(self, name, content=None, filename=None):
        try:
            return super().hashed_name(name, content, filename)
        except ValueError:
            return name
