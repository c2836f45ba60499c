"""NGINX behind a proxy: who is believed about visitors, and who is not."""

import re
import time
from functools import partial

import pytest
from servers import HOST, Visitor, running, unused_port, wait_until
from support import program

VISITOR = "203.0.113.9"


@pytest.fixture(scope="module")
def proxies():
    """The networks that NGINX believes: those of the tests, as a proxy's."""
    return ["127.0.0.1/32"]


def logged(nginx, path):
    """Return the address of who has asked for a path, once it is logged."""

    def lines():
        log = (nginx.folder / "mysite.access.log").read_text()
        return [line for line in log.splitlines() if f" {path} " in line]

    wait_until(lines)
    return lines()[-1].split()[0]


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        (VISITOR, VISITOR),
        (f"10.9.8.7, {VISITOR}", VISITOR),  # what the visitor has sent comes first
        (f"{VISITOR}, 127.0.0.1", VISITOR),  # two proxies
        ("unknown", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("2001:db8::7", "2001:db8::7"),
    ],
)
def test_the_address_of_a_visitor_comes_from_the_proxy(nginx, sent, address):
    path = f"/nowhere-{abs(hash(sent))}"
    nginx.open(path, **{"X-Forwarded-For": sent})
    assert logged(nginx, path) == address


def test_who_came_over_https_to_the_proxy_is_not_led_there_again(nginx):
    answer = nginx.http.open("/", **{"X-Forwarded-Proto": "https"})
    assert answer.status == 200
    assert "Strict-Transport-Security" not in answer.headers
    link = re.search(r'rel="canonical" href="([^"]*)', answer.text)
    assert link is None or link[1].startswith(f"https://{HOST}")


@pytest.mark.parametrize("scheme", ["http", "https, http", ""])
def test_who_came_in_the_clear_is_led_to_https(nginx, scheme):
    answer = nginx.http.open("/a?b=c", **{"X-Forwarded-Proto": scheme})
    assert (answer.status, answer.headers["Location"]) == (307, f"https://{HOST}/a?b=c")
    assert "Strict-Transport-Security" not in answer.headers


def test_who_came_in_the_clear_to_a_proxy_that_uses_tls_is_led_to_https(nginx):
    answer = nginx.open("/a?b=c", **{"X-Forwarded-Proto": "http"})
    assert (answer.status, answer.headers["Location"]) == (307, f"https://{HOST}/a?b=c")


@pytest.mark.parametrize("way", ["open", "http"])
def test_a_load_balancer_may_send_visitors_to_the_only_host(nginx, way):
    browser = nginx.http if way == "http" else nginx
    about = {"X-Forwarded-Proto": "http", "X-Forwarded-For": VISITOR}
    answer = browser.open("/healthz", Host="10.0.0.5", **about)
    assert (answer.status, answer.text) == (200, "ok\n")


def test_a_challenge_passes_by_either_way(nginx):
    folder = nginx.folder / "shared/acme/.well-known/acme-challenge"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "token").write_text("answer")
    path = "/.well-known/acme-challenge/token"
    assert nginx.http.open(path).text == "answer"
    assert nginx.http.open(path, **{"X-Forwarded-Proto": "http"}).text == "answer"
    assert nginx.open(path, **{"X-Forwarded-Proto": "http"}).text == "answer"


def test_a_page_in_the_clear_is_never_kept_for_who_comes_over_https(nginx):
    for _ in range(3):
        assert nginx.open("/", **{"X-Forwarded-Proto": "https"}).status == 200
        assert nginx.http.open("/", **{"X-Forwarded-Proto": "http"}).status == 307


# A cache in front that others share

CDN = """
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    proxy_cache_path {folder}/kept keys_zone=kept:1m;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass https://127.0.0.1:{origin};
            proxy_set_header Host $host;
            proxy_cache kept;
            proxy_cache_key $host$request_uri;
            proxy_cache_valid any 10m;
            proxy_ignore_headers Set-Cookie Vary;
            add_header Cdn $upstream_cache_status always;
        }}
    }}
}}
"""


@pytest.fixture(scope="module")
def cdn(nginx, tmp_path_factory):
    """A CDN that keeps for ten minutes, for everybody, whatever does not say that it may not.

    Cookies and Vary are nothing to it, as to those that are told to "cache everything".
    """
    folder, port = tmp_path_factory.mktemp("cdn"), unused_port()
    text = CDN.format(folder=folder, port=port, origin=nginx.port)
    (folder / "nginx.conf").write_text(text)
    command = [program("nginx", "nginx"), "-c", folder / "nginx.conf"]
    visitor = partial(Visitor, port)
    with running(command, lambda: visitor().open("/robots.txt"), folder / "out.log"):
        yield visitor


@pytest.mark.parametrize(
    "path",
    [
        *["/", "/about/", "/contact/", "/admin/", "/accounts/login/", "/search/?q=about"],
        *["/blog/", "/blog/feeds/rss/", "/sitemap.xml", "/robots.txt", "/about", "/no-page/"],
    ],
)
def test_no_page_is_kept_by_a_shared_cache_in_front(cdn, administrator, path):
    staff = cdn()
    staff.cookies |= administrator.cookies
    staff.open(path)
    staff.open(path)
    answers = [cdn().open(path), cdn().open(path)]
    assert {answer.headers["Cdn"] for answer in answers} <= {"MISS", "EXPIRED"}
    for answer in answers:
        assert "logout" not in answer.text
        assert "sessionid" not in answer.headers.get("Set-Cookie", "")


def test_a_shared_cache_keeps_the_files_of_a_page(cdn):
    path = re.search(r'href="(/static/[^"]+\.css)"', cdn().open("/").text)[1]
    assert [cdn().open(path).headers["Cdn"] for _ in range(2)] == ["MISS", "HIT"]


def test_an_edit_is_seen_through_a_shared_cache_within_a_second(cdn, live):
    assert "About us" in cdn().open("/about/").text
    edit = "from mezzanine.pages.models import RichTextPage as P; P.objects.filter(slug='about')"
    live.manage("shell", "-c", f"{edit}.update(content='<p>Edited</p>')")
    deadline = time.monotonic() + 1
    wait_until(lambda: "Edited" in cdn().open("/about/").text or time.monotonic() > deadline)
    assert "Edited" in cdn().open("/about/").text
