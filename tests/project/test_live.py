"""A project under its live settings, on the real PostgreSQL, memcached and gunicorn."""

import itertools
import json
import re
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from servers import CSRF_COOKIE, HOST, SESSION_COOKIE, Visitor, wait_until


def test_djangos_checks_for_a_live_site_find_nothing_but_that_there_is_no_mail_server(live):
    run = live.manage("check", "--deploy", "--fail-level=WARNING")
    assert re.findall(r"\(([\w.]+)\)", run.stderr.partition("System check identified 1 ")[0]) == [
        "mail.I001"
    ]


def test_no_migration_is_waiting_or_missing(live):
    live.manage("migrate", "--check")
    live.manage("makemigrations", "--check", "multisite", "staff", "theme", "feeds")


def test_createdb_run_again_changes_nothing(live):
    before = live.manage("dumpdata", "--all").stdout
    live.manage("createdb", "--noinput", "--nodata")
    assert live.manage("dumpdata", "--all").stdout == before


def test_the_home_page_has_the_title_of_the_site(visitor):
    assert re.search(r"<title>[^<]*Mysite[^<]*</title>", visitor.open("/").text)


def test_browsers_are_sent_to_https_and_told_to_keep_to_it_where_they_trust_the_name(live, visitor):
    answer = visitor.open("/blog/?page=2", **{"X-Forwarded-Proto": "http"})
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/blog/?page=2")
    assert visitor.open("/").headers["Strict-Transport-Security"] is None
    trusted = Path(live.path, "certificates/trusted")
    trusted.mkdir(parents=True)
    (trusted / HOST).write_text("3600")
    assert visitor.open("/").headers["Strict-Transport-Security"] == "max-age=3600"
    shutil.rmtree(trusted.parent)


def test_another_host_name_is_refused(visitor):
    assert visitor.open("/", Host="evil.example.net").status == 404


@pytest.mark.parametrize("page", ["/", "/blog/", "/admin/login/"])
def test_static_files_are_linked_under_hashed_names_and_exist(live, visitor, page):
    links = re.findall(r"""(?:href|src)=["']/static/([^"'?#]+)""", visitor.open(page).text)
    assert links
    assert [link for link in links if not re.search(r"\.[0-9a-f]{12}\.", link)] == []
    assert [link for link in links if not Path(live.path, "static", link).is_file()] == []


def test_cookies_are_only_sent_over_https(administrator):
    secure = {name: cookie["secure"] for name, cookie in administrator.cookies.items()}
    assert secure == {CSRF_COOKIE: True, "just-sent": True, SESSION_COOKIE: True}


def test_robots_and_search_engines_are_given_addresses_of_the_live_site(visitor):
    assert f"Sitemap: https://{HOST}/sitemap.xml\n" in visitor.open("/robots.txt").text
    locations = re.findall(r"<loc>(.*?)</loc>", visitor.open("/sitemap.xml").text)
    assert {url.partition(HOST)[0] for url in locations} == {"https://"}


def test_an_edited_page_is_seen_at_once(administrator, database, visitor):
    edit = {"app": "homepage", "model": "homepage", "fields": "title", "title": "Zuhause, 家"}
    home = database.sql("SELECT id FROM pages_page WHERE slug = '/'")
    answer = administrator.open("/edit/", {**edit, "id": home})
    assert (answer.status, answer.text) == (200, "")
    assert "Zuhause, 家" in visitor.open("/").text


def test_connections_to_postgresql_are_kept_and_replaced_when_it_restarts(visitor, database):
    assert visitor.open("/").status == 200
    kept = "SELECT count(*) > 0 FROM pg_stat_activity WHERE usename = 'mysite' AND state = 'idle'"
    wait_until(lambda: database.sql(kept) == "t")
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mysite'")
    assert [visitor.open("/").status for _ in range(16)] == [200] * 16


def test_many_visitors_are_served_at_the_same_time(live):
    pages = ["/", "/blog/", "/admin/login/", "/sitemap.xml"] * 8
    with ThreadPoolExecutor(16) as visitors:
        answers = list(visitors.map(lambda page: Visitor(live.port).open(page), pages))
    assert [answer.status for answer in answers] == [200] * 32


PAST_EXECUTE = """
import json
from django.db import connection
from page_cache import generation, reads

def several(cursor):
    cursor.execute("SELECT 1; SELECT 2")
    cursor.nextset()
    return cursor.fetchall()

def taken(cursor):
    with cursor.copy("COPY (SELECT 3) TO STDOUT") as copy:
        return list(copy.rows())

def given(cursor):
    cursor.execute("CREATE TEMPORARY TABLE loaves (weight int)")
    generation.begin()
    before = generation.current_with()[0]
    with cursor.copy("COPY loaves FROM STDIN") as copy:
        copy.write_row((5,))
    return generation.current_with()[0] != before

def called(cursor):
    cursor.callproc("lower", ["RYE"])
    return cursor.fetchall()

found = []
for do in (several, taken, given, lambda cursor: list(cursor.stream("SELECT 4")), called):
    with reads.recorded(reads.Reads()) as page, generation.noticed() as writes:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'of before'")
            found.append([do(cursor), page.complete and not writes])
print(json.dumps(found))
"""


