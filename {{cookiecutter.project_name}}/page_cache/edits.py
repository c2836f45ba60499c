"""The seconds in which staff have edited: NGINX shows nothing then that it kept before.

Such a second is an empty file, by the name of its Unix time, that nginx.conf.template looks for.
"""

import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings


def note():
    """Note the second that it is, and forget those before; with no such directory, do nothing."""
    second = str(int(time.time()))
    with suppress(OSError):  # the edit is then seen when the second is over
        for file in Path(settings.PAGE_CACHE_EDITS).iterdir():
            if file.name < second:
                file.unlink(missing_ok=True)
        Path(settings.PAGE_CACHE_EDITS, second).touch()
