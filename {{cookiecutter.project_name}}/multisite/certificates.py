"""What the server tells of the certificate of each name: see deploy/README.md."""

import json
import stat
from pathlib import Path

from django.conf import settings

from .hosts import normal, without_port

REFUSED = ("refused", "but renewal fails")  # words of what is wrong


class Certificates:
    """What was told last, read again when the server has told something new."""

    def __init__(self):
        self._read, self._told = None, {}

    def told(self, host):
        """Return how it is with the certificate of a host, a str; empty where nobody knows."""
        try:
            path = Path(settings.CERTIFICATES, "status/names.json")
            state = path.lstat()
            if not stat.S_ISREG(state.st_mode):
                return ""
            if (state.st_mtime_ns, state.st_size) != self._read:
                self._told = json.loads(path.read_text("utf-8"))["names"]
                self._read = state.st_mtime_ns, state.st_size
            return self._told.get(without_port(normal(host)), "")
        except (OSError, ValueError, KeyError, UnicodeError):
            return ""

    def problem(self, host):
        """Return what is wrong with the certificate of a host, a str, or None."""
        told = self.told(host)
        return f"{host} {told}" if any(word in told for word in REFUSED) else None


certificates = Certificates()
