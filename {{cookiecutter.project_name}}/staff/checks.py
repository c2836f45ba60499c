"""Files are written below directories that the settings name in full."""

from pathlib import Path

from django.conf import settings
from django.core.checks import Error

DIRECTORIES = ("MEDIA_ROOT", "STATIC_ROOT", "FORMS_UPLOAD_ROOT")


def check_directories(app_configs, **kwargs):
    """Refuse a directory that depends on where a process was started: the next one differs."""
    return [
        Error(f"{name} has to be an absolute path, and is {value!r}.", id="staff.E001")
        for name, value in ((name, getattr(settings, name, "")) for name in DIRECTORIES)
        if not Path(value or "").is_absolute()
    ]
