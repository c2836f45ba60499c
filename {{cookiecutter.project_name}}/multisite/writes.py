"""Mezzanine's writes for visitors, made narrow: they undo nothing that an editor saves meanwhile.

Mezzanine reads a row, changes a column or two, and saves the whole row, on which an editor may have
saved a new text since. Here its own columns are written and no others, and by a GET none.
"""

import logging
import warnings
from contextlib import contextmanager
from functools import partial, wraps

from django.conf import settings
from django.db import router, transaction

logger = logging.getLogger(__name__)


def owner(instance, names):
    """Return the row with those columns, which may be of a parent's table, as a QuerySet."""
    model = instance._meta.get_field(names[0]).model
    rows = model._base_manager.using(router.db_for_write(model, instance=instance))
    return rows.filter(pk=getattr(instance, model._meta.pk.attname))


def write(instance, names, *args, **kwargs):
    """Write those columns of an instance in place of save(); a row that is gone stays gone.

    Of many keywords as one text, the end is left out for which there is no room.
    """
    for name in names:
        if (longest := instance._meta.get_field(name).max_length) is not None:
            setattr(instance, name, getattr(instance, name)[:longest])
    owner(instance, names).update(**{name: getattr(instance, name) for name in names})


@contextmanager
def saved_by(instance, save):
    """Let instance.save() be that function."""
    instance.save = save
    try:
        yield
    finally:
        del instance.save


def narrow(related_items_changed):
    """Let comments, ratings and keywords be counted, or listed, into columns of their own.

    Under a lock, since two visitors at once would otherwise count what the other has not sent yet.
    """

    @wraps(related_items_changed)
    def narrowed(field, instance, related_manager):
        names = [name.replace("%s", field.related_field_name) for name in field.fields]
        if not names or "save" in vars(instance):  # called by a subclass, which is narrowed itself
            return related_items_changed(field, instance, related_manager)
        rows = owner(instance, names)
        with transaction.atomic(using=rows.db), saved_by(instance, partial(write, instance, names)):
            list(rows.select_for_update().values_list("pk"))
            return related_items_changed(field, instance, related_manager)

    return narrowed


def subclasses(cls):
    for subclass in cls.__subclasses__():
        yield from (subclass, *subclasses(subclass))


def set_short_url(instance):
    """Set short_url for the template that shows it; it is stored once, if bit.ly has made one.

    In place of Displayable.set_short_url(), which saves the row at each view without bit.ly.
    """
    from mezzanine.core.models import SHORT_URL_UNSET

    if instance.short_url in (None, "", SHORT_URL_UNSET):
        try:
            instance.short_url = instance.generate_short_url()
        except (KeyError, OSError, TypeError, ValueError) as error:
            logger.warning("No short URL: %s", error)
            instance.short_url = SHORT_URL_UNSET
        if instance.short_url != SHORT_URL_UNSET:
            write(instance, ["short_url"])
    if instance.short_url == SHORT_URL_UNSET:
        instance.short_url = instance.get_absolute_url_with_host()


def reading(load):
    """Let a request read the admin's settings without deleting those that no code registers.

    In place of Settings._load(). Staff would lose the settings of an app that is left out for a
    while, or of the next release, by a visit to the other. Commands delete them, as in Mezzanine.
    """
    from mezzanine.conf import registry
    from mezzanine.conf.models import Setting
    from mezzanine.core.request import current_request

    from page_cache import shared

    def stored():
        return [(row.name, row.value) for row in Setting.objects.all()]

    @wraps(load)
    def read(conf):
        request = current_request()
        if request is None:
            return load(conf)
        rows = shared.once(request, "settings", stored) if shared.is_possible(request) else stored()
        rows = [row for row in rows if row[0] in registry]
        values = {name: conf._to_python(registry[name], value) for name, value in rows}
        unused = [name for name in values if hasattr(settings, name)]
        changed = [name for name in unused if values[name] != registry[name]["default"]]
        if changed:
            found = f"These settings are defined in both settings.py and the database: {changed}"
            warnings.warn(found, stacklevel=2)
        return {name: value for name, value in values.items() if name not in unused}

    return read


def save_profile(save):
    """Let members who change their profile write what is in its form, not whether they are active.

    In place of ProfileForm.save(): staff may be closing the account at the same moment.
    """

    @wraps(save)
    def saved(form, *args, **kwargs):
        user = form.instance
        if user.pk is None:
            return save(form, *args, **kwargs)
        columns = {field.name for field in user._meta.concrete_fields}
        names = ["password"] if form.cleaned_data.get("password1") else []
        names += [name for name in form._meta.fields if name in columns and name in form.fields]
        with saved_by(user, partial(user.save, update_fields=names)):
            return save(form, *args, **kwargs)

    return saved


def install():
    from mezzanine.accounts.forms import ProfileForm
    from mezzanine.conf import Settings
    from mezzanine.core.models import Displayable
    from mezzanine.generic.fields import BaseGenericRelation

    Settings._load = reading(Settings._load)
    Displayable.set_short_url = set_short_url
    ProfileForm.save = save_profile(ProfileForm.save)
    for field in subclasses(BaseGenericRelation):
        if "related_items_changed" in vars(field):
            field.related_items_changed = narrow(field.related_items_changed)
