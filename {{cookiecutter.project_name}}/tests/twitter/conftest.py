"""A site with the keys of an app of X, and the small X that knows them."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sites.models import Site
from fake_x import BEARER, FakeX
from polls import Clock, configure


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    """Let every test begin at noon, tomorrow; pass_time() goes on from there."""
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    Clock.moment = today + timedelta(days=1)
    monkeypatch.setattr("django.utils.timezone.datetime", Clock)


@pytest.fixture(autouse=True)
def no_request(monkeypatch):
    """Mezzanine remembers the last request of the thread, of another test and its site."""
    monkeypatch.setattr("mezzanine.core.request._thread_local", threading.local())


@pytest.fixture
def x(settings, mezzanines_defaults):
    server = FakeX()
    server.clock = lambda: Clock.moment.timestamp()
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
