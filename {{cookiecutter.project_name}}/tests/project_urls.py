"""The addresses of the project, without the languages that its README lets them begin with."""

from importlib import import_module

from django.conf import settings
from django.urls import LocalePrefixPattern

urls = import_module(f"{settings.PROJECT_APP}.urls")


def without_languages(patterns):
    for each in patterns:
        yield from each.url_patterns if isinstance(each.pattern, LocalePrefixPattern) else [each]


urlpatterns = [*without_languages(urls.urlpatterns)]
handler403 = urls.handler403
handler404 = urls.handler404
handler500 = urls.handler500
