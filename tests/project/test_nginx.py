"""The live site behind its own NGINX: whose page comes from memory, and whose from Django."""

import gzip
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from servers import HOST, SESSION_COOKIE, wait_until
from webserver import kept, new_page


def at_once(nginx, path, number):
    """Ask for a page that many times, 16 at once; return the answers."""
    with ThreadPoolExecutor(16) as visitors:
        return list(visitors.map(lambda _: nginx.open(path), range(number)))


def test_a_stranger_is_not_believed_about_who_they_are(nginx):
    nginx.open("/stranger", **{"X-Forwarded-For": "203.0.113.9"})
    log = nginx.folder / "mysite.access.log"
    wait_until(lambda: " /stranger " in log.read_text())
    line = next(line for line in log.read_text().splitlines() if " /stranger " in line)
    assert line.startswith("127.0.0.1 ")
    assert nginx.http.open("/", **{"X-Forwarded-Proto": "https"}).status == 307


def test_each_answer_has_an_id_that_no_visitor_chooses_and_the_log_has_it(nginx):
    chosen = "0" * 32
    paths = ["/", "/", "/nowhere/", "/static/none", "/media/none", "/.well-known/acme-challenge/x"]
    answers = [nginx.open(path, **{"X-Request-ID": chosen}) for path in paths]
    ids = [answer.headers.get_all("X-Request-ID") for answer in answers]
    assert [len(each) for each in ids] == [1] * len(paths)
    assert len({each[0] for each in ids} - {chosen}) == len(paths)  # also of a page from memory
    log = nginx.folder / "mysite.access.log"
    wait_until(lambda: f" {ids[-1][0]}\n" in log.read_text())
    assert f" {ids[0][0]}\n" in log.read_text()


def test_a_page_comes_from_memory_until_the_second_is_over(nginx):
    new_page(nginx)
    answers = [nginx.open("/") for _ in range(20)]
    assert len({answer.text for answer in answers}) == 1
    assert [kept(answer) for answer in answers].count("HIT") >= 18
    new_page(nginx)


def test_one_request_a_second_reaches_django(nginx):
    new_page(nginx)
    begin = int(time.time())
    answers = at_once(nginx, "/", 1000)
    made = [answer for answer in answers if kept(answer) not in ("HIT", "UPDATING")]
    assert {answer.status for answer in answers} == {200}
    assert len(made) <= int(time.time()) - begin + 1


def test_many_who_ask_for_a_page_that_nobody_has_seen_make_it_once(nginx):
    for number in range(8):  # both of Django's processes have compiled the templates
        nginx.open(f"/about/?{number}")
    answers = at_once(nginx, "/about/?nobody", 16)
    assert [kept(answer) for answer in answers].count("MISS") == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": f"{SESSION_COOKIE}=x"},
        {"Cookie": "a=b;messages=x"},
        {"Cookie": "a=b; just-sent =1"},
        {"Content-Type": "application/json"},
    ],
    ids=str,
)
def test_whoever_has_a_header_that_matters_is_answered_by_django(nginx, headers):
    new_page(nginx)
    assert kept(nginx.open("/", **headers)) == "BYPASS"


def test_cookies_of_others_do_not_matter(nginx):
    new_page(nginx)
    answers = [nginx.open("/", Cookie="_ga=GA1.2.3; notsessionid=x") for _ in range(5)]
    assert {kept(answer) for answer in answers} <= {"HIT", "EXPIRED"}


def test_who_is_logged_in_is_on_no_page_of_others(nginx, administrator):
    editor = nginx.visitor()
    editor.cookies = administrator.cookies
    for _ in range(3):
        for path in ("/", "/blog/", "/contact/", "/search/?q=home"):
            assert "js/editable." in editor.open(path).text
            assert "js/editable." not in nginx.open(path).text


def test_an_edit_of_staff_is_seen_by_all_at_once(nginx, administrator, database):
    edit = {"app": "homepage", "model": "homepage", "fields": "title"}
    home = database.sql("SELECT id FROM pages_page WHERE slug = '/'")
    for number in range(20):
        nginx.open("/")
        title = f"Title {number}"
        administrator.open("/edit/", {**edit, "id": home, "title": title})
        assert title in nginx.open("/").text


