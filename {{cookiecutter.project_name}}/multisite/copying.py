"""What a new site takes over from another: its settings and pages, and nothing of its visitors."""

from mezzanine.conf.models import Setting
from mezzanine.pages.models import Page


def copy_content(source, target):
    """Copy the settings and the tree of pages of the site with the ID source to the ID target."""
    for setting in Setting._base_manager.filter(site_id=source):
        copy(setting, site_id=target)
    copy_pages(source, target)


def copy_pages(source, target, old_parent=None, parent=None):
    """Copy the pages below a parent with all below them, with fields, pictures and sections."""
    pages = Page._base_manager.filter(site_id=source, parent=old_parent)
    for page in pages.order_by("_order"):
        content = page.get_content_model()
        parts = {"form": getattr(content, "fields", None)}
        parts |= {"gallery": getattr(content, "images", None)}
        parts |= {"page": getattr(content, "sections", None)}
        parts = {owner: list(manager.all()) for owner, manager in parts.items() if manager}
        new = copy(content, site_id=target, parent=parent, short_url=None)
        for owner, rows in parts.items():
            for row in rows:
                copy(row, **{owner: new})
        copy_pages(source, target, page, new.page_ptr if hasattr(new, "page_ptr") else new)


def copy(row, **changes):
    """Save the row again as a new one with these changes, and return it.

    https://docs.djangoproject.com/en/5.2/topics/db/queries/#copying-model-instances
    """
    row.pk = row.id = None
    row._state.adding = True
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    return row
