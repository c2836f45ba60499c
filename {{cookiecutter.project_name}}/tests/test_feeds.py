"""Tweets: from X, by the command that cron runs, into the pages."""

import io
import threading
from types import SimpleNamespace

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.template import Context, Template
from fake_x import BEARER, FakeX
from mezzanine.conf.models import Setting

from feeds.models import Feed, Post


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


def configure(site=None, **values):
    """Store settings of a site, as its page in the admin would."""
    site = site or Site.objects.get()
    for name, value in values.items():
        key = {"site": site, "name": f"TWITTER_{name}"}
        Setting._base_manager.update_or_create(**key, defaults={"value": value})


@pytest.fixture
def site(db, x):
    """The first site, with the keys of an app of X."""
    configure(BEARER_TOKEN=BEARER)
    return Site.objects.get()


def poll(*arguments, **options):
    """Run the command as cron does; return its .status, .out and .err."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    try:
        call_command("poll_twitter", *arguments, stdout=out, stderr=err, **options)
    except SystemExit as stopped:
        status = stopped.code
    except CommandError as error:
        status, _ = error.returncode, err.write(str(error))
    return SimpleNamespace(status=status, out=out.getvalue(), err=err.getvalue())


def show(source, **variables):
    return Template("{% load twitter_tags %}" + source).render(Context(variables))


def shown(tag):
    """Return the tweets that a tag gives to a template."""
    found = Context()
    Template("{% load twitter_tags %}{% " + tag + " as tweets %}").render(found)
    return found["tweets"]


def test_a_feed_that_a_page_shows_is_there_after_the_next_poll(site, x):
    assert shown('tweets_for_user "example_org" 5') == []
    assert poll().status == 0
    assert [tweet.user_name for tweet in shown('tweets_for_user "example_org" 5')] == [
        "example_org",
        "example_org",
        "example_org",
        "ada_example",
        "example_org",
    ]
    assert x.paths() == ["users/by/username/example_org", "users/1000000000000000001/tweets"]
