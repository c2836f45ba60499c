"""NGINX under floods: one visitor who asks for too much, and a /run that is full."""

import asyncio
import re
import subprocess
from contextlib import contextmanager

import pytest
from servers import HOST, SESSION_COOKIE, wait_until
from support import unavailable
from webserver import kept, new_page

FLOOD = 400  # at once, of what is never kept
FLOODER, OTHER = "203.0.113.9", "203.0.113.10"


@pytest.fixture(scope="module")
def proxies():
    """NGINX believes the tests about who a visitor is."""
    return ["127.0.0.1/32"]


async def ask(port, address, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET /robots.txt?{number} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n"
    head += f"X-Forwarded-For: {address}\r\nCookie: {SESSION_COOKIE}=x\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    answer = await reader.read()
    writer.close()
    return answer


def flood(nginx, addresses):
    """Ask from those addresses in turn, all at once; return the texts by status."""

    async def all_at_once():
        asked = (
            ask(nginx.http.port, addresses[number % len(addresses)], number)
            for number in range(FLOOD)
        )
        return await asyncio.gather(*asked)

    texts = {}
    for answer in asyncio.run(all_at_once()):
        assert answer.startswith(b"HTTP/1.1 "), answer
        texts.setdefault(int(answer.split()[1]), []).append(answer.decode())
    return texts


def open_from(nginx, address, path, **headers):
    return nginx.open(path, **{"X-Forwarded-For": address}, **headers)


def test_who_asks_for_too_much_is_told_so_and_others_notice_nothing(nginx):
    kept_page = new_page(nginx)
    answers = flood(nginx, [FLOODER])
    assert answers.keys() == {200, 429}
    assert len(answers[200]) >= 200
    assert "wait a moment" in answers[429][0]
    assert "Retry-After: 10" in answers[429][0]
    assert open_from(nginx, OTHER, "/robots.txt", Cookie=f"{SESSION_COOKIE}=x").status == 200
    assert open_from(nginx, FLOODER, "/").text == kept_page.text


def test_a_network_of_ipv6_is_one_visitor_however_it_is_written(nginx):
    same = ["2001:db8::1", "2001:db8::1:2:3:4", "2001:db8:0:0:1::", "2001:db8::ffff:0:0:1"]
    assert len(flood(nginx, same)[429]) > 50
    other = open_from(nginx, "2001:db8:0:1::1", "/robots.txt", Cookie=f"{SESSION_COOKIE}=x")
    assert other.status == 200


def test_many_visitors_together_are_not_one(nginx):
    addresses = [f"198.51.100.{number}" for number in range(100)]
    assert flood(nginx, addresses).keys() == {200}


def test_what_a_visitor_says_of_the_own_address_counts_for_nothing(nginx):
    forged = [f"10.0.0.{number}, {OTHER}" for number in range(100)]
    assert len(flood(nginx, forged)[429]) > 50


@contextmanager
def small(*folders):
    """Put a file system of 3 MB in the place of each folder."""
    mounted = []
    try:
        for folder in folders:
            command = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=777", "tmpfs", folder]
            if subprocess.run(command, capture_output=True).returncode:
                unavailable("tmpfs cannot be mounted: run this as root")
            mounted.append(folder)
        yield
    finally:
        for folder in mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)


def test_where_there_is_no_room_every_visitor_is_answered(nginx, live):
    with small(nginx.folder / "pages", live.path / "edits"):
        for number in range(400):
            answer = nginx.open(f"/about/?full={number}")
            assert answer.status == 200
            assert re.search("</html>\\s*$", answer.text)
    wait_until(lambda: kept(nginx.open("/about/")) == "HIT")