def test_what_is_asked_of_the_driver_itself_is_answered_and_is_on_no_page_that_is_kept_for_long(
    live,
):
    answers = json.loads(live.manage("shell", "-v0", "-c", PAST_EXECUTE).stdout)
    assert answers == [[each, False] for each in ([[2]], [["3"]], True, [[4]], [["rye"]])]


def test_nobody_notices_that_memcached_is_away(visitor, administrator, database, memcached):
    kept = "SELECT count(*) FROM django_session WHERE session_key = :'key'"
    assert database.sql(kept, key=administrator.cookies[SESSION_COOKIE].value) == "1"
    assert memcached.stored() > 0
    memcached.stop()
    try:
        assert visitor.open("/").status == 200
        assert visitor.log_in().status == 302
        assert visitor.open("/admin/logout/", {"log": "out"}).status == 200
        assert administrator.open("/admin/").status == 200  # 302 when not logged in
    finally:
        memcached.start()

    def is_used_again():
        assert administrator.open("/admin/").status == 200
        return memcached.stored() > 0

    wait_until(is_used_again)


def seen_at(port, host):
    """Return the statuses of many answers, so of each worker, for a host: a set."""
    return {Visitor(port).open("/sitemap.xml", Host=host).status for _ in range(24)}


def test_sites_come_change_and_go_under_load_without_a_restart_or_an_error(live):
    paths = ["/", "/sitemap.xml", "/blog/feeds/rss/", "/robots.txt"]
    hosts = [HOST, "two.example", "three.example", "zwei.example", "four.example"]
    done, statuses = Event(), Counter()

    def visit(number):
        while not done.is_set():
            for path, host in itertools.product(paths, hosts):
                statuses[Visitor(live.port).open(path, Host=host).status] += 1

    rename = (
        "from django.contrib.sites.models import Site as S; s = S.objects.get(domain='two.example')"
    )
    with ThreadPoolExecutor(4) as visitors:
        visits = [visitors.submit(visit, number) for number in range(4)]
        try:
            live.manage("addsite", "two.example", "--alias", "zwei.example")
            wait_until(lambda: seen_at(live.port, "two.example") == {200})
            wait_until(lambda: seen_at(live.port, "zwei.example") == {301})
            live.manage("shell", "-c", f"{rename}; s.domain = 'three.example'; s.save()")
            wait_until(lambda: seen_at(live.port, "three.example") == {200})
            wait_until(lambda: seen_at(live.port, "two.example") == {404})
            live.manage("removesite", "three.example")
            wait_until(lambda: seen_at(live.port, "three.example") == {404})
        finally:
            done.set()
        assert [visit.result() for visit in visits] == [None] * 4
    assert statuses.keys() == {200, 301, 404}, live.log()[-5000:]


# A view of one's own: where those of Django and Mezzanine look for such a row, there is none.
VIEW = """

def titles(request, start):
    from django.http import HttpResponse
    from mezzanine.pages.models import Page

    return HttpResponse(Page.objects.values_list("title", flat=True)[start : start + 1])


urlpatterns.insert(0, path("titles/<int:start>/", titles))
"""


def test_a_number_that_postgresql_cannot_hold_is_not_found(live, visitor):
    with Path(live.path, "mysite/urls.py").open("a") as urls:
        urls.write(VIEW)
    live.stop()
    live.start()
    assert visitor.open("/titles/0/").status == 200
    assert visitor.open(f"/titles/{2**63}/").status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        *[
            ({"Host": f"{HOST}:80"}, 200),
            ({"Host": f"{HOST}."}, 200),
            ({"Host": HOST.upper()}, 200),
        ],
        *[({"Host": "evil.example"}, 404), ({"Host": f"{HOST}.evil.example"}, 404)],
        *[({"Host": "127.0.0.1"}, 404), ({"Host": "xn--tda.example"}, 404)],
        *[({"Host": "a b"}, 400), ({"Host": f"{HOST}/"}, 400), ({"Host": "ü.example"}, 400)],
        ({"Host": "evil.example", "X-Forwarded-Host": HOST}, 404),
        ({"X-Forwarded-Host": "evil.example"}, 200),
    ],
)
def test_a_forged_host_is_shown_no_site(visitor, headers, status):
    headers = {name: value.encode() for name, value in headers.items()}
    assert visitor.open("/", **headers).status == status


def test_no_code_of_the_project_is_deprecated(live, administrator):
    for page in ("/", "/blog/", "/search/?q=home", "/admin/", "/admin/pages/page/"):
        assert administrator.open(page).status == 200
    own_code = re.compile(rf"{re.escape(str(live.path))}/.*Warning: .*")
    assert own_code.findall(live.manage("check").stderr + live.log()) == []


def test_neither_django_nor_gunicorn_had_an_error(live):
    errors = re.compile(r"Internal Server Error.*|\[(?:ERROR|CRITICAL|WARNING)\].*")
    assert errors.findall(live.log()) == []


def test_errors_are_written_where_they_can_be_read(live):
    code = "import logging; logging.getLogger('django.request').error('seen')"
    assert "seen" in live.manage("shell", "-c", code).stderr
