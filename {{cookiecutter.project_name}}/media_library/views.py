"""The views of the media library; each asks for a permission, and takes what is right alone."""

import logging
import posixpath
from functools import wraps
from itertools import chain

from django.contrib import admin, messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.paginator import Paginator
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin

from . import library, settings, thumbnails
from .paths import Refused, bare, folder, is_of_site, new_name

logger = logging.getLogger(__name__)

DENIED = {
    "view": gettext_lazy("You may not see the media library."),
    "add": gettext_lazy("You may not add files to the media library."),
    "change": gettext_lazy("You may not change files of the media library."),
    "delete": gettext_lazy("You may not delete files of the media library."),
}


def has_permission(user, act):
    return user.has_perm(f"staff.{act}_mediafile")


def asks(act, *methods, caches=never_cache):
    """Let a view be asked by these methods, of staff that have the permission for the act."""

    def decorate(view):
        @wraps(view)
        @caches
        @staff_member_required
        @xframe_options_sameorigin  # a form opens the media library in a frame
        def guard(request):
            try:
                require(request, act, methods)
                return view(request)
            except Refused as refused:
                response = refusal(request, refused)
                if refused.status == 405:
                    response["Allow"] = ", ".join(methods)
                return response
            except ConnectionError as error:  # the storage of uploads is on another machine
                words = _("The files cannot be reached just now; try again later.")
                logger.error("The storage of uploads: %s", error)
                return refusal(request, Refused(words, 503))

        guard.act = act
        return guard

    return decorate


def require(request, act, methods):
    if not has_permission(request.user, act):
        raise Refused(f"{DENIED[act]} " + _("A superuser can change that."), 403)
    if request.method not in methods:
        raise Refused(_("This does not work by a link."), 405)


def refusal(request, refused):
    """Return what the user is told: a page for a browser, JSON for a script."""
    if wants_page(request):
        context = {"title": _("Media Library"), "words": refused.words}
        return page(request, "refused", context, refused.status)
    return JsonResponse({"error": str(refused.words)}, status=refused.status)


def page(request, name, context, status=200):
    context = admin.site.each_context(request) | context
    return render(request, f"media_library/{name}.html", context, status=status)


def wants_page(request):
    return request.get_preferred_type(["application/json", "text/html"]) == "text/html"


# Looking


@asks("view", "GET", "HEAD")
def browse(request):
    """Show a folder, or what is found in it; for a form, what may be chosen there."""
    place, is_popup = folder(request.GET.get("dir", "")), "_popup" in request.GET
    if not library.is_folder(place):
        if not is_popup:  # a form may begin in a folder that will be there with its first file
            messages.error(request, _("There is no such folder: %s") % request.GET["dir"])
        return redirect(address("", request))
    words = request.GET.get("q", "").strip()
    found = library.search(place, words) if words else library.entries(place)
    if request.GET.get("type") in settings.SELECT_FORMATS:
        types = (library.FOLDER, *settings.SELECT_FORMATS[request.GET["type"]])
        found = [entry for entry in found if entry.type in types]
    if request.GET.get("o") != "name":
        found.sort(key=when, reverse=True)
    pages = Paginator(found, settings.LIST_PER_PAGE)
    current = request.GET.get("dir", "")
    context = {
        "title": _("Media Library"),
        "is_popup": is_popup,
        "page": pages.get_page(request.GET.get("p")),
        "above": above(current),
        "current": current,
        "words": words,
        "limit": settings.MAX_UPLOAD_SIZE,
        # An iPhone then sends a JPEG, and not the HEIC that hardly a browser shows.
        "accept": ",".join(
            filter(library.takes, chain.from_iterable(settings.EXTENSIONS.values()))
        ),
    }
    return page(request, "browse", context)


def when(entry):
    """Return what sorts folders before files, and of these the newest first, when reversed."""
    return (1, 0) if entry.is_folder else (0, entry.modified.timestamp())


def above(value):
    """Return (name, folder) of all folders on the way to "one/two"."""
    parts = value.split("/") if value else []
    return [(name, "/".join(parts[: at + 1])) for at, name in enumerate(parts)]


def address(value, request):
    """Return the address of a folder, which goes on with what a form has asked for."""
    query = {name: request.GET[name] for name in ("_popup", "type") if name in request.GET}
    return reverse("fb_browse", query=({"dir": value} if value else {}) | query)


