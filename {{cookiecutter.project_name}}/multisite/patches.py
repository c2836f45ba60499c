"""What is changed of Mezzanine itself, beside page_cache/queries.py and writes.py."""

from mezzanine.core.managers import PublishedManager
from mezzanine.pages.fields import MenusField

published = PublishedManager.published
deconstruct = MenusField.deconstruct


def published_here(manager, for_user=None):
    """Keep drafts from staff of other sites; Mezzanine shows them to any."""
    # Said by the middleware of the user who asks, and of no other.
    may_see = getattr(for_user, "has_site_permission", True)
    return published(manager, for_user if may_see else None)


def without_settings(field):
    """Leave the menus of PAGE_MENU_TEMPLATES out of migrations; there they differ at each look."""
    name, path, args, kwargs = deconstruct(field)
    if not field._overridden_choices:
        kwargs.pop("choices", None)
    return name, path, args, kwargs


def install():
    MenusField.deconstruct = without_settings
    PublishedManager.published = published_here
