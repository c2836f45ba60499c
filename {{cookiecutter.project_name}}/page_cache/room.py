"""Whether NGINX has room for a page: where it has none, it would send no answer at all.

Its pages and the directory of the edits lie in one file system, /run, which is a part of the
memory of the server and never large.
"""

import os

from django.conf import settings

LEAST = 8 * 2**20  # bytes; half of min_free in nginx.conf.template, which makes room again


def is_left_for(content):
    """Return whether NGINX may keep an answer of that content, bytes."""
    try:
        found = os.statvfs(settings.PAGE_CACHE_EDITS)
    except (AttributeError, OSError):  # Windows, or no such directory, where nobody keeps it
        return True
    has_inodes = not found.f_files or found.f_favail > 1000
    return has_inodes and found.f_bavail * found.f_frsize > LEAST + 2 * len(content)
