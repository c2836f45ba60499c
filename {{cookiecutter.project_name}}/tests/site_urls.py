"""URLs that tell which site is seen there, before those of the project."""

import asyncio

from asgiref.sync import sync_to_async
from django.contrib.sites.models import Site
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.test import Client
from django.urls import include, path
from mezzanine.pages.views import page
from mezzanine.utils.sites import current_site_id


def site_at(host, url="/shown/", **options):
    return Client(HTTP_HOST=host, raise_request_exception=False, **options).get(url)


def shown(request):
    return HttpResponse(f"{current_site_id()} {request.site_id} {request.site_source}")


def streamed(request):
    return StreamingHttpResponse(f"{current_site_id()} " for _ in range(3))


async def shown_by_a_coroutine(request):
    await asyncio.sleep(0)
    site_id = await sync_to_async(current_site_id)()
    return HttpResponse(f"{site_id} {current_site_id()} {get_current_site(request).domain}")


def tweets(request):
    return render(request, "twitter/tweets.html")


def of_a_removed_site(request):
    return HttpResponse(Site.objects.get(id=-1))


urlpatterns = [
    path("shown/", shown),
    path("streamed/", streamed),
    path("async/", shown_by_a_coroutine),
    path("removed/", of_a_removed_site),
    path("tweets/", tweets),
    path("", page, {"slug": "/"}),
    path("", include("project_urls")),
]

handler400 = "theme.views.bad_request"
handler403 = "theme.views.permission_denied"
handler404 = "page_cache.missing.page_not_found"
