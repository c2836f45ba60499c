"""Settings with which uploads would be lost, or HTML be filtered less than they say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def check_files(app_configs, **kwargs):
    """Warn of other files that lie elsewhere for a process that was started elsewhere."""
    return [
        Warning(f"{name} should be an absolute path, and is {value!r}.", id="staff.W002")
        for name, value in files()
        if value and not Path(value).is_absolute()
    ]


def files() -> Iterator[tuple[str, Any]]:
    """Yield the settings that are the path of something which is written, and these paths."""
    for name in ("EMAIL_FILE_PATH", "SESSION_FILE_PATH", "FILE_UPLOAD_TEMP_DIR"):
        yield name, getattr(settings, name, None)
    for alias, database in settings.DATABASES.items():
        name = str(database.get("NAME") or "")
        in_memory = name == ":memory:" or name.startswith("file:")
        if "sqlite3" in database.get("ENGINE", "") and not in_memory:
            yield f'DATABASES["{alias}"]["NAME"]', name
    for alias, cache in settings.CACHES.items():
        if cache.get("BACKEND", "").endswith("FileBasedCache"):
            yield f'CACHES["{alias}"]["LOCATION"]', cache.get("LOCATION")
    for name, handler in (settings.LOGGING or {}).get("handlers", {}).items():
        yield f'LOGGING["handlers"]["{name}"]["filename"]', handler.get("filename")


def check_lists(app_configs, **kwargs):
    """Warn of lists to which Mezzanine adds for good while RICHTEXT_FILTER_LEVEL is low."""
    return [
        Warning(f"{name} has to be a tuple: a list keeps what a low filter adds.", id="staff.W001")
        for name in ("RICHTEXT_ALLOWED_TAGS", "RICHTEXT_ALLOWED_ATTRIBUTES")
        if isinstance(getattr(settings, name, ()), list)
    ]