@asks("view", "GET", "HEAD")
def show(request):
    """Show one file or folder, with forms to rename and to delete it."""
    entry = asked_entry(request)
    return page_of(request, entry)


def page_of(request, entry, error="", status=200):
    context = {"title": entry.name, "entry": entry, "error": error}
    return page(request, "file", context, status)


@asks("view", "GET", "HEAD", caches=cache_control(private=True, max_age=3600))
def thumbnail(request):
    """Lead to a small picture of a picture, which is made when it is asked for the first time."""
    path = request.GET.get("path", "")
    if not is_of_site(path) or library.type_of(path) != "Image":
        raise Refused(_("There is no picture of this name: %s") % ascii(path), 404)
    return redirect(thumbnails.small(path))


def asked_folder(request):
    """Return the folder in the address; Refused unless it is there."""
    value = request.GET.get("dir", "")
    return existing(value)


def existing(value):
    place = folder(value)
    if not library.is_folder(place):
        raise Refused(_("There is no such folder: %s") % value, 404)
    return place


def asked_entry(request):
    """Return the Entry that the address names; Refused unless it is there, inside of the site's."""
    name = bare(request.GET.get("filename", ""))
    folder(posixpath.join(request.GET.get("dir", ""), name))
    return library.find(asked_folder(request), name)


# Changing


@asks("add", "POST")
def upload(request):
    """Store what is uploaded; answer a script with what it is called now, a browser with a page."""
    place = existing(request.POST.get("folder", ""))
    files, replace = request.FILES.getlist("Filedata"), bool(request.POST.get("replace"))
    if not files:
        raise Refused(_("Choose a file to upload."))
    for file in files:
        check(request.user, posixpath.join(place, new_name(file.name)), file, replace)
    stored = [library.store(place, file, replace) for file in files]
    if not wants_page(request):
        return JsonResponse(stored[-1].as_json())
    for entry in stored:
        messages.success(request, _("%s is in the media library.") % entry.name)
    return redirect(address(request.POST.get("folder", ""), request))


def check(user, path, file, replace):
    """Raise Refused for what is too large, has a type that is not taken, or may not be replaced."""
    name, suffix = posixpath.basename(path), posixpath.splitext(path)[1]
    if file.size > settings.MAX_UPLOAD_SIZE:
        words = _("%(name)s is larger than %(limit)s.")
        limit = filesizeformat(settings.MAX_UPLOAD_SIZE)
        raise Refused(words % {"name": name, "limit": limit}, 413)
    if not library.takes(suffix):
        words = _("Files of this type are not taken: %s")
        if library.type_of(name) == "Image":
            words = _("Pictures of this type are not taken; save it as JPEG or PNG: %s")
        raise Refused(words % name)
    if library.is_folder(path):
        raise Refused(_("There is a folder of this name: %s") % name)
    if replace and not has_permission(user, "change"):
        raise Refused(DENIED["change"], 403)


@asks("add", "POST")
def make_folder(request):
    place, name = asked_folder(request), request.POST.get("name", "").strip()
    path = free(place, name)
    library.make_folder(path)
    messages.success(request, _("The folder %s was made.") % posixpath.basename(path))
    return redirect(address(posixpath.join(request.GET.get("dir", ""), new_name(name)), request))


def free(place, name, suffix=""):
    """Return the path for a new name in a folder; Refused if it cannot be had."""
    name = new_name(bare(name) + suffix)
    path = posixpath.join(place, name)
    if library.exists(path):
        raise Refused(_("There is a file or folder of this name: %s") % name)
    return path


@asks("change", "POST")
def rename(request):
    entry = asked_entry(request)
    suffix = "" if entry.is_folder else posixpath.splitext(entry.name)[1]
    try:
        path = free(asked_folder(request), request.POST.get("name", "").strip(), suffix)
    except Refused as refused:
        return page_of(request, entry, refused.words, refused.status)
    library.move(entry, path)
    words = _("%(old)s is called %(new)s now.")
    messages.success(request, words % {"old": entry.name, "new": posixpath.basename(path)})
    return redirect(address(entry.folder, request))


@asks("delete", "POST")
def delete(request):
    entry = asked_entry(request)
    library.remove(entry)
    messages.success(request, _("%s was deleted.") % entry.name)
    return redirect(address(entry.folder, request))
