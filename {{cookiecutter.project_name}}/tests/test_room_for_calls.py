"""Calls of Python functions cost as much wherever they are in a request: see wsgi.py."""

from importlib import import_module

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse

resource = pytest.importorskip("resource")


def page_faults(depth):
    """Return how many pages of memory a thousand calls take anew, so many calls below this one."""
    if depth:
        return page_faults(depth - 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(1000):
        leaf(1, 2, 3)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def leaf(a, b, c):
    return a, b, c


@pytest.mark.django_db
def test_there_is_room_for_all_calls_of_a_request(rf, monkeypatch):
    monkeypatch.setattr(connection, "close", lambda: None)  # as it would after each request
    found = []

    class Handler(import_module(f"{settings.PROJECT_APP}.wsgi").Handler):
        def get_response(self, request):
            found.extend(page_faults(depth) for depth in range(300))
            return HttpResponse()

    Handler()(rf.get("/").environ, lambda status, headers: None)
    assert max(found) < 500  # elsewhere there is a depth with a thousand
