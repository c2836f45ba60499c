"""Middleware of the project."""

from django.http import HttpResponseBadRequest
from django.utils.datastructures import MultiValueDictKeyError
from django.utils.deprecation import MiddlewareMixin


class MissingParameterMiddleware(MiddlewareMixin):
    """Answer 400, not 500, when a view asks for a parameter that the visitor left out.

    Several of Mezzanine's views take request.POST["id"] and the like for granted.
    """

    def process_exception(self, request, exception):
        if isinstance(exception, MultiValueDictKeyError):
            return HttpResponseBadRequest(f"Missing parameter: {exception}", "text/plain")
        return None
