"""Which site a request is for: by session, host, MEZZANINE_SITE_ID or SITE_ID."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.contrib.sites.shortcuts import get_current_site
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path
from mezzanine.core.models import SitePermission
from mezzanine.core.request import current_request
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import current_site_id, override_current_site_id

from multisite.for_settings import environment_site_id
from multisite.hosts import Hosts, hosts
from multisite.middleware import SessionSiteMiddleware, SiteMiddleware
from multisite.models import HostRevision, SiteAlias


def shown(request):
    return HttpResponse(f"{current_site_id()} {request.site_id} {request.site_source}")


def streamed(request):
    return StreamingHttpResponse(f"{current_site_id()} " for _ in range(3))


async def shown_by_a_coroutine(request):
    await asyncio.sleep(0)
    site_id = await sync_to_async(current_site_id)()
    return HttpResponse(f"{site_id} {current_site_id()} {get_current_site(request).domain}")


def of_a_removed_site(request):
    return HttpResponse(Site.objects.get(id=-1))


urlpatterns = [
    path("shown/", shown),
    path("streamed/", streamed),
    path("async/", shown_by_a_coroutine),
    path("removed/", of_a_removed_site),
    path("", include(settings.ROOT_URLCONF)),
]


@pytest.fixture
def sites(settings, add_site):
    """Three sites, the second with an alias; the URLs above tell which one is seen."""
    settings.ROOT_URLCONF = "test_sites"
    add_site("two.example", alias=["zwei.example"])
    add_site("www.three.example")
    add_site("münchen.example")
    return {site.domain: site.pk for site in Site.objects.all()}


def site_at(host, url="/shown/", **options):
    return Client(HTTP_HOST=host, raise_request_exception=False, **options).get(url)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("127.0.0.1:8000", "127.0.0.1:8000"),
        ("two.example", "two.example"),
        ("two.example:80", "two.example"),
        ("two.example:8000", "two.example"),
        ("TWO.Example", "two.example"),
        ("two.example.", "two.example"),
        ("two.example.:443", "two.example"),
        ("www.three.example", "www.three.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
    ],
)
def test_a_host_shows_its_own_site(sites, host, domain):
    site_id = sites[domain]
    assert site_at(host).content.decode() == f"{site_id} {site_id} host"


@pytest.mark.parametrize(
    "host",
    [
        *["example.net", "two.example.net", "a.two.example", "xtwo.example", "two.exampl"],
        *["127.0.0.1:9", "127.0.0.1", "localhost", "[::1]", "[::1]:8000", "10.0.0.1", "com", "."],
    ],
)
def test_a_host_of_no_site_is_not_answered_with_another(sites, host):
    response = site_at(host)
    assert response.status_code in (400, 404)
    assert b"host" not in response.content


@pytest.mark.parametrize("host", ["two.example/", "two.example@evil", "a b", "", "two.example:x"])
def test_what_is_no_host_is_a_bad_request(sites, host):
    assert site_at(host).status_code == 400


def test_a_forwarded_host_is_not_believed(sites):
    response = site_at("two.example", headers={"X-Forwarded-Host": "www.three.example"})
    assert response.content.decode().startswith(f"{sites['two.example']} ")


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("zwei.example", "http://two.example/shown/?a=b"),
        ("ZWEI.example.:8000", "http://two.example:8000/shown/?a=b"),
        ("www.two.example", "http://two.example/shown/?a=b"),
        ("www.zwei.example", "http://two.example/shown/?a=b"),
        ("three.example", "http://www.three.example/shown/?a=b"),
    ],
)
def test_another_name_of_a_site_leads_to_its_domain(sites, host, target):
    response = site_at(host, "/shown/?a=b")
    assert (response.status_code, response["Location"]) == (301, target)
    posted = Client(HTTP_HOST=host).post("/shown/?a=b")
    assert (posted.status_code, posted["Location"]) == (308, target)


def test_where_all_is_encrypted_an_alias_leads_to_an_encrypted_address(sites, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert site_at("zwei.example")["Location"] == "https://two.example/shown/"


def test_one_site_alone_answers_for_each_host_that_is_allowed(settings, db):
    settings.ROOT_URLCONF, settings.ALLOWED_HOSTS = "test_sites", ["10.0.0.1"]
    assert site_at("10.0.0.1").content == b"1 1 default"
    assert site_at("10.0.0.2").status_code == 404


@pytest.mark.parametrize("setting", ["SITE_FALLBACK", "DEBUG"])
def test_where_it_is_allowed_another_host_shows_the_first_site(sites, settings, setting):
    setattr(settings, setting, True)
    assert site_at("localhost:9").content == b"1 1 default"


def test_the_environment_decides_before_the_default(sites, settings, monkeypatch):
    settings.SITE_FALLBACK = True
    monkeypatch.setenv("MEZZANINE_SITE_ID", str(sites["two.example"]))
    site_id = sites["two.example"]
    assert site_at("example.net").content.decode() == f"{site_id} {site_id} environment"
    assert site_at("127.0.0.1:8000").content == b"1 1 host"
    assert current_site_id() == site_id


@pytest.mark.parametrize("value", ["0", "-1", "abc", "1.0", "２", "1 2", "999"])
def test_a_bad_site_in_the_environment_never_means_the_default(sites, settings, monkeypatch, value):
    settings.SITE_FALLBACK = True
    monkeypatch.setenv("MEZZANINE_SITE_ID", value)
    assert site_at("example.net").status_code == 500


@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_environment_is_none(monkeypatch, value):
    monkeypatch.setenv("MEZZANINE_SITE_ID", value)
    assert environment_site_id() is None


def test_a_bad_site_in_the_environment_is_named(monkeypatch):
    monkeypatch.setenv("MEZZANINE_SITE_ID", "abc")
    with pytest.raises(ImproperlyConfigured, match="MEZZANINE_SITE_ID is 'abc'"):
        environment_site_id()


@pytest.fixture
def editor(db):
    """A member of staff, with a function that lets them edit those sites and no other."""
    user = get_user_model().objects.create_user("editor", password="x", is_staff=True)

    def may_edit(*site_ids):
        SitePermission.objects.get_or_create(user=user)[0].sites.set(site_ids)

    user.may_edit = may_edit
    return user


def visit(username, site_id):
    """Return what the first site shows to that user, whose session names the site of that ID."""
    client = Client(HTTP_HOST="127.0.0.1:8000")
    if username:
        client.force_login(get_user_model().objects.get(username=username))
    session = client.session
    session["site_id"] = site_id
    session.save()
    client.cookies["sessionid"] = session.session_key
    shown = client.get("/shown/").content.decode().split(" ", 1)[1]
    return shown, client.session.get("site_id")


def test_the_session_decides_for_those_who_may_edit_the_site(sites, editor):
    two = sites["two.example"]
    editor.may_edit(two)
    for username in ("admin", "editor", None):
        assert visit(username, two) == (f"{two} session", two)
        assert visit(username, str(two))[0] == f"{two} session"


def test_the_session_is_not_believed_for_others(sites, editor):
    two = sites["two.example"]
    assert visit("member", two) == ("1 host", None)
    assert visit("editor", two) == ("1 host", None)
    editor.may_edit(1)
    assert visit("editor", two) == ("1 host", None)


@pytest.mark.parametrize("site_id", [999, 0, -1, "abc", "", None, [2], 10**30])
def test_a_session_that_names_no_site_is_ignored(sites, site_id):
    assert visit("admin", site_id) == ("1 host", None)


def test_nobody_looks_for_a_session_where_there_is_no_cookie(rf):
    request = rf.get("/")
    assert not hasattr(request, "session")
    assert SessionSiteMiddleware(lambda request: "answer")(request) == "answer"


def test_nothing_is_left_on_the_thread(sites):
    for host in ("two.example", "example.net", "zwei.example", "a b"):
        site_at(host)
        assert current_request() is None
        assert current_site_id() == 1


def test_what_is_streamed_is_of_the_same_site(sites):
    two = sites["two.example"]
    response = site_at("two.example", "/streamed/")
    assert [part.decode() for part in response.streaming_content] == [f"{two} "] * 3
    assert current_request() is None


def test_threads_do_not_see_each_others_site(sites):
    barrier = threading.Barrier(8)
    domains = ["two.example", "www.three.example"] * 4

    def ask(domain):
        barrier.wait()
        with override_current_site_id(sites[domain]):
            return {current_site_id() for _ in range(1000)}

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, domains)) == [{sites[domain]} for domain in domains]


def test_tasks_of_an_event_loop_do_not_see_each_others_site(sites, settings, monkeypatch):
    # They run in threads of their own, which the rows of this test do not reach.
    settings.MIDDLEWARE = ["multisite.middleware.SiteMiddleware"]
    hosts.refresh()
    monkeypatch.setattr("multisite.hosts.REFRESH", 3600)
    domains = ["two.example", "www.three.example", "127.0.0.1:8000"] * 8

    async def ask(domain):
        headers = [(b"host", domain.encode())]
        scope = {"type": "http", "method": "GET", "path": "/async/", "headers": headers}
        server = ApplicationCommunicator(get_asgi_application(), scope)
        await server.send_input({"type": "http.request"})
        assert (await server.receive_output())["status"] == 200
        return (await server.receive_output())["body"].decode()

    async def ask_all():
        return await asyncio.gather(*map(ask, domains))

    expected = [f"{sites[domain]} {sites[domain]} {domain}" for domain in domains]
    assert async_to_sync(ask_all)() == expected


def test_overrides_are_nested(sites):
    two, three = sites["two.example"], sites["www.three.example"]
    with override_current_site_id(two):
        with override_current_site_id(three):
            assert current_site_id() == three
        assert current_site_id() == two
    assert current_site_id() == 1


def test_looking_at_the_parents_of_a_page_does_not_change_the_site(sites):
    with override_current_site_id(sites["two.example"]):
        parent = RichTextPage.objects.create(title="Parent")
        child = RichTextPage.objects.create(title="Child", parent=parent)
        Page.objects.get(pk=child.pk).get_ascendants()
        assert RichTextPage.objects.create(title="Next").site_id == sites["two.example"]


def test_django_knows_the_same_site_as_mezzanine(sites):
    with override_current_site_id(sites["two.example"]):
        assert get_current_site(None).domain == "two.example"
    request = RequestFactory().get("/")
    request.site_id = sites["www.three.example"]
    assert get_current_site(request).domain == "www.three.example"


def test_the_first_request_after_a_change_sees_it(sites, add_site):
    assert site_at("new.example").status_code == 404
    site = add_site("new.example")
    assert site_at("new.example").content.decode() == f"{site.pk} {site.pk} host"
    site.domain = "newer.example"
    site.save()
    assert site_at("new.example").status_code == 404
    assert site_at("newer.example").status_code == 200
    SiteAlias.objects.create(site=site, host="new.example")
    assert site_at("new.example").status_code == 301
    site.delete()
    assert site_at("newer.example").status_code == 404
    assert site_at("new.example").status_code == 404


def test_another_process_sees_a_change_when_it_looks_again(sites, add_site):
    other = Hosts()
    other.refresh()
    add_site("new.example")
    other.refresh()
    assert other.find("new.example") is None  # it looked less than a second ago
    other.expire()
    other.refresh()
    assert other.find("new.example") == Site.objects.get(domain="new.example").pk


def test_a_change_past_django_is_seen_when_all_is_read_again(sites, monkeypatch):
    site_at("two.example")
    Site.objects.filter(domain="two.example").update(domain="four.example")
    assert site_at("four.example").status_code == 404
    hosts.expire()
    assert site_at("four.example").status_code == 404
    monkeypatch.setattr("multisite.hosts.RELOAD", 0)
    hosts.expire()
    assert site_at("four.example").status_code == 200


@pytest.mark.parametrize("host", ["two.example", "www.three.example", "nobody.example", "x.net"])
def test_once_the_sites_are_known_finding_one_takes_no_query(
    sites, host, rf, django_assert_num_queries, monkeypatch
):
    decide = SiteMiddleware(lambda request: HttpResponse())
    decide(rf.get("/", headers={"host": host}))
    monkeypatch.setattr("multisite.hosts.REFRESH", 3600)
    with django_assert_num_queries(0):
        for name in (host, f"www.{host}", f"a.{host}", f"b.{host}", host):
            decide(rf.get("/", headers={"host": name}))


def test_while_the_database_fails_the_known_sites_are_found(sites):
    hosts.refresh()
    connection.cursor().execute("ALTER TABLE multisite_hostrevision RENAME TO away")
    hosts.expire()
    hosts.refresh()
    assert hosts.find("two.example") == sites["two.example"]
    with pytest.raises(DatabaseError):
        Hosts().refresh()


def test_two_sites_may_differ_by_their_port_alone(sites, add_site):
    pks = {port: add_site(f"ports.example:{port}").pk for port in (8001, 8002)}
    for port, pk in pks.items():
        assert site_at(f"ports.example:{port}").content.decode() == f"{pk} {pk} host"
    assert site_at("ports.example:8003").status_code == 404


def test_a_site_that_was_removed_a_moment_ago_is_not_found(sites):
    assert site_at("two.example", "/removed/").status_code == 404


def test_a_domain_is_stored_as_browsers_send_it(db):
    for domain, stored in [("Four.Example.", "four.example"), ("Ü.example", "xn--tda.example")]:
        assert Site.objects.create(domain=domain, name="x").domain == stored


def test_one_row_marks_all_changes(sites, add_site):
    before = HostRevision.objects.get()
    add_site("new.example")
    assert HostRevision.objects.get().value != before.value
