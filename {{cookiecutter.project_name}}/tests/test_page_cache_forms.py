"""The forms of pages that are kept, and so hold no token."""

import re

import pytest
from addresses import POST
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from forms import fields_of
from mezzanine.blog.models import BlogPost
from mezzanine.forms.models import Form
from mezzanine.generic.models import ThreadedComment
from page_cache_views import is_marked

from page_cache.middleware import sent_from_here

pytestmark = pytest.mark.usefixtures("keep_pages", "mezzanines_defaults")

ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture
def browser(browse):
    """A browser that does not let forms pass without Django's checks."""
    client = browse()
    client.handler.enforce_csrf_checks = True
    return client


def test_a_comment_is_written_from_a_page_that_was_kept(ask, browser):
    ask(POST)
    fields = fields_of(ask(POST), 'form[action^="/comment/"]')
    assert "csrfmiddlewaretoken" not in fields
    fields |= {"name": "Zoë", "email": "zoe@example.com", "comment": "Good"}
    response = browser.post("/comment/", fields, HTTP_ORIGIN=ORIGIN)
    assert response.status_code == 302
    assert ThreadedComment.objects.get().user_name == "Zoë"
    assert set(response.cookies) == {"just-sent"}  # no name, no address
    page = browser.get(POST)
    assert b"Good" in page.content
    assert not is_marked(page)


def test_a_page_that_was_kept_can_be_rated(ask, browser):
    fields = fields_of(ask(POST), 'form[action="/rating/"]')
    browser.post("/rating/", fields | {"value": "4"}, HTTP_ORIGIN=ORIGIN)
    assert BlogPost.objects.get().rating_sum == 4
    assert not is_marked(browser.get(POST))  # without the form


def test_the_contact_form_of_a_page_that_was_kept_arrives(ask, browser):
    fields = fields_of(ask("/contact/"), ".mezzanine-form")
    answers = ["Zoë", "zoe@example.com", "Support", "Hello"]
    fields |= zip([name for name in fields if name.startswith("field_")], answers, strict=True)
    assert browser.post("/contact/", fields, HTTP_ORIGIN=ORIGIN).status_code == 302
    assert Form.objects.get().entries.count() == 1


def counting_visits(get_response):
    def middleware(request):
        request.session["visits"] = request.session.get("visits", 0) + 1
        return get_response(request)

    return middleware


def test_who_has_a_session_from_the_first_page_on_has_a_token_there(browser, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "test_page_cache_forms.counting_visits"]
    fields = fields_of(browser.get("/contact/"), ".mezzanine-form")
    assert "csrfmiddlewaretoken" in fields
    assert browser.post("/contact/", fields, HTTP_ORIGIN=ORIGIN).status_code == 200


def test_who_has_a_session_and_has_not_logged_in_may_send_the_form_of_a_public_page(browser, ask):
    browser.cookies.load(f"{settings.SESSION_COOKIE_NAME}=unknown")
    fields = fields_of(ask("/contact/"), ".mezzanine-form")
    assert browser.post("/contact/", fields, HTTP_ORIGIN=ORIGIN).status_code == 200
    assert browser.post("/contact/", fields).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_ORIGIN": "http://evil.example"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_ORIGIN": ""},
        {"HTTP_ORIGIN": "https://127.0.0.1:8000"},
        {"HTTP_ORIGIN": "http://127.0.0.1"},
        {"HTTP_ORIGIN": "http://127.0.0.1:8000.evil.example"},
        {"HTTP_REFERER": "http://127.0.0.1:8000/"},
        {"HTTP_SEC_FETCH_SITE": "same-origin"},
    ],
    ids=str,
)
@pytest.mark.parametrize("address", ["/comment/", "/contact/", "/accounts/login/"])
def test_a_form_from_elsewhere_is_refused(browser, address, headers):
    assert browser.post(address, {"name": "x"}, **headers).status_code == 403


def test_who_is_logged_in_without_a_session_needs_a_token_as_well(rf):
    request = rf.post("/contact/", HTTP_ORIGIN="http://testserver")
    request.user = AnonymousUser()
    assert sent_from_here(request)
    request.user = get_user_model()(username="known by the web server")
    assert not sent_from_here(request)


@pytest.mark.parametrize("user", ["member", "admin"])
def test_who_is_logged_in_needs_a_token_as_well(browse, user):
    client = browse(user)
    client.handler.enforce_csrf_checks = True
    for address in ("/comment/", "/contact/", "/edit/", "/accounts/update/"):
        assert client.post(address, {}, HTTP_ORIGIN=ORIGIN).status_code == 403, address


def test_who_is_logged_in_has_a_token_in_every_form(browse):
    for address in (POST, "/contact/"):
        html = browse("member").get(address).content.decode()
        forms = re.findall(r'<form[^>]*method="post".*?</form>', html, re.S)
        assert forms
        assert [form for form in forms if "csrfmiddlewaretoken" not in form] == []


def test_the_form_for_comments_is_filled_in_for_who_is_logged_in(browse):
    fields = fields_of(browse("member").get(POST), 'form[action^="/comment/"]')
    assert (fields["name"], fields["email"]) == ("member", "member@example.com")
