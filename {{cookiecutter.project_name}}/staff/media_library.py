"""The views of filebrowser-safe's media library, each behind a permission.

A view that is not in ACTS is refused to everybody.
"""

from dataclasses import dataclass
from functools import wraps

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from filebrowser_safe import urls

from . import parameters
from .paths import Refused


@dataclass(frozen=True)
class Act:
    """What a view does: the permission for it, its methods, and what it may be asked for."""

    permission: str  # view, add, change or delete
    check: object  # a function of the request, which raises Refused
    methods: tuple = ("GET", "HEAD")
    script: bool = False  # a script asks, and shows its user no page

    def is_permitted(self, user):
        return user.has_perm(f"staff.{self.permission}_mediafile")


FORM = ("GET", "HEAD", "POST")
ACTS = {
    "fb_browse": Act("view", parameters.browse),
    "fb_check": Act("view", parameters.check_names, ("POST",), script=True),
    "fb_mkdir": Act("add", parameters.make_folder, FORM),
    "fb_upload": Act("add", parameters.open_folder),
    "fb_do_upload": Act("add", parameters.upload, ("POST",), script=True),
    "fb_rename": Act("change", parameters.rename, FORM),
    "fb_delete": Act("delete", parameters.delete, ("POST",)),
}

DENIED = {
    "view": gettext_lazy("You may not see the media library."),
    "add": gettext_lazy("You may not add files to the media library."),
    "change": gettext_lazy("You may not change files of the media library."),
    "delete": gettext_lazy("You may not delete files of the media library."),
}


def install():
    for pattern in urls.urlpatterns:
        pattern.callback = guarded(pattern.callback, ACTS.get(pattern.name))


def guarded(view, act):
    """Return the view, which does what the act allows and nothing else."""

    @wraps(view)
    @staff_member_required
    @xframe_options_sameorigin  # the editor opens the media library in a frame
    def guard(request, *args, **kwargs):
        try:
            check(request, act)
        except Refused as refused:
            return refusal(request, act, refused)
        return view(request, *args, **kwargs)

    guard.csrf_exempt = False  # the form for uploads has a token, which its script sends
    return guard


def check(request, act):
    """Raise Refused unless the user may do that, in this way, with what is asked for."""
    if act is None:
        raise Refused(_("This part of the media library is closed."), 403)
    if not act.is_permitted(request.user):
        raise Refused(f"{DENIED[act.permission]} {_('A superuser can change that.')}", 403)
    if request.method not in act.methods:
        raise Refused(_("This does not work by a link."), 405)
    act.check(request)


def refusal(request, act, refused):
    """Return what the user is told, an HttpResponse."""
    if refused.status == 302:
        messages.error(request, refused.words)
        return redirect("fb_browse")
    if act and act.script:
        messages.error(request, refused.words)  # on the page to which the script leads
        response = HttpResponse(f"{refused.words}\n", "text/plain", refused.status)
    else:
        context = {"title": _("Media Library"), "words": refused.words}
        response = render(request, "staff/refused.html", context, status=refused.status)
    if refused.status == 405:
        response["Allow"] = ", ".join(act.methods)
    return response
