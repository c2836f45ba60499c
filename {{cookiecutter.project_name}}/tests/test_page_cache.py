"""Pages that are kept: the same for everybody, and nobody's page for another."""

import gzip
import re
import uuid

import pytest
from django.conf import settings as project_settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.template import engines
from django.urls import get_resolver, include, path
from django.views.decorators.vary import vary_on_headers
from forms import fields_of
from mezzanine.blog.models import BlogPost
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.forms.models import Form
from mezzanine.generic.models import ThreadedComment
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import override_current_site_id
from test_pages import patterns

from page_cache.middleware import sent_from_here
from page_cache.rules import is_anyones, take_notes, visitors_cookies

ORIGIN = "http://127.0.0.1:8000"


def site_of_the_test(get_response):
    """A middleware that decides for the site and the source that a test wants."""

    def middleware(request):
        request.site_id = getattr(request, "site_id", 1)
        request.site_source = request.META.get("SITE_SOURCE", "host")
        return get_response(request)

    return middleware


@pytest.fixture(autouse=True)
def kept(settings, db):
    """Pages are kept, as on a server."""
    cache.clear()
    settings.PAGE_CACHE_SECONDS = 60
    place = settings.MIDDLEWARE.index("page_cache.middleware.PageCacheMiddleware")
    settings.MIDDLEWARE = [*settings.MIDDLEWARE]
    settings.MIDDLEWARE.insert(place, "test_page_cache.site_of_the_test")


def answer(body="<p>A page</p>", **headers):
    return HttpResponse(body, headers={name.replace("_", "-"): headers[name] for name in headers})


def template(request, source):
    return HttpResponse(engines["django"].from_string(source).render({}, request))


def variable(request, name):
    return template(request, "{" + "{ " + name + " }" + "}")


def setting_a_cookie(request):
    response = answer()
    response.set_cookie("theme", "dark")
    return response


def writing_the_session(request):
    request.session["seen"] = True
    return answer()


def adding_a_message(request):
    messages.info(request, "Hello you")
    return answer()


ONE_VISITORS = {
    "reads a cookie": lambda request: answer(request.COOKIES.get("theme", "light")),
    "asks whether there is a cookie": lambda request: answer(str("theme" in request.COOKIES)),
    "reads all cookies": lambda request: answer(str(dict(request.COOKIES))),
    "prints all cookies": lambda request: variable(request, "request.COOKIES"),
    "asks whether there are cookies": lambda request: answer(str(bool(request.COOKIES))),
    "reads the token's cookie": lambda request: answer(request.COOKIES.get("csrftoken", "none")),
    "sets a cookie": setting_a_cookie,
    "reads a header": lambda request: answer(request.META.get("HTTP_X_FORWARDED_HOST", "none")),
    "reads a header by its name": lambda request: answer(request.headers.get("User-Agent", "")),
    "reads the raw environment": lambda request: answer(request.environ.get("HTTP_REFERER", "")),
    "copies all headers": lambda request: answer(str(len(request.META.copy()))),
    "shows the referrer": lambda request: variable(request, "request.META.HTTP_REFERER"),
    "looks at the address of the visitor": lambda request: answer(request.META["REMOTE_ADDR"]),
    "asks which types are accepted": lambda request: answer(str(request.accepts("text/html"))),
    "reads the session": lambda request: answer(request.session.get("seen", "no")),
    "writes the session": writing_the_session,
    "uses a token": lambda request: template(request, "{% csrf_token %}"),
    "adds a message": adding_a_message,
    "is private": lambda request: answer(Cache_Control="private"),
    "is not to be stored": lambda request: answer(Cache_Control="no-store"),
    "expires by itself": lambda request: answer(Expires="Thu, 01 Jan 2032 00:00:00 GMT"),
    "says how long NGINX keeps it": lambda request: answer(X_Accel_Expires="600"),
    "varies": vary_on_headers("X-Requested-With")(lambda request: answer()),
    "varies by cookie": vary_on_headers("Cookie")(lambda request: answer()),
    "is JSON": lambda request: HttpResponse("{}", content_type="application/json"),
    "is a part": lambda request: HttpResponse("part", status=206),
    "is missing": lambda request: HttpResponse("missing", status=404),
    "is elsewhere": lambda request: HttpResponse(status=302, headers={"Location": "/"}),
    "is broken": lambda request: HttpResponse("broken", status=500),
    "is a stream": lambda request: StreamingHttpResponse(["a", "b"]),
}