def test_once_an_edit_was_seen_nobody_is_shown_the_page_before(nginx, administrator, database):
    edit = {"app": "homepage", "model": "homepage", "fields": "title"}
    home = database.sql("SELECT id FROM pages_page WHERE slug = '/'")
    for number in range(4):
        at_once(nginx, "/", 16)
        title = f"Again {number}"
        administrator.open("/edit/", {**edit, "id": home, "title": title})
        assert title in nginx.open("/").text
        end = int(time.time()) + 2
        while time.time() < end:  # over the border of the second
            assert [title in answer.text for answer in at_once(nginx, "/", 16)] == [True] * 16


def test_what_others_write_is_seen_when_the_second_is_over(nginx, live):
    for number in range(3):
        nginx.open("/")
        title = f"Written {number}"
        rename = f"Page.objects.filter(slug='/').update(title={title!r})"
        live.manage("shell", "-c", f"from mezzanine.pages.models import Page; {rename}")
        assert title in new_page(nginx).text


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Proto": "http"},
        {"X-Forwarded-For": "evil"},
        {"X-Original-URL": "/admin/"},
        {"X-Accel-Expires": "600"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"Forwarded": "host=evil.example;proto=http"},
        {"Referer": "https://evil.example/"},
        {"User-Agent": "evil"},
        {"Accept-Language": "evil"},
        {"Accept-Encoding": "evil"},
        {"Origin": "https://evil.example"},
        {"Authorization": "Basic ZXZpbDpldmls"},
        {"Range": "bytes=0-3"},
        {"If-None-Match": "*"},
        {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"Host": "www.example.com:1337"},
        {"Host": "WWW.EXAMPLE.COM"},
        {"Cache-Control": "no-cache"},
    ],
    ids=str,
)
def test_no_header_of_one_changes_the_page_of_the_next(nginx, headers):
    path = f"/contact/?{secrets_of(headers)}"
    first = nginx.open(path, **headers)
    second = nginx.open(path)
    assert second.status == 200
    assert "evil" not in second.text
    assert "1337" not in second.text
    assert second.text.rstrip().endswith("</html>")
    assert second.text == nginx.open("/contact/").text
    assert first.status < 500


def secrets_of(headers):
    return re.sub(r"\W", "", str(headers))


def test_a_page_for_a_forged_host_is_nobody_elses(nginx):
    assert nginx.open("/about/?host", Host="evil.example").status == 404
    assert nginx.open("/about/?host").status == 200


@pytest.mark.parametrize("path", ["/about", "/%61bout/", "//about/", "/about/%2e%2e/", "/ABOUT/"])
def test_a_path_written_otherwise_is_another_page(nginx, path):
    wanted = new_page(nginx, "/about/")
    for _ in range(2):
        other = nginx.open(path)
        assert other.status in (200, 301, 404)
        assert nginx.open("/about/").status == wanted.status == 200


def test_a_head_and_a_get_do_not_get_in_each_others_way(nginx):
    for methods in (["HEAD", "GET", "HEAD"], ["GET", "HEAD", "GET"]):
        path = "/blog/?" + "".join(methods)
        for method in methods:
            answer = nginx.open(path, method=method)
            assert answer.status == 200
            assert bool(answer.body) == (method == "GET")


def test_a_get_with_a_body_is_not_kept(nginx):
    connection = nginx.visitor().connect()
    connection.request("GET", "/about/?fat", "replied_to=1", {"Host": HOST})
    assert kept(connection.getresponse()) == "MISS"
    assert kept(nginx.open("/about/?fat")) == "MISS"


