"""Faults of Django with what a visitor may send."""

import pytest
from django.core.handlers.wsgi import WSGIRequest


def test_a_request_cannot_be_made_that_claims_to_be_hex(rf):
    environ = rf.get("/?q=x").environ | {"CONTENT_TYPE": "text/plain; charset=hex"}
    with pytest.raises(LookupError):
        WSGIRequest(environ)
