"""The seconds in which staff have edited: NGINX shows nothing that it kept before.

Such a second is an empty file, by the name of its Unix time, that nginx.conf.template looks for;
NAME.after is one in which a page of before would still be shown while Django makes the next.
"""

import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

WHILE_ASKING_SECONDS = 10  # how long the page before is shown while Django is asked for the next


def note():
    """Note the second that it is, and forget those before; with no such directory, do nothing."""
    second, directory = int(time.time()), Path(settings.PAGE_CACHE_EDITS)
    with suppress(OSError):  # the edit is then seen when the second is over
        for file in directory.iterdir():
            if file.stem < str(second):
                file.unlink(missing_ok=True)
        (directory / str(second)).touch()
        for later in range(1, WHILE_ASKING_SECONDS + 1):
            (directory / f"{second + later}.after").touch()


def noted(second):
    """Return whether staff have edited in that second, an int of Unix time, of late."""
    return Path(settings.PAGE_CACHE_EDITS, str(second)).exists()
