"""One site comes in from a file, beside those that are here, under numbers of its own."""

import uuid

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.db.models import IntegerField, Max, UUIDField
from mezzanine.core.models import SitePermission

from multisite.models import SiteAlias, valid_host

from . import sites, versions
from .keys import Keys
from .kinds import CONTENT, VISITORS, kinds
from .load import locked, refused, reset_sequences, tell_visitors
from .moving import Moving, last_of
from .package import Refused
from .site_export import STAFF
from .stored import digest, sent, upload
from .tables import Table, chunks

PLACES = {"media": upload, "private": sent}


def import_site(package, domain=None):
    """Bring a site in, all or nothing; return the Site and lines for people.

    `domain` is what it is to be called, if not what it was.
    """
    package.check()
    header = package.header
    if "site" not in header or "everything" in header:
        raise Refused(
            f"{package.path} is content of fab push or fab pull, and importcontent reads it"
        )
    versions.check(header, apps=header["migrations"])
    files = []
    try:
        with transaction.atomic(), locked(everything=True):
            site = make_site(header, domain)
            told = [*add_people(package, site)]
            Coming(package, site, files).write()
            sites.add_aliases(
                [site.pk, host] for [*hosts] in package.lines("aliases") for host in hosts
            )
            sites.tell()
            connection.check_constraints()
    except BaseException as error:
        for file in files:
            file.delete()
        if isinstance(error, DatabaseError):
            raise refused(error) from None
        raise
    tell_visitors()
    return site, told


def make_site(header, domain):
    """Make the Site; Refused where another has its name."""
    about = header["site"]
    wanted = domain or sites.Names(header).domain(about["domain"])
    try:
        wanted = valid_host(wanted)
    except ValidationError as error:
        raise Refused(error.message) from None
    if Site.objects.filter(domain__iexact=wanted).exists():
        raise Refused(f"there is a site {wanted} already; give it another name with --domain")
    if taken := SiteAlias.objects.filter(host=wanted).select_related("site").first():
        raise Refused(f"{wanted} is an alias of {taken.site.domain}")
    name = about["name"] if about["name"] != about["domain"][:50] else wanted[:50]
    return Site.objects.create(domain=wanted, name=name)


class Coming(Moving):
    """The rows and files of a package, on their way to their new numbers and places.

    The rows of one table are all moved by the same distance, so nothing has to be remembered.
    """

    def __init__(self, package, site, files):
        super().__init__(package.header["site"]["id"], site.pk)
        self.package, self.files = package, files
        keys = Keys()
        keys.users = dict(package.lines("users"))
        models = [model for model, kind in kinds().items() if kind in (CONTENT, VISITORS)]
        self.tables = [Table(model, set(models), keys) for model in models]
        self.tables = [each for each in self.tables if each.label in package.header["rows"]]
        for table in self.tables:
            if package.header["columns"][table.label] != table.names:
                raise Refused(
                    f"{table.label} has other columns there; deploy, so both are the same"
                )
        self.distances, self.uuids = {}, {}

    def write(self):
        for member, name in self.package.files():
            folder, _, path = name.partition("/")
            if folder in PLACES:
                self.bring_file(member, folder, path)
        for table in self.tables:  # before there is any row
            self.number(last_of(table.model._meta.pk), 0)
        for table in self.tables:
            for rows in chunks(self.package.rows(table.label)):
                moved = [self.moved(table, row) for row in rows]
                there = set(table.taken([table.key(row) for row in moved]))  # what sites share
                table.insert([row for row in moved if table.key(row) not in there])
        reset_sequences([table.model for table in self.tables])

    # Rows

    def number(self, field, value):
        """Return what the value of a primary key, a field, becomes here."""
        if isinstance(field, UUIDField):
            return self.uuids.setdefault(str(value), str(uuid.uuid4()))
        if not isinstance(value, int) or not isinstance(field, IntegerField):
            return value  # a text, such as a code
        if field not in self.distances:
            rows = field.model._base_manager
            self.distances[field] = rows.aggregate(last=Max(field.attname))["last"] or 0
        return value + self.distances[field]

    # Files

    def bring_file(self, member, folder, path):
        """Put a file in its place, or under another name where there is another one."""
        wanted = path.replace(self.before, self.after, 1) if path.startswith(self.before) else path
        place = PLACES[folder](wanted)
        if not place:
            raise Refused(f"{path} would be outside of the uploads")
        if place.exists():
            with self.package.zip.open(member) as new:
                if digest(new) == place.sha256():
                    return
        self.files.append(place.free())  # also if it gets there in part alone
        with self.package.zip.open(member) as source:
            self.files[-1] = self.files[-1].write(source)
        if self.files[-1] != place:
            self.renamed[path] = self.files[-1].name


def add_people(package, site):
    """Let the staff of the site be staff of it here; yield a line for each that is not made."""
    users = get_user_model()
    for name, attributes in package.lines("staff"):
        here = users._base_manager.filter(**{users.USERNAME_FIELD: name}).first()
        if here and here.password == attributes["password"]:  # the same person
            SitePermission.objects.get_or_create(user=here)[0].sites.add(site)
        if here and here.password != attributes["password"]:
            yield f"{name} has an account here already, and gets no rights on the site by this"
        if here:
            continue
        groups = attributes.pop("groups")
        rights = attributes.pop("permissions")
        known = {key: attributes[key] for key in STAFF if key in attributes and hasattr(users, key)}
        user = users(**{users.USERNAME_FIELD: name}, **known)
        user.save()
        user.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
        for codename, app, model in rights:
            type = {"content_type__app_label": app, "content_type__model": model}
            user.user_permissions.add(*Permission.objects.filter(codename=codename, **type))
        # Mezzanine has made one by now, for the site that is worked on.
        SitePermission.objects.get_or_create(user=user)[0].sites.set([site])
