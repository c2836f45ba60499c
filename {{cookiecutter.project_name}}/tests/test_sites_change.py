"""Sites that change, in many threads, tasks and processes, and Mezzanine's own ways to them."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.contrib.sites.models import Site
from django.contrib.sites.shortcuts import get_current_site
from django.core.asgi import get_asgi_application
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from mezzanine.core.request import current_request
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import current_site_id, override_current_site_id
from site_urls import site_at

from multisite.hosts import Hosts, hosts
from multisite.middleware import SiteMiddleware
from multisite.models import HostRevision, SiteAlias
from page_cache import missing


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
        assert (await server.receive_output(timeout=60))["status"] == 200
        return (await server.receive_output(timeout=60))["body"].decode()

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


def test_another_process_sees_a_change_when_it_looks_again(sites, add_site, monkeypatch):
    monkeypatch.setattr("multisite.hosts.REFRESH", 3600)
    other = Hosts()
    other.refresh()
    add_site("new.example")
    other.refresh()
    assert other.find("new.example") is None  # it looked less than an hour ago
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


def test_a_page_that_is_made_while_its_site_is_removed_is_not_found_either(sites, monkeypatch):
    page_not_found = missing.mezzanine.page_not_found

    def while_removed(request, *arguments, **options):
        Site.objects.filter(domain="two.example").delete()
        hosts.expire()
        hosts.refresh()
        return page_not_found(request, *arguments, **options)

    monkeypatch.setattr(missing.mezzanine, "page_not_found", while_removed)
    client = Client(HTTP_HOST="two.example", raise_request_exception=False)
    assert client.get("/nowhere/").status_code == 404
    assert client.get("/nowhere/").content.startswith(b"There is no site")


def test_a_domain_is_stored_as_browsers_send_it(db):
    for domain, stored in [("Four.Example.", "four.example"), ("Ü.example", "xn--tda.example")]:
        assert Site.objects.create(domain=domain, name="x").domain == stored


def test_one_row_marks_all_changes(sites, add_site):
    before = HostRevision.objects.get()
    add_site("new.example")
    assert HostRevision.objects.get().value != before.value
