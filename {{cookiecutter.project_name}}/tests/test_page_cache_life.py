"""How long a page is kept while nobody writes: dates end it, and so does the clock."""

import re
import time
from datetime import timedelta

import pytest
from addresses import BLOG, POST
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from mezzanine.blog.models import BlogPost
from mezzanine.core import managers
from mezzanine.core.models import CONTENT_STATUS_PUBLISHED
from mezzanine.pages.models import RichTextPage
from page_cache_views import answer, urlpatterns
from translated_texts import column

pytestmark = pytest.mark.usefixtures("mezzanines_base", "keep_pages")


class Clock:
    """The time, which stands still until it is set on, or goes on a step with each look at it."""

    def __init__(self, now):
        self.now, self.step = now, 0

    def __call__(self):
        self.now += self.step
        return self.now

    def aware(self):
        return timezone.datetime.fromtimestamp(self(), timezone.get_default_timezone())


@pytest.fixture
def clock(monkeypatch):
    clock = Clock((time.time() // 86400 + 1) * 86400 + 3660)  # tomorrow, early in UTC
    monkeypatch.setattr("page_cache.middleware.time.time", clock)
    monkeypatch.setattr(managers, "now", clock.aware)
    monkeypatch.setattr("django.utils.timezone.now", clock.aware)
    cache.clear()
    return clock


@pytest.fixture
def public(monkeypatch):
    """Return a function that puts a view in the place of /public/; .made counts its renderings."""

    def put(view):
        def counted(request):
            put.made += 1
            return view(request)

        pattern = next(each for each in urlpatterns if str(each.pattern) == "public/")
        monkeypatch.setattr(pattern, "callback", counted)

    put.made = 0
    return put


def test_a_page_that_stays_the_same_is_made_ever_less_often(ask, clock, public):
    public(lambda request: answer("The same"))
    end, asked = clock.now + 20 * 3600, 0
    while clock.now < end:
        ask("/public/")
        clock.now, asked = clock.now + 30, asked + 1
    assert asked == 2400
    assert public.made < 20


def test_a_new_hour_ends_no_page(ask, clock, public):
    public(lambda request: answer("The same"))
    for _ in range(60):  # until it is kept for hours
        ask("/public/")
        clock.now += 120
    clock.now += 3600 - clock.now % 3600 - 1
    ask("/public/")
    made = public.made
    clock.now += 2
    ask("/public/")
    assert public.made == made


def test_a_page_with_the_time_is_made_each_minute(ask, clock, public):
    public(lambda request: answer(str(clock.now // 60)))
    for _ in range(20):
        clock.now += 61
        assert ask("/public/").content.decode() == str(clock.now // 60)


def test_a_page_with_the_date_ends_with_the_day(ask, clock, public, settings):
    settings.TIME_ZONE = "Asia/Kathmandu"  # 45 minutes off
    public(lambda request: answer(str(timezone.localtime().date())))
    for _ in range(600):
        assert ask("/public/").content.decode() == str(timezone.localtime().date())
        clock.now += 300


@pytest.mark.parametrize("field", ["publish_date", "expiry_date"])
@pytest.mark.parametrize("address", ["/about/later/", BLOG])
def test_a_date_is_kept_to_the_second(ask, clock, field, address):
    at = clock.aware() + timedelta(seconds=30)
    common = dict(title="Later", status=CONTENT_STATUS_PUBLISHED)
    dates = dict(publish_date=clock.aware() - timedelta(days=9)) | {field: at}
    RichTextPage.objects.create(**common, slug="about/later", **dates)
    BlogPost.objects.create(**common, user_id=1, content="x", **dates)
    shown = [b"Later" in ask(address).content]
    for second in (29, 31):
        clock.now = at.timestamp() - 30 + second
        shown.append(b"Later" in ask(address).content)
    assert shown == ([False, False, True] if field == "publish_date" else [True, True, False])


def test_a_date_is_kept_to_the_second_by_a_page_of_what_lies_in_the_cache(ask, clock, public):
    def posts(request):
        cache.get("something")
        return answer(str(BlogPost.objects.published().count()))

    public(posts)
    BlogPost.objects.update(publish_date=clock.aware() + timedelta(seconds=30))
    shown = []
    for _ in range(3):
        shown.append(ask("/public/").content)
        clock.now += 20
    assert shown == [b"0", b"0", b"1"]


def test_the_database_is_not_asked_for_a_page_that_is_kept(ask, clock):
    asked = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as queries:
            ask("/about/")
        # Which sites there are is looked for once a second.
        statements = [query["sql"] for query in queries]
        asked.append(len([sql for sql in statements if not re.search("multisite_|_site\\b", sql)]))
    _made, with_dates, kept = asked  # the dates are asked for once in each generation
    assert (with_dates, kept) == (2, 0)


def test_what_was_changed_past_django_is_seen_after_a_minute(ask, clock):
    before = ask("/about/").content
    with connection.cursor() as cursor:
        cursor.cursor.execute(f"UPDATE pages_richtextpage SET {column('content')} = 'By hand'")
    assert ask("/about/").content == before
    clock.now += 61
    assert b"By hand" in ask("/about/").content


def test_a_form_for_comments_does_not_make_a_page_another(ask, clock, settings):
    for _ in range(3):
        ask(POST)
        clock.now += 130
    keys = [key.partition(":1:")[2] for key in cache._cache if "page_cache.1." in key]
    (page,) = cache.get_many(keys).values()
    assert page["lasts"] > settings.PAGE_CACHE_SECONDS
