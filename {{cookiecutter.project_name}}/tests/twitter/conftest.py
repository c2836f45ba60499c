"""A site with the keys of an app of X, and the small X that knows them."""

import threading

import pytest
from django.contrib.sites.models import Site
from fake_x import BEARER, FakeX
from polls import configure


@pytest.fixture
def x(settings):
    server = FakeX()
    settings.TWITTER_API_URL = server.url
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def site(db, x):
    """The first site, whose settings have a bearer token."""
    configure(BEARER_TOKEN=BEARER)
    return Site.objects.get()