urlpatterns = [
    *[path(f"{name.replace(' ', '-')}/", view) for name, view in ONE_VISITORS.items()],
    path("anyones/", lambda request: answer(uuid.uuid4().hex)),
    path("body/", lambda request: answer("" if request.method == "HEAD" else "A body")),
    path("query/", lambda request: answer(str(request.GET))),
    path("link/", lambda request: answer(request.build_absolute_uri("/"))),
    path("", include(f"{project_settings.PROJECT_APP}.urls")),
]


@pytest.fixture
def ask(browse, settings):
    """Return a function that asks for an address with headers; it has a visitor's new browser."""
    settings.ROOT_URLCONF = "test_page_cache"

    def ask(address, user=None, method="get", cookies="", **headers):
        client = browse(user)
        client.cookies.load(cookies)
        return getattr(client, method)(address, **headers)

    return ask


def is_marked(response):
    """Return whether NGINX may keep it."""
    return response["X-Accel-Expires"] != "0"


@pytest.mark.parametrize("view", ONE_VISITORS)
def test_a_page_that_is_one_visitors_is_never_kept(ask, view):
    address = f"/{view.replace(' ', '-')}/"
    assert not is_marked(ask(address))
    assert [key for key in cache._cache if "page_cache.1." in key] == []


def test_who_opens_the_session_or_takes_a_token_gets_a_page_of_their_own(rf):
    def request_with(**attributes):
        request = rf.get("/")
        take_notes(request)
        vars(request).update(is_anyones=True, session=SessionStore(), **attributes)
        return request

    request = request_with()
    assert is_anyones(request, answer())
    request.session.get("seen")
    assert not is_anyones(request, answer())
    request = request_with()
    get_token(request)
    assert not is_anyones(request, answer())


def test_a_page_that_is_anyones_is_made_once(ask):
    first, second = ask("/anyones/"), ask("/anyones/")
    assert is_marked(first)
    assert is_marked(second)
    assert first.content == second.content


@pytest.mark.parametrize(
    "request_of",
    [
        dict(user="member"),
        dict(user="admin"),
        dict(cookies="sessionid=unknown"),
        dict(cookies="a=1;sessionid = x ;b=2"),
        dict(cookies="messages=x"),
        dict(cookies="django_language=de"),
        dict(cookies="mezzanine-rating=blog.blogpost.1"),
        dict(cookies="just-sent=1"),
        dict(method="post"),
        dict(method="options"),
        dict(SITE_SOURCE="session"),
        dict(SITE_SOURCE="default"),
        dict(SITE_SOURCE="environment"),
        dict(CONTENT_LENGTH="3"),
        dict(HTTP_TRANSFER_ENCODING="chunked"),
    ],
    ids=str,
)
def test_who_is_known_is_neither_shown_a_kept_page_nor_is_theirs_kept(ask, request_of):
    anyones = ask("/anyones/").content
    response = ask("/anyones/", **request_of)
    assert response.content != anyones
    assert not is_marked(response)
    assert ask("/anyones/").content == anyones


def test_cookies_that_nobody_reads_are_no_reason_to_make_a_page_anew(ask):
    assert (
        ask("/anyones/", cookies=f"_ga=1; csrftoken={32 * 'x'}").content == ask("/anyones/").content
    )


