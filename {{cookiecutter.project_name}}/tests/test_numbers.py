"""Numbers that no row has, in addresses and in forms, are answered in words and never by a 500."""

import re
from itertools import product
from urllib.parse import quote

import pytest
from django.contrib.admindocs.views import extract_views_from_urlpatterns, simplify_regex
from django.contrib.auth import get_user_model
from django.urls import get_resolver, reverse
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import RichTextPage

# Beyond 64 bits, beyond what int() reads, and what looks like a number, or is none.
NUMBERS = [str(2**63), "9" * 4301, "-1", "0", "\u0663", "\u00b2", "1.5", "x", "1\0"]
VARIABLE = re.compile("<[^>]*>")
LISTS = ("blog_post_list", "search", "admin:blog_blogpost_changelist", "fb_browse")
QUERIES = ("page", "p", "o", "user__id__exact", "parent", "_to_field")


def addresses(number):
    """Return all addresses of the project that have a variable, with a number in its place."""
    number = quote(number, safe="")
    views = extract_views_from_urlpatterns(get_resolver().url_patterns)
    routes = {simplify_regex(route) for _, route, _, _ in views}
    return sorted(VARIABLE.sub(number, route) for route in routes if "<" in route)


def forms(number):
    """Yield what forms send that name a row: an address, and its fields."""
    post = {"content_type": "blog.BlogPost", "object_pk": BlogPost.objects.get().pk}
    texts = {"name": "Bert", "email": "bert@guest.example", "comment": "So"}
    for view, fields in (("comment", texts), ("rating", {"value": "5"})):
        yield reverse(view), post | fields | {"object_pk": number}
    yield reverse("comment"), post | texts | {"replied_to": number}
    yield reverse("rating"), post | {"value": number}
    for app, model in (("blog", "blogpost"), ("pages", "richtextpage"), ("homepage", "section")):
        yield reverse("edit"), {"app": app, "model": model, "id": number, "fields": "title"}
    page = RichTextPage.objects.first().pk
    ordering = reverse("admin_page_ordering")
    yield ordering, {"id": number, "parent_id": "", "siblings[]": [number]}
    yield ordering, {"id": page, "parent_id": number, "siblings[]": [page]}
    yield reverse("set_site"), {"site_id": number}
    chosen = {"action": "delete_selected", "_selected_action": number}
    yield reverse("admin:blog_blogpost_changelist"), chosen | {"index": "0"}
    yield reverse("admin:blog_blogpost_changelist"), {"action": "x", "index": number}


@pytest.mark.parametrize("number", NUMBERS, ids=ascii)
def test_an_address_with_a_number_that_there_is_not(browse, number):
    client, found = browse("admin"), addresses(number)
    assert len(found) > 50
    assert [path[:80] for path in found if client.get(path).status_code >= 500] == []


@pytest.mark.parametrize("number", NUMBERS, ids=ascii)
def test_a_query_with_a_number_that_there_is_not(browse, number):
    client = browse("admin")
    asked = [(reverse(name), {query: number}) for name, query in product(LISTS, QUERIES)]
    assert [each for each in asked if client.get(*each).status_code >= 500] == []


@pytest.mark.parametrize("number", NUMBERS, ids=ascii)
@pytest.mark.parametrize("user", [None, "admin"])
def test_a_form_with_a_number_that_there_is_not(browse, number, user):
    client = browse(user)
    failed = [each for each in forms(number) if client.post(*each).status_code >= 500]
    assert failed == []
    assert BlogPost.objects.exists()


def test_a_fault_of_the_site_stays_a_fault(browse, monkeypatch):
    def wrong(*_):
        raise ValueError("Field 'id' expected a number but got 'ours'.")

    monkeypatch.setattr(get_user_model(), "get_username", wrong)
    assert browse("admin").get("/admin/").status_code == 500
