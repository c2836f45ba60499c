"""What pages share, menus and the settings of the admin, is asked for once for each change."""

from datetime import timedelta

import pytest
from addresses import BLOG, POST
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.db import connection
from growing import SHAPES, cost, grow_pages
from mezzanine.blog.models import BlogPost
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.core.request import current_request
from mezzanine.galleries.models import Gallery
from mezzanine.pages.models import Page, RichTextPage
from test_page_cache_edits import committed  # noqa: F401
from test_page_cache_life import clock  # noqa: F401
from translated_texts import column

from homepage.models import CONTACT, GALLERY, POSTS, HomePage, Section
from navigation import menus

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "keep_pages")

VISITORS = pytest.mark.parametrize("cookies", ["", "just-sent=1"], ids=["public", "private"])


def of_menus_or_settings(statements):
    """Return those that ask for pages without their content, or for settings."""
    of_menus = [s for s in statements if "in_menus" in s and "updated" not in s]
    return of_menus + [s for s in statements if "conf_setting" in s]


@VISITORS
@pytest.mark.parametrize("number", [0, 200])
def test_menus_and_settings_are_asked_for_by_the_first_page_alone(
    ask, monkeypatch, number, cookies
):
    grow_pages(number, "one level", in_menus=[1, 2, 3])
    with cost(monkeypatch) as first:
        ask("/about/", cookies=cookies)
    with cost(monkeypatch) as second:
        html = ask("/contact/", cookies=cookies).text
    assert "footer-menu-about" in html
    assert len(of_menus_or_settings(first.statements)) > 2
    # Of a large site, that page and those below it.
    assert len(of_menus_or_settings(second.statements)) == (1 if number else 0)


@VISITORS
@pytest.mark.parametrize("address", ["in the tree", "not in a menu", "/", "/no/such/page/"])
@pytest.mark.parametrize("shape", SHAPES)
def test_menus_are_as_those_of_a_page_that_shares_nothing(ask, settings, shape, address, cookies):
    pages = grow_pages(100, shape)
    Page.objects.filter(pk=pages[70].pk).update(in_menus=[])
    places = {"in the tree": pages[95], "not in a menu": pages[70]}
    address = places[address].get_absolute_url() if address in places else address
    ask("/about/")
    found = [ask(address, cookies=cookies).text]
    settings.PAGE_CACHE_SECONDS = 0
    found.append(ask(address).text)
    one, other = [BeautifulSoup(html, "html.parser").select("nav, .nav-footer") for html in found]
    assert one == other


@VISITORS
def test_an_edit_of_a_menu_is_on_all_pages_at_once(ask, committed, cookies):  # noqa: F811
    for address in ("/about/", "/contact/"):
        ask(address, cookies=cookies), ask(address)
    with committed():
        Page.objects.filter(slug="gallery").update(title="Walks")
    for address in ("/contact/", "/about/", "/no/such/"):
        assert ">Walks</a>" in ask(address, cookies=cookies).text


@VISITORS
def test_a_page_and_one_below_it_come_into_the_menus_of_a_large_site(ask, committed, cookies):  # noqa: F811
    grow_pages(100, "one branch", in_menus=[1, 2, 3])
    ask("/about/"), ask("/about/", cookies=cookies)
    with committed():
        above = RichTextPage.objects.create(title="Bakery", in_menus=[1, 2, 3])
    assert ">Bakery</a>" in ask("/contact/", cookies=cookies).text
    with committed():
        RichTextPage.objects.create(title="Loaves", parent=above, in_menus=[1, 2, 3])
    for address in ("/contact/", "/about/"):
        assert ">Loaves</a>" in ask(address, cookies=cookies).text


@VISITORS
def test_dates_of_pages_count_in_the_menus_of_a_large_site(ask, clock, cookies):  # noqa: F811
    grow_pages(100, "one branch", in_menus=[1, 2, 3])
    clock.step = 0.001  # seconds
    soon = clock.aware() + timedelta(minutes=10)
    RichTextPage.objects.create(title="Market", publish_date=soon, in_menus=[1, 2, 3])
    RichTextPage.objects.create(title="Concert", expiry_date=soon, in_menus=[1, 2, 3])
    for address in ("/about/", "/contact/"):
        html = ask(address, cookies=cookies).text
        assert (">Market</a>" in html, ">Concert</a>" in html) == (False, True)
    clock.now += 660
    for address in ("/about/", "/contact/"):
        html = ask(address, cookies=cookies).text
        assert (">Market</a>" in html, ">Concert</a>" in html) == (True, False)


def test_staff_see_drafts_in_their_menus_and_visitors_do_not(ask):
    RichTextPage.objects.create(title="Secret", status=CONTENT_STATUS_DRAFT, in_menus=[1, 2, 3])
    for _ in range(2):
        assert "Secret" in ask("/about/", user="admin").text
        for cookies in ("", "just-sent=1"):
            assert "Secret" not in ask("/contact/", cookies=cookies).text


def test_menus_that_are_others_for_each_visitor_are_not_shared(ask, monkeypatch):
    def pages_for(user):
        asked = menus.Page.objects.published(for_user=user).select_related(None)
        theme = current_request().COOKIES.get("theme")
        return asked.exclude(slug="gallery") if theme else asked

    monkeypatch.setattr(menus, "pages_for", pages_for)
    for _ in range(2):
        for theme in ("", "theme=dark", "just-sent=1; theme=dark", "just-sent=1"):
            shown = 'href="/gallery/"' in ask("/about/", cookies=theme).text
            assert shown == ("theme" not in theme)


