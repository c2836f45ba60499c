"""Settings with which uploads would be lost, or HTML be filtered less than they say."""

from pathlib import Path

from django.conf import settings
from django.core.checks import Error, Warning

DIRECTORIES = ("MEDIA_ROOT", "STATIC_ROOT", "FORMS_UPLOAD_ROOT")


def check_directories(app_configs, **kwargs):
    """Refuse a directory that depends on where a process was started: the next one differs."""
    return [
        Error(f"{name} has to be an absolute path, and is {value!r}.", id="staff.E001")
        for name, value in ((name, getattr(settings, name, "")) for name in DIRECTORIES)
        if not Path(value or "").is_absolute()
    ]


def check_lists(app_configs, **kwargs):
    """Warn of lists to which Mezzanine adds for good while RICHTEXT_FILTER_LEVEL is low."""
    return [
        Warning(f"{name} has to be a tuple: a list keeps what a low filter adds.", id="staff.W001")
        for name in ("RICHTEXT_ALLOWED_TAGS", "RICHTEXT_ALLOWED_ATTRIBUTES")
        if isinstance(getattr(settings, name, ()), list)
    ]