@pytest.mark.parametrize(
    "headers",
    [
        dict(HTTP_X_FORWARDED_HOST="evil.example"),
        dict(HTTP_X_HOST="evil.example"),
        dict(HTTP_X_ORIGINAL_URL="/admin/"),
        dict(HTTP_X_REWRITE_URL="/admin/"),
        dict(HTTP_X_HTTP_METHOD_OVERRIDE="POST"),
        dict(HTTP_X_FORWARDED_PORT="1337"),
        dict(HTTP_FORWARDED="host=evil.example"),
        dict(HTTP_REFERER="http://evil.example/"),
        dict(HTTP_USER_AGENT="evil"),
        dict(HTTP_RANGE="bytes=0-3"),
        dict(HTTP_IF_NONE_MATCH="*"),
        dict(HTTP_ACCEPT_LANGUAGE="de"),
        dict(HTTP_ACCEPT="text/markdown"),
        dict(HTTP_AUTHORIZATION="Basic ZXZpbDpldmls"),
    ],
    ids=str,
)
@pytest.mark.parametrize("address", ["/", "/about/", "/blog/hello/", "/contact/", "/link/"])
def test_no_header_gets_into_a_page_that_is_kept(ask, address, headers):
    poisoned = ask(address, **headers)
    assert is_marked(poisoned)
    cache.clear()
    clean = ask(address)
    for word in ("evil", "1337"):
        assert word not in poisoned.content.decode()
    changing = r'(value="\d{10}"|value="[0-9a-f]{40}")'  # the time in the form for comments
    assert re.sub(changing, "", poisoned.content.decode()) == re.sub(
        changing, "", clean.content.decode()
    )


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1337", "127.0.0.1"])
def test_a_forged_host_is_on_no_page_of_others(ask, host):
    ask("/link/", HTTP_HOST=host)
    assert ask("/link/").content == b"http://127.0.0.1:8000/"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/query/?a=1", "/query/?a=2"),
        ("/query/?a=1", "/query/?a=1&"),
        ("/query/?a=1", "/query/?a%3D1"),
        ("/query/?a=1", "/query/?A=1"),
        ("/query/", "/query/?"),
        ("/anyones/", "/anyones/?a"),
        ("/anyones/", "//anyones/"),
        ("/anyones/", "/anyones/%3Fa"),
        ("/anyones/", "/./anyones/"),
        ("/anyones/?x", "/anyones%3Fx"),
    ],
)
def test_another_address_is_another_page(ask, one, other):
    expected = ask(other).content
    cache.clear()
    ask(one)
    got = ask(other).content
    assert got == expected or got != ask(one).content


