"""One site is written to a file, with its uploads, what visitors have sent, and its staff."""

import os

from django.conf import settings
from django.contrib.sites.models import Site
from mezzanine.core.models import SitePermission

from multisite.models import SiteAlias

from . import versions
from .export import snapshot
from .keys import Keys
from .package import Writer
from .selection import Selection, rows_of
from .site_files import files_of, folder
from .sites import ending
from .tables import Table

STAFF = ("password", "email", "first_name", "last_name", "is_active", "is_staff")


def export_site(site, path):
    """Write a Site to a path; return how many rows and files there are of it."""
    part = f"{path}.part"
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        with Writer(part) as writer, snapshot():
            counts = write(writer, site)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise
    return counts


def write(writer, site):
    selection, keys = Selection(site), Keys()
    travelling = {*selection.models, Site}
    columns, rows, files = {}, {}, {}
    for model in selection.models:
        table = Table(model, travelling, keys)
        count = 0
        with writer.lines(f"rows/{table.label}") as line:
            for row in rows_of(table, selection):
                line(row)
                files |= files_of(table, row)
                count += 1
        if count:
            columns[table.label], rows[table.label] = table.names, count
    files |= folder(site)
    for name, source in sorted(files.items()):
        writer.add(name, source)
    with writer.lines("users") as line:
        for name, attributes in sorted(keys.users.items()):
            line([name, attributes])
    with writer.lines("staff") as line:
        for row in staff(site):
            line(row)
    with writer.lines("aliases") as line:
        hosts = SiteAlias.objects.filter(site=site).order_by("host")
        line([*hosts.values_list("host", flat=True)])
    described = versions.described()
    used = {label.partition(".")[0] for label in rows}
    migrations = {app: names for app, names in described["migrations"].items() if app in used}
    about = {"id": site.pk, "domain": site.domain, "name": site.name}
    header = {"site": about, "columns": columns, "rows": rows, "migrations": migrations}
    header |= {"environment": settings.ENVIRONMENT, "ending": ending()}
    writer.header(described | header)
    return {"rows": sum(rows.values()), "files": len(files)}


# People


def staff(site):
    """Yield [name, attributes] of who has rights on the site and is no superuser."""
    permissions = SitePermission.objects.filter(sites=site, user__is_superuser=False)
    for user in (permission.user for permission in permissions.select_related("user")):
        attributes = {name: getattr(user, name) for name in STAFF if hasattr(user, name)}
        attributes["groups"] = sorted(user.groups.values_list("name", flat=True))
        rights = user.user_permissions.select_related("content_type")
        attributes["permissions"] = sorted(list(right.natural_key()) for right in rights)
        yield [user.get_username(), attributes]
