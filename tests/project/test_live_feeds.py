"""poll_twitter under the live settings: on PostgreSQL, as cron runs it, with a small X."""

import importlib.util
import os
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from servers import wait_until

POSTS = "SELECT count(*) FROM feeds_post"
KEYS = """
from mezzanine.conf.models import Setting
for name, value in {names}.items():
    Setting.objects.update_or_create(name="TWITTER_" + name, defaults={{"value": value}})
"""


@pytest.fixture
def x(live):
    """The small X of the project's tests, in this process; .hold() makes it keep its answers."""
    path = Path(live.path, "tests", "twitter", "fake_x.py")
    spec = importlib.util.spec_from_file_location("fake_x", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server, released = module.FakeX(), threading.Event()
    answer, server.release = server.answer, released.set

    def hold():
        server.answer = lambda *asked: released.wait(60) and answer(*asked)

    server.hold = hold
    threading.Thread(target=server.serve_forever, daemon=True).start()
    values = {"BEARER_TOKEN": module.BEARER, "DEFAULT_QUERY_TYPE": "user"}
    values |= {"DEFAULT_QUERY": "example_org", "DEFAULT_NUM_TWEETS": "5"}
    live.manage("shell", "-v0", "-c", KEYS.format(names=values))
    yield server
    released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def cron(live, x):
    """Starts the command and returns its process, a Popen."""
    environment = os.environ | {"TWITTER_API_URL": x.url}

    def start(*arguments):
        command = [live.python, "manage.py", "poll_twitter", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=live.path, env=environment, **pipes)

    yield start
    live.manage("shell", "-v0", "-c", "from feeds.models import *; Feed.objects.all().delete()")
    live.manage("shell", "-v0", "-c", "from feeds.models import *; Post.objects.all().delete()")


def ended(process):
    """Wait for the end; return what the process said and its exit status."""
    out, err = process.communicate(timeout=60)
    return SimpleNamespace(out=out, err=err, status=process.returncode)


def test_tweets_are_on_the_page_after_a_poll(cron, visitor, database):
    assert "Spring fair" not in visitor.open("/").text
    result = ended(cron())
    assert (result.status, result.out, result.err) == (0, "", "")
    assert database.sql(POSTS) == "5"
    assert "🎪🎪 Spring fair on Saturday!" in visitor.open("/").text


def test_only_one_of_two_polls_at_a_time_asks(cron, x, database):
    x.hold()
    first = cron("-v2")
    wait_until(lambda: x.requests)
    second = ended(cron("--force", "-v2"))
    assert (second.status, second.out) == (0, "Another poll is at work.\n")
    assert "Try again" in ended(cron("--purge")).err
    x.release()
    assert "5 received" in ended(first).out
    assert len(x.requests) == 2
    assert database.sql(POSTS) == "5"


def test_a_poll_that_was_killed_keeps_no_other_from_its_work(cron, x, database):
    x.hold()
    killed = cron()
    wait_until(lambda: x.requests)
    killed.kill()
    ended(killed)
    x.release()
    wait_until(lambda: "5 received" in ended(cron("-v2")).out)
    assert database.sql(POSTS) == "5"


def test_a_second_poll_of_the_same_tweets_changes_them_in_place(cron, x, database):
    ended(cron())
    x.posts["1990000000000000007"]["text"] = "Changed\x00 😀"
    result = ended(cron("--force"))
    assert (result.status, result.err) == (0, "")
    ended(cron("--purge"))
    assert ended(cron()).status == 0
    body = "SELECT body FROM feeds_post WHERE remote_id = '1990000000000000007'"
    assert (database.sql(POSTS), database.sql(body)) == ("5", "Changed\ufffd 😀")
