"""The seconds in which staff have edited, and those after: NGINX shows nothing then that it kept.

Such a second is an empty file that nginx.conf.template looks for, by the name of its Unix time and
of a host ("1764403200-www.example.com"), or of the time alone where the edit may be on every site.
"""

import re
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.sites.managers import CurrentSiteManager

from multisite.hosts import hosts

MANY = 1000  # files of one second; then it is one of all sites

# What NGINX has in $host and a file system in a name.
NAME = re.compile(r"[a-z0-9_.:\[\]-]{1,200}")
TABLE = re.compile(
    r"\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+[\"`]?(\w+)", re.IGNORECASE
)


def note(site_id=None, writes=()):
    """Note the second that it is and the next, for the hosts of a site or all; forget those before.

    In the next one NGINX would show what it kept in this one to whoever comes while it asks for the
    page. writes are the statements of the edit: where they change what sites share, it is for all.
    With no such directory, do nothing.
    """
    directory, now = Path(settings.PAGE_CACHE_EDITS), int(time.time())
    with suppress(OSError):  # the edit is then seen a little later
        is_of_one = site_id is not None and all(map(is_of_one_site, writes))
        names = names_of(site_id) if is_of_one else []
        for file in directory.iterdir():
            if file.name < str(now):
                file.unlink(missing_ok=True)
        for second in (now, now + 1):
            noted = sum(1 for _ in directory.glob(f"{second}*"))
            if not names or noted + len(names) > MANY or not all(map(NAME.fullmatch, names)):
                Path(directory, str(second)).touch()
                continue
            for name in names:
                Path(directory, f"{second}-{name}").touch()


def names_of(site_id):
    """Return the names by which visitors reach a site: its domain, its aliases, and their twins."""
    return hosts.names(site_id)


def is_of_one_site(sql):
    """Return whether what a statement changes is shown on the current site alone."""
    table = TABLE.match(str(sql))
    return bool(table) and table[1].lower() in tables_of_sites()


@cache
def tables_of_sites():
    """Return the tables, a set, of which each row belongs to one site.

    Mezzanine finds their rows for the current site, or they are a part of such a row.
    """
    models = apps.get_models(include_auto_created=True)
    found = {m for m in models if isinstance(m._default_manager, CurrentSiteManager)}
    while more := {m for m in models if m not in found and is_part(m, found)}:
        found |= more
    return {model._meta.db_table.lower() for model in found}


def is_part(model, owners):
    """Return whether each row of a model has a foreign key, not null, to one of the owners."""
    fields = (f for f in model._meta.concrete_fields if f.is_relation and not f.null)
    return any(field.related_model in owners for field in fields)
