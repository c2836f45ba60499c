"""What every site answers in its own name."""

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse


def robots(request):
    """Show robots the site map of the site that they asked; keep them out while DEBUG."""
    rule = "Disallow: /" if settings.DEBUG else f"Disallow: {reverse('admin:index')}"
    sitemap = request.build_absolute_uri("/sitemap.xml")
    return HttpResponse(f"User-agent: *\n{rule}\n\nSitemap: {sitemap}\n", content_type="text/plain")
