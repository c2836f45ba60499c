"""Polling and showing tweets, as cron and templates do."""

import io
from datetime import datetime, timedelta
from types import SimpleNamespace

from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from mezzanine.conf.models import Setting

EXAMPLE = "1000000000000000001"  # the user example_org of the small X


def configure(site=None, **values):
    """Store settings of a site, as its page in the admin does."""
    for name, value in values.items():
        key = {"site": site or Site.objects.get(), "name": f"TWITTER_{name}"}
        Setting._base_manager.update_or_create(**key, defaults={"value": value})


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


def shown(tag, **variables):
    """Return the tweets that a tag gives to a template."""
    context = Context(variables)
    Template("{% load twitter_tags %}{% " + tag + " as tweets %}").render(context)
    return context["tweets"]


def polled(tag, *arguments):
    """Return the tweets of a tag after the poll that asks for them."""
    shown(tag)
    result = poll(*arguments)
    assert (result.status, result.err) == (0, "")
    return shown(tag)


class Clock(datetime):
    """The clock of django.utils.timezone, which the tests set."""

    moment = None

    @classmethod
    def now(cls, tz=None):
        return cls.moment


def pass_time(**duration):
    Clock.moment += timedelta(**duration)


def statements(call, *arguments):
    """Return what the call returns, and the statements that it sends to the database."""
    with CaptureQueriesContext(connection) as captured:
        result = call(*arguments)
    every = [query["sql"] for query in captured]
    return result, [sql for sql in every if not sql.startswith(("SAVEPOINT", "RELEASE", "PRAGMA"))]
