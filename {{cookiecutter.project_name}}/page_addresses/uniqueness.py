"""Pages, posts and categories of a site each have an address of their own, or the form says so."""

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.translation import gettext as _
from mezzanine.core.models import Slugged
from mezzanine.pages.models import Link, Page
from mezzanine.utils.models import base_concrete_model
from mezzanine.utils.sites import current_site_id

from .tree import is_bound, is_link, line, moves, pages_of


def validate_unique(thing, exclude=None):
    """Refuse what has the address of another; the names of fields that the form lacks come along.

    Where no address was typed, Mezzanine makes one that no other has.
    """
    super(Slugged, thing).validate_unique(exclude=exclude)
    site_id = thing.site_id or current_site_id()
    wait_for_others(site_id)
    if isinstance(thing, Page):
        validate_page(thing, site_id, exclude or ())
    elif thing.slug and "slug" not in (exclude or ()):
        if not can_be_asked_for(thing):
            text = _("No page can have an address with “%(address)s”. Type another one, or none.")
            raise ValidationError({"slug": text % {"address": thing.slug}})
        model = base_concrete_model(Slugged, thing)
        others = model._base_manager.filter(site_id=site_id, slug=thing.slug).exclude(pk=thing.pk)
        if other := others.first():
            raise ValidationError({"slug": has_already(other, thing.slug)})


def can_be_asked_for(thing):
    """Return whether the slug of a thing makes an address, if its kind has addresses at all."""
    try:
        thing.get_absolute_url()
    except NoReverseMatch:
        return False
    except (AttributeError, NotImplementedError):  # Displayable's: it has no address
        return True
    return thing.slug not in (".", "..")


def wait_for_others(site_id):
    """Let whoever saves on the site at the same moment be done first, if this is a transaction.

    The admin's forms are. Otherwise two would find that an address is free, and both take it.
    """
    if connection.in_atomic_block:
        Site.objects.select_for_update(no_key=True).filter(pk=site_id).first()


def validate_page(page, site_id, exclude):
    if "parent" not in exclude:
        try:
            validate_parent(page, page.parent, site_id)
        except ValidationError as error:
            raise ValidationError({"parent": error.messages}) from None
    if "slug" not in exclude:
        if message := what_is_wrong(page, site_id):
            raise ValidationError({"slug": message})


def validate_parent(page, parent, site_id):
    """Refuse a parent of another site, and one that is the page itself or below it."""
    if parent and parent.site_id != site_id:
        raise ValidationError(_("There is no such page on this site."))
    if parent and page.pk in {each.pk for each in line(parent)}:
        raise ValidationError(_("A page cannot be below itself, or below a page that is."))


def what_is_wrong(page, site_id):
    """Return a message about the address that a page would have, or those below it, or None."""
    pages = pages_of(site_id)
    before = pages.get(page.pk)
    if isinstance(page, Link):  # it may lead to any address
        return clash(before, page.slug, page.parent, pages) if before else None
    slug = page.slug or page.generate_unique_slug()
    if before and before.slug == slug and is_bound(before):
        return None  # the form hides it
    if before is None or before.slug != slug:
        for prefix, owner in reserved().items():
            if f"{get_script_prefix()}{slug}/".startswith(prefix):
                return _("%(address)s is an address of %(owner)s. Type another one.") % {
                    "address": prefix,
                    "owner": owner,
                }
    return clash(before or page, slug, page.parent, pages)


def clash(page, slug, parent, pages):
    """Return a message where a page of that slug and parent, or one below it, gets the address of
    another page of the site, else None."""
    changed = [
        (each, new)
        for each, new in moves(page, slug, parent, pages)
        if not is_link(each) and (each is page or new != each.slug)
    ]
    stay = pages.keys() - {each.pk for each, new in changed}
    taken = {pages[pk].slug: pages[pk] for pk in stay if not is_link(pages[pk])}
    for each, new in changed:
        if new in taken:
            return has_already(taken[new], new, None if each is page else each)
        taken[new] = each
    return None


def has_already(thing, slug, below=None):
    values = {"title": thing.title, "address": slug, "below": below and below.title}
    if below:
        text = _("“%(below)s” would move along to “%(address)s”, which “%(title)s” has already.")
    else:
        text = _("“%(title)s” has the address “%(address)s” already.")
    return text % values


def reserved():
    """Return who answers at the addresses that begin so, where no page is ever shown, by path."""
    return {
        reverse("admin:index"): _("the admin"),
        settings.STATIC_URL: _("the files of the site"),
        settings.MEDIA_URL: _("the media library"),
    }


def install():
    Slugged.validate_unique = validate_unique
