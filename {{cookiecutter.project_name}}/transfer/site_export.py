"""One site is written to a file, with its uploads, what visitors have sent, and its staff."""

import os
from pathlib import Path

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.db.models import FileField
from filebrowser_safe.fields import FileBrowseField
from mezzanine.core.models import SitePermission
from mezzanine.forms import forms
from mezzanine.forms.models import FieldEntry

from media_library import settings as library
from multisite.models import SiteAlias
from staff.entry_files import STORED

from . import versions
from .export import snapshot
from .keys import Keys
from .package import Writer
from .selection import Selection
from .sites import ending
from .tables import Table, chunks, generic_keys

STAFF = ("password", "email", "first_name", "last_name", "is_active", "is_staff")
THUMBNAILS = ".thumbnails"


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


def rows_of(table, selection):
    """Yield the rows of a table that are of the site; a link to a row of another becomes empty.

    Where it must not be empty, the row is left out.
    """
    links = [(i, c) for i, c in enumerate(table.columns) if c.field.is_relation and not c.named]
    links = [(i, c) for i, c in links if not c.dropped]
    for some in chunks(sorted(selection.of(table.model), key=str)):
        for row in table.rows(table.queryset.filter(pk__in=some)):
            away = [
                i for i, c in links if row[i] is not None and not selection.has(c.target, row[i])
            ]
            for index in away:
                row[index] = None
            if all(table.fields[index].null for index in away) and leads_in(table, row, selection):
                yield row


def leads_in(table, row, selection):
    """Return whether the generic relations of a row lead to rows of the site."""
    for key in generic_keys(table.model):
        type, number = (
            row[table.names.index(table.model._meta.get_field(name).attname)]
            for name in (key.ct_field, key.fk_field)
        )
        if type is not None:
            target = ContentType.objects.get_by_natural_key(*type).model_class()
            if not selection.has(target._meta.concrete_model, number):
                return False
    return True


# Files


def folder(site):
    """Return the uploads of a site, a dict of Paths by their names in the package."""
    root, found = Path(settings.MEDIA_ROOT), {}
    for path in sorted((root / uploads_of(site.pk)).rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and not path.is_symlink() and THUMBNAILS not in inside.parts:
            found[f"media/{inside}"] = path
    return found


def uploads_of(site_id):
    """Return the folder of the media library of a site, below MEDIA_ROOT."""
    per_site = getattr(settings, "MEDIA_LIBRARY_PER_SITE", False)
    return Path(library.DIRECTORY, f"site-{site_id}" if per_site else "")


def files_of(table, row):
    """Return the files that a row names, by their names in the package."""
    found = {}
    for field, value in zip(table.fields, row, strict=True):
        if value and isinstance(field, FileField | FileBrowseField):
            path = Path(settings.MEDIA_ROOT, value)
            if is_inside(path, settings.MEDIA_ROOT):  # editors may type any path there
                found[f"media/{value}"] = path
        if table.model is FieldEntry and field.name == "value" and STORED.fullmatch(value or ""):
            found[f"private/{value}"] = Path(forms.fs.path(value))
    return {name: path for name, path in found.items() if path.is_file()}


def is_inside(path, root):
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


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
