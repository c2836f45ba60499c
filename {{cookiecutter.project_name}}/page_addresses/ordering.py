"""The tree of pages in the admin, in which staff drag them."""

import re

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.http import HttpResponse
from django.utils.translation import gettext as _
from mezzanine.pages.models import Page, PageMoveException
from mezzanine.utils.sites import current_site_id

from .tree import moved, pages_of, prefix
from .uniqueness import clash, validate_parent

TOP = ("", "null")


def order_pages(request):
    """Put a page below another, in that order among those there: all of it, or nothing.

    In place of Mezzanine's view. Its script shows the tree anew, with the message, where the answer
    is not "ok". Page.DoesNotExist where one of the two is not on this site.
    """
    try:
        with transaction.atomic():
            move(request, pages_of(current_site_id(), lock=True))
    except PageMoveException as error:
        messages.error(request, error)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        return HttpResponse("ok")
    return HttpResponse("error")


def find(value, pages):
    """Return the page of the site that the script names: page_12, or 12."""
    match = re.fullmatch(r"(?:.*_)?([0-9]{1,9})", value)
    if not match or int(match[1]) not in pages:
        raise Page.DoesNotExist
    return pages[int(match[1])]


def move(request, pages):
    page, parent_id = find(request.POST["id"], pages), request.POST["parent_id"]
    parent = None if parent_id in TOP else find(parent_id, pages)
    row = Page.objects.get(pk=page.pk)
    row.get_content_model().can_move(request, parent and Page.objects.get(pk=parent.pk))
    validate_parent(page, parent, page.site_id)
    before = page.parent_id
    after = parent and parent.pk
    order = new_order(page, after, request.POST.getlist("siblings[]"), pages)
    if before != after:
        slug = moved(page, prefix(page.parent), prefix(parent))
        if message := clash(page, slug, parent, pages):
            raise ValidationError(message)
        row.set_parent(parent)
        number([each for each in children(before, pages) if each is not page])
    number(order)


def children(parent_id, pages):
    found = [page for page in pages.values() if page.parent_id == parent_id]
    return sorted(found, key=lambda page: (page._order is None, page._order or 0))


def new_order(page, parent_id, names, pages):
    """Return the pages below a parent as they are listed, then those that a colleague has added.

    ValidationError where one is listed that is not there, or is listed twice.
    """
    others = [each for each in children(parent_id, pages) if each is not page]
    listed = []
    for name in filter(None, names):  # what has no name stands for pages that are not shown yet
        try:
            listed.append(find(name, pages))
        except Page.DoesNotExist:
            listed.append(None)
    known = {*listed}
    rest = [each for each in [*others, page] if each not in known]
    if len(known) < len(listed) or not known <= {*others, page}:
        raise ValidationError(_("The pages there have changed meanwhile. They are as you see now."))
    return listed + rest


def number(pages):
    """Store the order of pages, where it is another, by an UPDATE for all that move as far.

    Where they have never been in order, they move in many ways, and are stored one by one.
    """
    moves, changed = {}, [page for index, page in enumerate(pages) if page._order != index]
    for index, page in enumerate(pages):
        by = None if page._order is None else index - page._order
        if by != 0:
            moves.setdefault(by, []).append(page.pk)
        page._order = index
    if len(moves) > 3 or None in moves:
        Page._base_manager.bulk_update(changed, ["_order"])
    else:
        for by, keys in moves.items():
            Page._base_manager.filter(pk__in=keys).update(_order=F("_order") + by)