def test_a_page_is_kept_compressed_and_unpacked_for_who_cannot_do_it(nginx):
    new_page(nginx)
    packed = nginx.open("/", **{"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    plain = nginx.open("/", **{"Accept-Encoding": "identity"})
    assert plain.headers["Content-Encoding"] is None
    assert plain.body == gzip.decompress(packed.body)
    kept = [path.read_bytes() for path in (nginx.folder / "pages").rglob("*") if path.is_file()]
    assert kept
    pages = [page for page in kept if b"HTTP/1.0 404 " not in page and b"HTTP/1.1 404 " not in page]
    assert [page for page in pages if b"\r\n\r\n\x1f\x8b" not in page] == []


def test_browsers_keep_no_page(nginx):
    for _ in range(2):
        assert nginx.open("/").headers["Cache-Control"] == "no-cache"
        assert nginx.open("/").headers["X-Accel-Expires"] is None
    assert "private" in nginx.open("/admin/login/").headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/login/"])
def test_what_is_not_public_is_made_each_time(nginx, path):
    assert [kept(nginx.open(path)) for _ in range(3)] == ["MISS"] * 3


@pytest.mark.parametrize("path", ["/robots.txt", "/sitemap.xml", "/nothing/", "/blog/feeds/rss/"])
def test_what_robots_ask_for_comes_from_memory(nginx, path):
    first = new_page(nginx, path)
    answers = [nginx.open(path) for _ in range(20)]
    assert [kept(answer) for answer in answers].count("HIT") >= 15
    assert {(answer.status, answer.text) for answer in answers} == {(first.status, first.text)}


def test_a_form_of_a_kept_page_is_taken_and_seen_at_once_by_who_sent_it(nginx, live, database):
    edits = set((live.path / "edits").iterdir())
    nginx.open("/contact/")
    page = nginx.open("/contact/").text
    assert "csrfmiddlewaretoken" not in page
    (field,) = re.findall(r'name="(field_\d+)"', page)
    sender = nginx.visitor()
    assert sender.open("/contact/", {field: "Hello"}).status == 302
    assert database.sql("SELECT value FROM forms_fieldentry") == "Hello"
    assert kept(sender.open("/contact/")) == "BYPASS"
    assert set((live.path / "edits").iterdir()) == edits  # other visitors are still shown the page
    elsewhere = {"Origin": "https://evil.example"}
    assert nginx.visitor().open("/contact/", {field: "Bye"}, **elsewhere).status == 403


def test_the_contents_of_static_files_come_compressed_and_may_be_kept_for_ever(nginx):
    (link,) = re.findall(r'href="(/static/css/theme\.[^"]+)"', nginx.open("/").text)
    answer = nginx.open(link, **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert (
        gzip.decompress(answer.body) == (nginx.folder / "current/project" / link[1:]).read_bytes()
    )
    assert answer.headers["Cache-Control"] == "max-age=315360000"
    shorter = nginx.open(link, **{"Accept-Encoding": "gzip, deflate, br"})
    assert shorter.headers["Content-Encoding"] == "br"
    assert len(shorter.body) < len(answer.body)
    for each in (answer, shorter):
        assert each.headers["Vary"] == "Accept-Encoding"
    assert nginx.open("/static/css/theme.css").headers["Cache-Control"] == "max-age=3600"


def stale(answer, good):
    assert answer.text == good
    return kept(answer) == "STALE"


@contextmanager
def away(database):
    """The database lets nobody in, nor keeps anybody."""
    database.sql("ALTER ROLE mysite NOLOGIN")
    try:
        database.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mysite'"
        )
        yield
    finally:
        database.sql("ALTER ROLE mysite LOGIN")


def test_visitors_do_not_notice_that_the_database_is_away(nginx, live, database):
    good = new_page(nginx).text
    with away(database):
        live.manage("shell", "-c", "from django.core.cache import cache; cache.clear()")
        wait_until(lambda: stale(nginx.open("/"), good))
        log = nginx.folder / "mysite.failed.log"
        wait_until(lambda: '"GET / HTTP' in log.read_text())
        assert nginx.open("/", Cookie=f"{SESSION_COOKIE}=x").status == 500
    assert nginx.open("/", Cookie=f"{SESSION_COOKIE}=x").status == 200


def test_visitors_do_not_notice_that_django_is_away(nginx, live):
    good = new_page(nginx).text
    live.stop()
    try:
        wait_until(lambda: stale(nginx.open("/"), good))
        answer = nginx.open("/never/seen/")
        assert (answer.status, answer.headers["Content-Type"]) == (502, "text/html")
        assert "<h1>Back soon</h1>" in answer.text
    finally:
        live.start()
    assert new_page(nginx).status == 200


def test_the_errors_of_nginx_are_in_the_look_of_the_site(nginx):
    answer = nginx.open("/static/css/none.css")
    assert answer.status == 404
    assert "<h1>Page not found</h1>" in answer.text
    assert "color-scheme" in answer.text


def test_without_memcached_pages_are_made_by_django_and_the_same(nginx, memcached):
    good = new_page(nginx).text
    memcached.stop()
    try:
        assert new_page(nginx).text == good
    finally:
        memcached.start()
