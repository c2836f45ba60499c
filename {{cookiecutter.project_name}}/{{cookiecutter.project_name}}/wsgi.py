"""WSGI entry point, for gunicorn."""

import codecs
import os
from pathlib import Path

import django
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{Path(__file__).parent.name}.settings")


class Request(WSGIRequest):
    """A request that is read as UTF-8, whatever it claims to be; .is_utf_8 says what it claims.

    Django takes any encoding of Python's, such as hex, which is none of texts: then it can make no
    request at all, and nobody gets to answer it. UnicodeMiddleware answers 400.
    """

    def _set_content_type_params(self, meta):
        try:
            super()._set_content_type_params(meta)
        # hex; what cannot be an encoding, or a parameter; idna, which Django takes for many fields
        except (LookupError, ValueError, SuspiciousOperation):
            self.content_type, self.content_params, self.is_utf_8 = "", {}, False
        else:
            self.is_utf_8 = codecs.lookup(self.encoding or "utf-8").name == "utf-8"
        self._encoding = None  # not .encoding, which reads the query at once


class Handler(WSGIHandler):
    request_class = Request

    def __call__(self, environ, start_response):
        return super().__call__(environ, start_response)

    # Python has room for calls in pieces of 16 kB. It asks the system for one, and gives it back,
    # as often as a call crosses the end of the last: for some templates, hundreds of times a page.
    # With a frame of so many words comes a piece of 512 kB: half is for the calls of a request.
    # https://github.com/python/cpython/issues/142183
    __call__.__code__ = __call__.__code__.replace(co_stacksize=2**15 + 2**8)


django.setup(set_prefix=False)
application = Handler()
