"""Settings, as filebrowser-safe has them: FILEBROWSER_EXTENSIONS, FILEBROWSER_MAX_UPLOAD_SIZE and
so on of settings.py. Mezzanine's galleries read DIRECTORY here.
"""

from filebrowser_safe.settings import (
    DIRECTORY,
    ESCAPED_EXTENSIONS,
    EXTENSIONS,
    LIST_PER_PAGE,
    MAX_UPLOAD_SIZE,
    SELECT_FORMATS,
)

__all__ = [
    "DIRECTORY",
    "ESCAPED_EXTENSIONS",
    "EXTENSIONS",
    "LIST_PER_PAGE",
    "MAX_UPLOAD_SIZE",
    "SELECT_FORMATS",
]
