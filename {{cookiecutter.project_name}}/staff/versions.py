"""Which revision of the project runs, and which one of the template the project was made from.

The first is in a file beside a release on a server, the second in what cruft reads. Neither has to
be there.
"""

import json
from contextlib import suppress

from django.conf import settings

SHOWN = 8  # digits of a revision, as fab shows them


def revision():
    """Return the revision of the project that is live, abbreviated; empty on a laptop."""
    with suppress(OSError, UnicodeDecodeError):
        return (settings.BASE_DIR.parent / "REVISION").read_text("ascii").strip()[:SHOWN]
    return ""


def template():
    """Return the revision of the template, abbreviated; empty where it is not known."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        record = json.loads((settings.BASE_DIR / ".cruft.json").read_text("utf-8"))
        return record["commit"][:SHOWN]
    return ""
