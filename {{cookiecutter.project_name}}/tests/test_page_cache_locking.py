"""When a kept page falls, one request makes it; the others wait for it or get the last one."""

import subprocess
import sys
from threading import Barrier, Event, Thread

import pytest
from django.core.cache import cache
from page_cache_views import answer

from multisite.current import current_request_is
from page_cache import generation, locking, reads
from page_cache.keys import key_of
from page_cache.middleware import PageCacheMiddleware
from page_cache.rules import observe

VISITORS = 20


class Page:
    """A page of which every version is made as long as .go is not set."""

    def __init__(self, rf):
        self.rf, self.made, self.go, self.begun = rf, 0, Event(), Event()
        self.kind = {}
        self.middleware = PageCacheMiddleware(self.make)
        self.go.set()

    def make(self, request):
        self.made += 1
        self.begun.set()
        assert self.go.wait(20)
        reads.current.get().complete = False  # nobody can ask whether it holds
        return answer(f"Version {self.made}", **self.kind)

    def request(self):
        request = self.rf.get("/page/")
        request.site_id, request.site_source = 1, "host"
        observe(request)
        return request

    def ask(self):
        request = self.request()
        with current_request_is(request), reads.recorded(reads.Reads()):
            return self.middleware(request).content.decode()

    def is_known_since(self, seconds):
        """The page was known to hold so many seconds ago."""
        key = key_of(self.request())
        page = cache.get(key)
        cache.set(key, page | {"checked": page["checked"] - seconds})


@pytest.fixture
def page(rf, keep_pages):
    return Page(rf)


def ask_at_once(page):
    """Let all visitors ask while the page is made; return what the first and the others get."""
    answers, barrier = [], Barrier(VISITORS)

    def ask():
        barrier.wait(20)
        answers.append(page.ask())

    page.go.clear(), page.begun.clear()
    first = Thread(target=lambda: answers.append(page.ask()))
    others = [Thread(target=ask) for _ in range(VISITORS)]
    first.start()
    assert page.begun.wait(20)
    for thread in others:
        thread.start()
    return answers, first, others


def test_others_get_the_last_page_until_it_is_a_second_old(page):
    assert page.ask() == "Version 1"
    generation.begin()
    page.is_known_since(-60)  # however slow this machine is
    answers, first, others = ask_at_once(page)
    for thread in others:
        thread.join(20)
    assert answers == VISITORS * ["Version 1"]
    page.go.set()
    first.join(20)
    assert page.made == 2
    assert page.ask() == answers.pop() == "Version 2"


def test_others_wait_for_the_page_when_the_last_one_is_older(page):
    page.ask()
    page.is_known_since(2)
    generation.begin()
    answers, first, others = ask_at_once(page)
    page.go.set()
    for thread in (first, *others):
        thread.join(20)
    assert answers == (1 + VISITORS) * ["Version 2"]
    assert page.made == 2


def test_nobody_waits_for_a_page_that_has_become_private(page):
    page.ask()
    generation.begin()
    page.kind = {"Cache_Control": "private"}
    page.ask()
    answers, first, others = ask_at_once(page)
    page.go.set()
    for thread in (first, *others):
        thread.join(20)
    assert page.made == 3 + VISITORS


def test_nobody_waits_for_ever(page, monkeypatch):
    page.ask()
    page.is_known_since(2)
    generation.begin()
    monkeypatch.setattr("page_cache.middleware.PATIENCE", 0.1)
    with locking.only_one(key_of(page.request())):
        assert page.ask() == "Version 2"


HOLD = """
import sys
from django.conf import settings
settings.configure(PAGE_CACHE_EDITS=sys.argv[1])
from page_cache.locking import only_one
with only_one("key") as free:
    print(free, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(not locking.fcntl, reason="Windows has no such locks")
def test_the_lock_of_a_process_that_is_killed_is_gone(settings, tmp_path):
    settings.PAGE_CACHE_EDITS = str(tmp_path)
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with subprocess.Popen(command, cwd=settings.BASE_DIR, **pipes) as other:
        assert other.stdout.readline() == "True\n"
        with locking.only_one("key") as free, locking.only_one("another key") as another_free:
            assert (free, another_free) == (False, True)
        other.kill()
    with locking.only_one("key") as free:
        assert free
