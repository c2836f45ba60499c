"""The addresses of the project; what is refused or not there is told in a word, which is quick."""

from importlib import import_module

from django.conf import settings
from django.http import HttpResponseForbidden, HttpResponseNotFound

urlpatterns = import_module(f"{settings.PROJECT_APP}.urls").urlpatterns


def handler403(request, exception):
    return HttpResponseForbidden("403")


def handler404(request, exception):
    return HttpResponseNotFound("404")
