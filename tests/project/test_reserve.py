"""Each host of a site is the reserve of the others: NGINX, before what stands for gunicorn."""

import json
import re
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from gunicorns_of_hosts import Gunicorn, came_to, load, received, stopped
from servers import HOST, wait_until
from support import Baker, program
from test_nginx_audit import REASONS
from webserver import kept
from webservers import running_hosts

VISITOR = "203.0.113.9"
NAME = "mysite.peers.invalid"

# Of gixy: what is found besides, and why it stays.
REASONS_OF_HOSTS = {
    "default_server_flag": "on_host/configuration.py knows whose it is",
    "hsts_header": "no browser comes to the server for the other hosts",
}


@pytest.fixture(scope="module")
def path(template, tmp_path_factory):
    return Baker(template, tmp_path_factory.mktemp("project")).bake()


@pytest.fixture(scope="module")
def silent():
    """The port of a host that was cut off: whoever connects to it waits."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # from then on the kernel does not answer
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def three(path, silent, tmp_path_factory):
    """Three hosts of a site of which a fourth was cut off."""
    gunicorns = [Gunicorn(path) for _ in range(3)]
    proxies = ["127.0.0.1/32"]  # the tests, which say who the visitor is
    with running_hosts(gunicorns, tmp_path_factory, proxies, [silent]) as found:
        yield found
    for each in gunicorns:
        each.stop()


@pytest.fixture
def hosts(three):
    for host in three:
        host.live.asked.clear()
    return three


def test_a_gunicorn_that_is_gone_is_noticed_by_nobody_and_no_form_is_sent_twice(hosts, figures):
    with stopped(hosts[0]):
        statuses, sent = load(hosts[0], 4)
    figures(
        f"requests while the gunicorn of their host is gone: {sum(statuses.values())}, failed 0"
    )
    assert set(statuses) == {200}
    assert received(hosts) == Counter(sent)
    assert received(hosts[:1]) == Counter()


def test_where_a_second_one_is_gone_the_third_answers(hosts):
    with stopped(*hosts[:2]):
        statuses, sent = load(hosts[0], 2)
    assert set(statuses) == {200}
    assert received(hosts) == Counter(sent)


@pytest.mark.parametrize("apart", [-300, 300], ids=["slow", "fast"])
def test_a_page_of_a_host_whose_clock_is_wrong_is_shown_for_a_second(hosts, apart):
    for host in hosts[1:]:
        host.live.shown_until = f"@{int(time.time()) + apart}"
    try:
        with stopped(hosts[0]):
            wait_until(lambda: kept(hosts[0].open(f"/{apart}/")) == "HIT")
            found = came_to(hosts)
            wait_until(lambda: hosts[0].open(f"/{apart}/") and came_to(hosts) != found)
    finally:
        for host in hosts[1:]:
            host.live.shown_until = "0"


def test_a_host_that_was_cut_off_lets_nobody_wait_for_long(hosts):
    with stopped(hosts[0]):
        begun = time.monotonic()
        for number in range(30):
            assert hosts[0].open("/contact/", {"field": number}).status == 200
        assert time.monotonic() - begun < 15  # one second each would be 30
    assert sorted(received(hosts).values()) == [1] * 30


def test_a_host_stands_aside_before_its_gunicorn_is_stopped(hosts):
    flag = hosts[0].folder / "run/stand-aside"
    with ExitStack() as stack:
        stack.callback(flag.unlink)
        flag.touch()
        assert hosts[0].open("/").status == 200
        assert came_to(hosts)[0] == 0
        statuses, sent = load(hosts[0], 2, lambda: stack.enter_context(stopped(hosts[0])))
    assert set(statuses) == {200}
    assert received(hosts) == Counter(sent)


def test_what_a_gunicorn_has_had_and_not_answered_is_sent_to_no_other(hosts):
    hosts[0].live.breaks_off = True
    try:
        assert hosts[0].open("/contact/", {"field": "once"}).status == 502
        assert came_to(hosts) == [1, 0, 0]
        assert hosts[0].open("/").status == 200  # a page may be asked for again
    finally:
        hosts[0].live.breaks_off = False


def test_where_a_gunicorn_hangs_another_host_is_asked_what_visitors_read(hosts):
    def change():
        return hosts[0].open("/contact/", {"field": "once"})

    hosts[0].live.is_awake.clear()
    try:
        with ThreadPoolExecutor(3) as visitors:
            changing = visitors.submit(change)
            edited = visitors.submit(hosts[0].open, "/admin/export/")
            told = visitors.submit(hosts[0].open, "/healthz", **{"X-Forwarded-For": VISITOR})
            begun = time.monotonic()
            page = hosts[0].open("/")
            assert 9 < time.monotonic() - begun < 20
            assert (page.status, page.text) != (200, str(hosts[0].live.port))
            assert (page.status, told.result().status) == (200, 503)
            assert not changing.done()
            assert not edited.done()
            hosts[0].live.is_awake.set()
            assert [each.result().status for each in (changing, edited)] == [200, 200]
    finally:
        hosts[0].live.is_awake.set()
    assert received(hosts) == {"once": 1}
    asked_of_others = [each.path for host in hosts[1:] for each in host.live.asked]
    assert "/admin/export/" not in asked_of_others


def test_a_page_that_takes_long_is_waited_for_where_no_other_host_can_make_it(hosts):
    hosts[0].live.is_awake.clear()
    try:
        with stopped(*hosts[1:]), ThreadPoolExecutor(1) as visitor:
            page = visitor.submit(hosts[0].open, "/")
            wait_until(lambda: came_to(hosts[:1]) == [2])  # after the ten seconds for the first
            hosts[0].live.is_awake.set()
            assert (page.result().status, page.result().text) == (200, str(hosts[0].live.port))
    finally:
        hosts[0].live.is_awake.set()
    with stopped(hosts[0]):  # until the others are asked again, as the next test needs
        wait_until(lambda: hosts[0].open("/").status == 200)


def test_what_the_gunicorn_of_another_host_has_had_is_sent_to_no_third(hosts):
    for host in hosts[1:]:
        host.live.breaks_off = True
    try:
        with stopped(hosts[0]):
            assert hosts[0].open("/contact/", {"field": "once"}).status == 502
    finally:
        for host in hosts[1:]:
            host.live.breaks_off = False
    assert sorted(came_to(hosts)) == [0, 0, 1]


def test_where_none_is_left_visitors_are_told_so_at_once(hosts):
    with stopped(*hosts):
        hosts[0].open("/")  # finds the one that was cut off
        begun = time.monotonic()
        answers = [hosts[0].open("/"), hosts[0].open("/contact/", {"field": "x"})]
        assert time.monotonic() - begun < 2
    assert [answer.status for answer in answers] == [502, 502]
    assert all("Back soon" in answer.text for answer in answers)
    with stopped(hosts[0]):
        wait_until(lambda: hosts[0].open("/").status == 200)


def test_the_other_host_is_told_all_about_the_visitor(hosts):
    about = {"X-Forwarded-For": f"10.9.8.7, {VISITOR}", "X-Peers-Host": "evil.example"}
    with stopped(hosts[0]):
        answer = hosts[0].open("/a?b=%2F", **about, Cookie="one=1; two=2", Accept="text/html")
    (asked,) = [each for host in hosts for each in host.live.asked]
    assert (asked.method, asked.path) == ("GET", "/a?b=%2F")
    assert asked.headers["Host"] == HOST
    assert asked.headers["X-Forwarded-For"] == VISITOR
    assert asked.headers["X-Forwarded-Proto"] == "https"
    assert asked.headers["X-Request-ID"] == answer.headers["X-Request-ID"]
    assert (asked.headers["Cookie"], asked.headers["Accept"]) == ("one=1; two=2", "text/html")
    assert "X-Peers-Host" not in asked.headers


def test_how_a_host_is_itself_is_not_asked_of_another(hosts):
    local = {"X-Forwarded-For": "127.0.0.1"}
    assert hosts[0].open("/healthz", **local).status == 200
    with stopped(hosts[0]):
        assert hosts[0].open("/healthz", **local).status == 502
    assert came_to(hosts[1:]) == [0, 0]


@pytest.mark.parametrize("way", ["open", "http"])
def test_a_load_balancer_is_told_not_to_come_where_another_host_is_better(hosts, way):
    browser = hosts[0].http if way == "http" else hosts[0].visitor()
    about = {"X-Forwarded-Proto": "http", "X-Forwarded-For": VISITOR}

    def told():
        return browser.open("/healthz", Host="10.0.0.5", **about).status

    assert told() == 200
    with stopped(hosts[0]):  # it has a reserve
        assert told() == 200
    hosts[0].live.health = 503
    try:
        assert told() == 503
        for host in hosts[1:]:
            host.live.health = 503
        assert told() == 200  # all can show what they have kept
    finally:
        for host in hosts:
            host.live.health = 200
    (hosts[0].folder / "state/maintenance").touch()
    try:
        assert told() == 200
        assert hosts[0].open("/", **{"X-Forwarded-For": VISITOR}).status == 503
    finally:
        (hosts[0].folder / "state/maintenance").unlink()
    with stopped(*hosts):  # it reaches none
        assert told() == 503
    with stopped(hosts[0]):
        wait_until(lambda: told() == 200)


def test_the_files_of_a_page_of_another_release_come_from_the_host_that_has_them(hosts):
    files = hosts[2].folder / "shared/static"
    files.mkdir()
    for name in ("page.0123456789ab.css", "page.css"):
        (files / name).write_text("a {}")
    path = "/static/page.0123456789ab.css"
    # For five seconds, none is asked that did not answer in the test before.
    wait_until(lambda: hosts[0].open(path).status == 200)
    found = hosts[0].open(path)
    assert (found.status, found.text) == (200, "a {}")
    assert "max-age=315360000" in found.headers["Cache-Control"]
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert hosts[0].open("/static/page.css").status == 404
    missing = hosts[0].open("/static/none.0123456789ab.css")
    assert (missing.status, "Page not found" in missing.text) == (404, True)


def test_gixy_finds_nothing_without_a_reason(hosts):
    command = [sys.executable, "-m", "gixy", "--format=json", hosts[0].folder / "nginx.conf"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert {each["plugin"] for each in json.loads(run.stdout)} == {*REASONS, *REASONS_OF_HOSTS}


# Who is not one of them

FORGED = {"Host": NAME, "X-Peers-Host": HOST, "X-Forwarded-For": VISITOR}


def ask(host, server_name, certificate=None):
    """Ask a host, with forged headers, in a handshake with that name; return the status."""
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    if certificate:
        tls.load_cert_chain(certificate)
    lines = "".join(f"{name}: {value}\r\n" for name, value in FORGED.items())
    try:
        with (
            socket.create_connection(("127.0.0.1", host.port), timeout=10) as raw,
            tls.wrap_socket(raw, server_hostname=server_name) as connection,
        ):
            connection.sendall(f"GET / HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:  # the handshake is refused
        return 0
    return int(re.match(rb"HTTP/1.1 (\d+)", answer)[1])


def test_who_has_the_certificate_is_believed(hosts):
    assert ask(hosts[0], NAME, hosts[0].pair) == 200
    (asked,) = hosts[0].live.asked
    assert (asked.headers["Host"], asked.headers["X-Forwarded-For"]) == (HOST, VISITOR)


@pytest.mark.parametrize("name", [NAME, HOST, None])
def test_who_has_none_does_not_get_in_by_the_name_of_the_hosts(hosts, name):
    assert ask(hosts[0], name) in (0, 400, 421)
    assert came_to(hosts) == [0, 0, 0]


def test_nor_does_who_has_signed_one_for_themselves(hosts, tmp_path):
    key, crt = tmp_path / "key", tmp_path / "crt"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={NAME}"]
    openssl = [program("openssl", "openssl"), *words, "-keyout", key, "-out", crt]
    subprocess.run(openssl, check=True, capture_output=True)
    (tmp_path / "pem").write_text(key.read_text() + crt.read_text())
    assert ask(hosts[0], NAME, tmp_path / "pem") in (0, 400)
    assert came_to(hosts) == [0, 0, 0]


def test_a_host_with_another_certificate_is_no_reserve(path, tmp_path_factory):
    gunicorns = [Gunicorn(path) for _ in range(2)]
    with running_hosts(gunicorns, tmp_path_factory, apart=True) as hosts, stopped(hosts[0]):
        assert hosts[0].open("/elsewhere").status == 502
        assert "/elsewhere" not in [each.path for host in hosts for each in host.live.asked]


def test_in_the_clear_there_are_no_other_hosts(hosts):
    answer = hosts[0].http.open("/", **FORGED | {"X-Forwarded-Proto": "http"})
    assert answer.status == 307
    assert came_to(hosts) == [0, 0, 0]
