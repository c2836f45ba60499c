"""Parts are as made anew, also with templates, page types and middleware of the project's own."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db.models.signals import post_init
from django.utils import timezone
from mezzanine.blog.models import BlogPost
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.pages.models import Page, RichTextPage
from test_page_cache_life import clock  # noqa: F401
from test_page_cache_parts import PART, SENT, put, shown  # noqa: F401
from test_page_cache_visitors import place  # noqa: F401

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "keep_pages")

SAME = "{% for name in 'ab' %}SHOWN{% endfor %}"
TEMPLATES = {
    "a loop": (SAME.replace("SHOWN", PART.replace("SHOWN", shown("name"))), "ab"),
    "a variable that is used after it": (
        PART.replace("SHOWN", "{% firstof 'a' as name %}") + f"[{shown('name')}]",
        "[]",
    ),
}


@pytest.mark.parametrize(("source", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_a_page_is_the_same_whether_its_parts_are_made_or_found(ask, put, source, expected):  # noqa: F811
    put(source=source)
    for cookies in ("", SENT, SENT):
        assert ask("/public/", cookies=cookies).text == expected


def kinds(request):
    """Show of which kind the rows of a page are that two managers find."""
    asked = dict(for_user=request.user, include_login_required=True)
    managers = RichTextPage.objects, Page.objects
    rows = [manager.with_ascendants_for_slug("about", **asked)[0] for manager in managers]
    return {"kinds": [type(row).__name__ for row in rows]}


def test_each_page_type_finds_its_own_rows(ask, put):  # noqa: F811
    put("kinds.0", "kinds.1", view=kinds)
    for cookies in ("", SENT, SENT):
        assert ask("/public/", cookies=cookies).text.endswith(" RichTextPage Page")


@pytest.fixture
def with_a_function():
    """Pages of a type hold what cannot be pickled."""

    def attach(instance, **kwargs):
        instance.changed = lambda: False

    post_init.connect(attach, sender=RichTextPage)
    yield
    post_init.disconnect(attach, sender=RichTextPage)


@pytest.mark.usefixtures("with_a_function")
def test_a_page_that_cannot_be_pickled_is_shown_after_a_form(ask, put):  # noqa: F811
    put("kinds.0", view=kinds)
    for cookies in ("", SENT, SENT):
        assert ask("/public/", cookies=cookies).text.endswith(" RichTextPage")


def test_a_post_that_is_published_while_a_page_is_made_is_on_the_next(ask, clock, put, settings):  # noqa: F811
    rows = "mezzanine.pages.middleware.PageMiddleware"  # which looks for dates, too
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != rows]
    author = get_user_model().objects.first()
    soon = timezone.now() + timedelta(seconds=1)
    BlogPost.objects.create(title="Soon", publish_date=soon, user=author)

    def posts(request):
        found = list(BlogPost.objects.published().values_list("title", flat=True))
        clock.now += 2
        return {"posts": found}

    put("posts", view=posts)
    first, second = (ask("/public/", cookies=SENT).text for _ in range(2))
    assert ("Soon" in first, "Soon" in second) == (False, True)


def looking_as_staff(get_response):
    def middleware(request):
        staff = get_user_model()(is_staff=True, is_superuser=True)
        asked = dict(for_user=staff, include_login_required=True)
        assert Page.objects.with_ascendants_for_slug("about", **asked)
        return get_response(request)

    return middleware


def test_a_draft_that_is_asked_for_as_staff_is_shown_to_nobody_else(ask, place):  # noqa: F811
    early = "django.contrib.sessions.middleware.SessionMiddleware"  # nobody knows the user yet
    place("test_page_cache_parts_own.looking_as_staff", early)
    Page.objects.filter(slug="about").update(status=CONTENT_STATUS_DRAFT)
    for _ in range(2):
        assert ask("/about/", cookies=SENT).status_code == 404
