"""ADMIN_REMOVAL: models that the admin is to leave out."""

from importlib import import_module

from django.conf import settings
from mezzanine.boot import lazy_admin


def install():
    """Let Mezzanine find them.

    It imports each by exec() into the names of a function, which Python 3.13 does not see there
    (PEP 667); names of the module it sees.
    """
    for path in getattr(settings, "ADMIN_REMOVAL", ()):
        module, _, name = path.rpartition(".")
        try:
            setattr(lazy_admin, name, getattr(import_module(module), name))
        except (ImportError, AttributeError):
            continue  # it passes over what is not there
