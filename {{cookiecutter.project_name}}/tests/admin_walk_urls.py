"""The addresses of the project; what is refused or not there is told in a word, which is quick."""

from django.http import HttpResponseForbidden, HttpResponseNotFound
from project_urls import urlpatterns

__all__ = ["urlpatterns"]


def handler403(request, exception):
    return HttpResponseForbidden("403")


def handler404(request, exception):
    return HttpResponseNotFound("404")