def test_who_has_written_sees_it_before_it_is_committed(ask, monkeypatch):
    ask("/about/")
    load = menus.begin

    def begin(context):
        Page.objects.filter(slug="gallery").update(title="Walks")
        load(context)

    monkeypatch.setattr(menus, "begin", begin)
    assert ">Walks</a>" in ask("/contact/", cookies="just-sent=1").text


def counting(statements):
    """Return those that look at all posts."""
    return [each for each in statements if "blog_blogpost" in each and "COUNT(" in each.upper()]


@VISITORS
def test_posts_are_counted_by_the_first_page_alone(ask, monkeypatch, cookies):
    ask(POST), ask(f"{BLOG}?page=1")
    with cost(monkeypatch) as found:
        lists = [ask(address, cookies=cookies).text for address in (f"{BLOG}?page=2", BLOG)]
    assert all(BLOG in html for html in lists)
    # Categories are counted each time.
    assert not [each for each in counting(found.statements) if "blogcategory" not in each]


@VISITORS
def test_a_post_is_counted_at_once(ask, committed, settings, cookies):  # noqa: F811
    settings.BLOG_POST_PER_PAGE = 2
    author = get_user_model().objects.get(username="admin")
    for number in range(3):
        html = ask(BLOG, cookies=cookies).text + ask(POST, cookies=cookies).text
        assert html.count(f"({BlogPost.objects.filter(user=author).count()})") >= 2
        assert ("page=2" in html) == (BlogPost.objects.count() > 2)
        with committed():
            BlogPost.objects.create(title=f"New {number}", content="x", user=author)


def test_staff_count_drafts_and_visitors_do_not(ask, settings):
    settings.BLOG_POST_PER_PAGE = 1
    BlogPost.objects.exclude(slug="hello").delete()
    author = get_user_model().objects.get(username="admin")
    BlogPost.objects.create(title="x", content="x", user=author, status=CONTENT_STATUS_DRAFT)
    for _ in range(2):
        assert "page=2" in ask(BLOG, user="admin").text
        for cookies in ("", "just-sent=1"):
            assert "page=2" not in ask(BLOG, cookies=cookies).text


@pytest.fixture
def first_page():
    """A page of sections: the latest posts, the pictures of a gallery and a form; its address."""
    page = HomePage.objects.create(title="Welcome")
    for kind in (POSTS, GALLERY, CONTACT):
        Section.objects.create(page=page, kind=kind)
    gallery = Gallery.objects.first() or Gallery.objects.create(title="Breads")
    gallery.images.create(file="galleries/rye.jpg", description="A dark rye")
    author = get_user_model().objects.create_user("writer", password="kept from everybody")
    BlogPost.objects.create(title="A new oven", content="x" * 1000, user=author)
    return page.get_absolute_url()


def of_sections(statements):
    tables = ("homepage_section", "blog_blogpost", "galleries_gallery", "forms_form")
    asked = [s.partition("WHERE")[0] for s in statements if "LEFT OUTER JOIN" not in s]
    return [s for s in asked if any(f'FROM "{table}"' in s for table in tables)]


@VISITORS
def test_what_the_first_page_shows_is_asked_for_once(ask, monkeypatch, first_page, cookies):
    with cost(monkeypatch) as first:
        ask(f"{first_page}?a", cookies=cookies)
    with cost(monkeypatch) as second:
        html = ask(first_page, cookies="just-sent=1").text
    assert "A new oven" in html
    assert len(of_sections(first.statements)) == 4
    assert not of_sections(second.statements)


@VISITORS
def test_an_edit_of_a_post_is_on_the_first_page_at_once(ask, committed, first_page, cookies):  # noqa: F811
    ask(first_page, cookies=cookies), ask(first_page)
    with committed():
        BlogPost.objects.filter(title="A new oven").update(title="An old oven")
    assert "An old oven" in ask(first_page, cookies=cookies).text


def test_a_page_is_not_older_than_a_minute_for_what_it_shares(ask, clock, first_page):  # noqa: F811
    ask(first_page, cookies="just-sent=1")
    with connection.cursor() as cursor:  # past Django
        cursor.cursor.execute(f"UPDATE blog_blogpost SET {column('title')} = 'By hand'")
    clock.now += 59
    assert "A new oven" in ask(first_page).text
    clock.now += 2
    assert "By hand" in ask(first_page).text


def test_what_is_large_is_not_kept_with_the_menus(ask, monkeypatch, first_page):
    Section.objects.update(text="x" * 400_000)
    ask(first_page, cookies="just-sent=1")
    with cost(monkeypatch) as second:
        ask(first_page, cookies="just-sent=1")
    assert len(of_sections(second.statements)) == 1
    assert not of_menus_or_settings(second.statements)


def test_nothing_of_an_author_comes_into_the_cache(ask, monkeypatch, first_page):
    with cost(monkeypatch) as first:
        ask(first_page, cookies="just-sent=1")
    posts = [s for s in first.statements if 'FROM "blog_blogpost"' in s]
    assert posts
    assert not any(get_user_model()._meta.db_table in s for s in posts)
