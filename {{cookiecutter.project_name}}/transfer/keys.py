"""Rows that stay where they are, and that rows which travel refer to, are known by their names."""

import re

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS

NAMES = {
    ContentType: ["app_label", "model"],
    Permission: ["codename", "content_type__app_label", "content_type__model"],
    Group: ["name"],
}
ATTRIBUTES = ("first_name", "last_name")  # what comes along of who the content refers to
ANONYMOUS = re.compile(r"author-(\d+)")  # of who logs in with an e-mail address


class Skip(Exception):
    """A row refers to what does not travel: it does not either, and at its goal it stays as is."""


class Keys:
    """The names of rows of a database, and the rows here of names; each is looked up once."""

    def __init__(self, using=DEFAULT_DB_ALIAS):
        self.using = using  # the alias of the database whose rows are named
        self.users = {}  # the attributes of the users that were named, by name
        self._names, self._rows = {}, {}

    def has_names(self, model):
        return model in NAMES or model is get_user_model()

    def name(self, model, pk):
        """Return the name of a row, a list; Skip where there is no such row."""
        key = model, pk
        if key not in self._names:
            find = self._user_name if model is get_user_model() else self._name
            self._names[key] = find(model, pk)
        if self._names[key] is None:
            raise Skip
        return self._names[key]

    def _name(self, model, pk):
        rows = model._base_manager.using(self.using)
        found = rows.filter(pk=pk).values_list(*NAMES[model]).first()
        return found and list(found)

    def _user_name(self, model, pk):
        user = model._base_manager.using(self.using).filter(pk=pk).first()
        if user is None:
            return None
        name = user.get_username()
        name = f"author-{pk}" if "@" in name else name
        self.users[name] = {key: getattr(user, key) for key in ATTRIBUTES if hasattr(user, key)}
        return [name]

    def row(self, model, name):
        """Return the primary key of the row with that name, a list; it is made, if need be."""
        key = model, *name
        if key not in self._rows:
            find = self._user if model is get_user_model() else self._row
            self._rows[key] = find(model, name)
        return self._rows[key]

    def _row(self, model, name):
        values = dict(zip(NAMES[model], name, strict=True))
        found = self.find(model, values)
        if found is None and model is Permission:
            codename, *of = name
            content_type = self.row(ContentType, of)
            values = {"codename": codename, "name": codename, "content_type_id": content_type}
        if found is None:
            found = model._base_manager.create(**values).pk
        return found

    def find(self, model, values):
        """Return the primary key of the row with these values here, or None."""
        return model._base_manager.filter(**values).values_list("pk", flat=True).first()

    def _user(self, model, name):
        users, (name,) = model._base_manager.all(), name
        found = users.filter(**{model.USERNAME_FIELD: name}).first()
        if found is None and (number := ANONYMOUS.fullmatch(name)):
            there = users.filter(pk=number[1], **{f"{model.USERNAME_FIELD}__contains": "@"})
            found = there.first()
        if found is None:
            found = model(**{model.USERNAME_FIELD: name}, **self.users.get(name, {}))
            found.is_active = False
            found.set_unusable_password()
            found.save()
        return found.pk
