"""What every site answers in its own name, and the choice of a site in the admin."""

import re

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from mezzanine.utils.urls import next_url

from .permissions import sites_of


def robots(request):
    """Show robots the site map of the site that they asked; keep them out while DEBUG."""
    rule = "Disallow: /" if settings.DEBUG else f"Disallow: {reverse('admin:index')}"
    sitemap = request.build_absolute_uri("/sitemap.xml")
    return HttpResponse(f"User-agent: *\n{rule}\n\nSitemap: {sitemap}\n", content_type="text/plain")


@staff_member_required
@require_POST
def set_site(request):
    """Let staff work on another of their sites, until they choose again or log out.

    They come back to where they were, or to its list if that was one thing of the site before.
    """
    site_id = request.POST.get("site_id", "")
    if not re.fullmatch("[0-9]{1,9}", site_id):
        return HttpResponseBadRequest("site_id must be the ID of a site\n", "text/plain")
    if not sites_of(request.user).filter(pk=site_id).exists():
        raise PermissionDenied
    request.session["site_id"] = int(site_id)
    index = reverse("admin:index")
    path = next_url(request) or index
    return redirect(re.sub(rf"^({index}\w+/\w+/)\d+/.*", r"\1", path))
