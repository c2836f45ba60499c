"""URLs in several languages, and one that has the same address in all."""

from django.conf.urls.i18n import i18n_patterns
from django.http import HttpResponse
from django.urls import path


def shown(request):
    return HttpResponse()


own = path("shown/", shown, name="shown")
urlpatterns = [
    path("same/", shown, name="same"),
    *i18n_patterns(own),
]