def test_http_and_https_have_pages_of_their_own(ask, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert ask("/link/").content == b"http://127.0.0.1:8000/"
    assert ask("/link/", HTTP_X_FORWARDED_PROTO="https").content == b"https://127.0.0.1:8000/"
    assert is_marked(ask("/link/", HTTP_X_FORWARDED_PROTO="https"))


def test_what_a_head_is_answered_is_no_page(ask):
    assert not ask("/body/", method="head").content
    page = ask("/body/")
    assert page.content == b"A body"
    assert ask("/body/", method="head")["Content-Length"] == page["Content-Length"]


def test_a_page_is_kept_compressed_and_shown_as_asked_for(ask):
    packed = ask("/", HTTP_ACCEPT_ENCODING="gzip")
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == ask("/").content
    assert not ask("/").has_header("Content-Encoding")


def test_a_page_of_a_member_is_not_compressed(ask):
    assert not ask("/", "member", HTTP_ACCEPT_ENCODING="gzip").has_header("Content-Encoding")


def test_the_last_good_page_is_not_shown_for_ever(ask, monkeypatch):
    assert ask("/is-broken/").status_code == 500  # for which NGINX shows it
    monkeypatch.setattr("page_cache.middleware.LAST_GOOD_SECONDS", -1)
    assert ask("/is-broken/").status_code == 503


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """A context after which what was written in it is committed."""

    def committed():
        connection.run_on_commit.clear()  # of what the test wrote before, and never commits
        return django_capture_on_commit_callbacks(execute=True)

    return committed


WRITES = {
    "saves": lambda: Page.objects.get(slug="about").save(),
    "deletes": lambda: RichTextPage.objects.get(slug="about/team").delete(),
    "updates": lambda: Page.objects.filter(slug="about").update(title="New"),
    "creates many": lambda: Page.objects.bulk_create([]) or Page.objects.create(title="x"),
    "writes SQL": lambda: connection.cursor().execute("UPDATE pages_page SET title = 'New'"),
    "adds to a relation": lambda: BlogPost.objects.get().related_posts.add(BlogPost.objects.get()),
}


@pytest.mark.parametrize("write", WRITES)
def test_whatever_is_written_begins_anew(ask, committed, write):
    before = ask("/anyones/").content
    with committed():
        WRITES[write]()
        assert ask("/anyones/").content == before  # others do not see it before it is committed
    assert ask("/anyones/").content != before


def test_sessions_and_logins_of_others_change_no_page(ask, committed, browse):
    before = ask("/anyones/").content
    with committed():
        visitor = browse("member")
        session = visitor.session
        session["seen"] = True
        session.save()
    assert ask("/anyones/").content == before


def test_what_is_written_for_one_site_begins_anew_on_all(ask, committed):
    before = ask("/anyones/").content
    with override_current_site_id(2), committed():
        Page.objects.filter(slug="about").update(title="New")
    assert ask("/anyones/").content != before


def test_a_page_that_was_made_while_another_was_saved_is_not_shown_afterwards(
    ask, committed, monkeypatch
):
    def make(request):
        body = Page.objects.get(slug="about").title
        with committed():
            Page.objects.filter(slug="about").update(title="After")
        return answer(body)

    view = next(pattern for pattern in urlpatterns if str(pattern.pattern) == "anyones/")
    monkeypatch.setattr(view, "callback", make)
    ask("/anyones/")
    monkeypatch.setattr(
        view, "callback", lambda request: answer(Page.objects.get(slug="about").title)
    )
    assert ask("/anyones/").content == b"After"


def test_an_edit_is_seen_at_once(ask, committed, browse):
    assert b"Edited" not in ask("/about/").content
    fields = fields_of(ask("/about/", "admin"), ".middle .editable-form")
    with committed():
        browse("admin").post("/edit/", fields | {"content": "<p>Edited</p>"})
    assert b"Edited" in ask("/about/").content


def test_a_draft_is_for_staff(ask, committed):
    with committed():
        Page.objects.filter(slug="about").update(status=CONTENT_STATUS_DRAFT)
    assert ask("/about/", "admin").status_code == 200
    assert ask("/about/").status_code == 404


def test_no_page_is_kept_while_developing(ask, settings):
    settings.PAGE_CACHE_SECONDS = 0
    assert ask("/anyones/").content != ask("/anyones/").content


# Every address of the site


def test_nothing_of_a_visitor_gets_into_the_page_of_another(ask):
    """Visitors, with names, cookies and headers of their own, ask for every address of the site."""
    users = get_user_model().objects
    users.create_user("editor", is_staff=True)
    users.update(email="a-marker@example.com")
    users.exclude(username="admin").update(first_name="a-marker")  # the author of the blog
    cookies = "; ".join(f"{name}=a-marker" for name in ("theme", "mezzanine-comment-name"))
    headers = {"HTTP_REFERER": "http://a-marker/", "HTTP_USER_AGENT": "a-marker"}
    addresses = {*patterns(get_resolver("test_page_cache"), "1"), "/about/", "/blog/hello/"}
    kept = set()
    for address in sorted(addresses | {"/contact/", "/gallery/", "/search/?q=about"}):
        marked = ask(address, cookies=cookies, **headers)
        if is_marked(marked) or is_marked(ask(address)):
            kept.add(address)
            for user in ("member", "editor", "admin"):
                assert not is_marked(ask(address, user, cookies=cookies, **headers))
            for page in (marked, ask(address)):
                assert "a-marker" not in page.content.decode(), address
    assert {"/", "/about/", "/blog/", "/blog/hello/", "/contact/", "/gallery/"} <= kept
    of_users = {address for address in kept if address.startswith(("/admin/", "/accounts/"))}
    assert of_users == {"/admin/displayable_links.js"}  # Mezzanine lets everybody see these links


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/signup/", "/admin/login/"])
def test_where_one_logs_in_is_always_fresh_and_holds_a_token(ask, address):
    response = ask(address)
    assert not is_marked(response)
    assert "no-cache" in response["Cache-Control"]
    assert "csrfmiddlewaretoken" in response.content.decode()


# Forms


@pytest.fixture
def browser(browse):
    """A browser that does not let forms pass without Django's checks."""
    client = browse()
    client.handler.enforce_csrf_checks = True
    return client


def test_a_comment_is_written_from_a_page_that_was_kept(ask, browser):
    ask("/blog/hello/")
    fields = fields_of(ask("/blog/hello/"), 'form[action^="/comment/"]')
    assert "csrfmiddlewaretoken" not in fields
    fields |= {"name": "Zoë", "email": "zoe@example.com", "comment": "Good"}
    response = browser.post("/comment/", fields, HTTP_ORIGIN=ORIGIN)
    assert response.status_code == 302
    assert ThreadedComment.objects.get().user_name == "Zoë"
    assert set(response.cookies) == {"just-sent"}  # no name, no address
    page = browser.get("/blog/hello/")
    assert b"Good" in page.content
    assert not is_marked(page)


def test_a_page_that_was_kept_can_be_rated(ask, browser):
    fields = fields_of(ask("/blog/hello/"), 'form[action="/rating/"]')
    browser.post("/rating/", fields | {"value": "4"}, HTTP_ORIGIN=ORIGIN)
    assert BlogPost.objects.get().rating_sum == 4
    assert not is_marked(browser.get("/blog/hello/"))  # without the form


def test_the_contact_form_of_a_page_that_was_kept_arrives(ask, browser):
    fields = fields_of(ask("/contact/"), ".mezzanine-form")
    answers = ["Zoë", "zoe@example.com", "Support", "Hello"]
    fields |= zip([name for name in fields if name.startswith("field_")], answers, strict=True)
    assert browser.post("/contact/", fields, HTTP_ORIGIN=ORIGIN).status_code == 302
    assert Form.objects.get().entries.count() == 1


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


def test_who_has_a_session_needs_a_token_as_well(browser):
    browser.cookies.load("sessionid=unknown")
    assert browser.post("/contact/", {}, HTTP_ORIGIN=ORIGIN).status_code == 403


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
    for address in ("/blog/hello/", "/contact/"):
        html = browse("member").get(address).content.decode()
        forms = re.findall(r'<form[^>]*method="post".*?</form>', html, re.S)
        assert forms
        assert [form for form in forms if "csrfmiddlewaretoken" not in form] == []


def test_the_form_for_comments_is_filled_in_for_who_is_logged_in(browse):
    fields = fields_of(browse("member").get("/blog/hello/"), 'form[action^="/comment/"]')
    assert (fields["name"], fields["email"]) == ("member", "member@example.com")


def test_nginx_asks_django_for_whoever_has_a_cookie_that_matters():
    template = (project_settings.BASE_DIR / "deploy/nginx.conf.template").read_text("utf-8")
    (names,) = re.findall(r"\(\?:([\w|-]+)\)\\s\*=", template)
    assert set(names.split("|")) == visitors_cookies()


def test_the_home_page_asks_the_database_at_most_four_times(ask, django_assert_max_num_queries):
    ask("/")
    cache.clear()
    with django_assert_max_num_queries(4):
        ask("/")
