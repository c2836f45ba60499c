"""What every site answers in its own name, and the choice of a site in the admin."""

import re

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from mezzanine.core import views as mezzanine
from mezzanine.utils.urls import next_url

from .current import own_url
from .environment import rehearsal
from .hosts import hosts
from .permissions import sites_of


def robots(request):
    """Show robots the site map of the site that they ask; keep them out of all but the live one."""
    closed = settings.DEBUG or rehearsal()
    rule = "Disallow: /" if closed else f"Disallow: {reverse('admin:index')}"
    sitemap = own_url(request, "/sitemap.xml")
    return HttpResponse(f"User-agent: *\n{rule}\n\nSitemap: {sitemap}\n", content_type="text/plain")


def edit(request):
    """Answer 404, not 500, when what is edited in place is not of the site that is shown by now."""
    try:
        return mezzanine.edit(request)
    except ObjectDoesNotExist:
        raise Http404 from None


@staff_member_required
@require_POST
def set_site(request):
    """Let staff work on another of their sites, until they choose again or log out.

    They come back to where they were, or to its list if that was one thing of the site before.
    """
    site_id = chosen(request.POST.get("site_id", ""))
    if site_id is None:
        return HttpResponseBadRequest("There is no such site\n", "text/plain")
    if not sites_of(request.user).filter(pk=site_id).exists():
        raise PermissionDenied
    request.session["site_id"] = site_id
    index = reverse("admin:index")
    path = next_url(request) or index
    return redirect(re.sub(rf"^({index}\w+/\w+/)\d+/.*", r"\1", path))


def chosen(value):
    """Return the ID of a site, an int, from an ID, a domain or an alias, or None."""
    if re.fullmatch("[0-9]{1,9}", value):
        return int(value)
    try:
        return hosts.find(value)
    except UnicodeError:
        return None
