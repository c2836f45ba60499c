"""Old addresses of what has one and is no page: blog posts, categories, and models of one's own.

Pages have their own way in saving.py, since those below follow them.
"""

from django.conf import settings
from django.db.models.signals import post_save, pre_save
from django.urls import NoReverseMatch
from django.utils import translation
from django.utils.encoding import uri_to_iri
from mezzanine.core.models import CONTENT_STATUS_PUBLISHED, Slugged
from mezzanine.pages.models import Page

from .redirects import lead_paths


def addresses(thing):
    """Return the path of a thing in each language, a dict, or {} for what visitors do not see."""
    found = {}
    if getattr(thing, "status", CONTENT_STATUS_PUBLISHED) != CONTENT_STATUS_PUBLISHED:
        return found
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            try:
                found[language] = uri_to_iri(thing.get_absolute_url())
            except (AttributeError, NoReverseMatch):  # it has none
                continue
    return found


def is_concerned(sender, raw):
    return issubclass(sender, Slugged) and not issubclass(sender, Page) and not raw


def before(sender, instance, raw, update_fields, **kwargs):
    """Remember the addresses that a thing has, before one of them may change."""
    if is_concerned(sender, raw) and hasattr(sender, "get_absolute_url") and instance.pk:
        if update_fields is None or {"slug", "publish_date"} & set(update_fields):
            stored = sender._base_manager.filter(pk=instance.pk).first()
            instance._addresses_before = addresses(stored) if stored else {}


def after(sender, instance, raw, **kwargs):
    """Let the old addresses lead to the new ones."""
    old = instance.__dict__.pop("_addresses_before", None)
    if old:
        new = addresses(instance)
        lead_paths(instance.site_id, {old[key]: new[key] for key in old.keys() & new.keys()})


def install():
    pre_save.connect(before, dispatch_uid="page_addresses.posts")
    post_save.connect(after, dispatch_uid="page_addresses.posts")
