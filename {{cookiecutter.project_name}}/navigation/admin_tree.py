"""The tree of pages in the admin: of a large site, a level is asked for when it is opened."""

import re

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from mezzanine.pages.admin import PageAdmin
from mezzanine.pages.models import Page

changelist_view = PageAdmin.changelist_view


def level_or_list(model_admin, request, extra_context=None):
    """Show the pages below ?branch=12, or 0 for the top, from ?from=100 on; or the whole view."""
    if "branch" not in request.GET:
        return changelist_view(model_admin, request, extra_context)
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    numbers = [request.GET.get(name, "0") for name in ("branch", "from")]
    if not all(re.fullmatch("[0-9]{1,9}", number) for number in numbers):
        raise Http404
    branch, start = map(int, numbers)
    parent = get_object_or_404(Page, pk=branch) if branch else None
    if parent:
        parent.branch_level = int(parent.parent_id is not None)
    models = model_admin.get_content_models()
    context = {"parent": parent, "branch_from": start, "content_models": models}
    return render(request, "navigation/admin_branch.html", context)


PageAdmin.changelist_view = level_or_list
