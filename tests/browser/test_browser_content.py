"""Content as others write it: long, wide, tall, from right to left, much of it, none of it."""

import json
import subprocess
from pathlib import Path

import pytest
from chromium import LIMIT, running_site

WIDER = "document.documentElement.scrollWidth - innerWidth"
# Of what scrolls by itself, or is for screen readers, nothing is outside of the window.
INSIDE = "pre, .scroll, .visually-hidden, [popover], .search form, select"
OUTSIDE = """inside => [...document.querySelectorAll("body *")].filter(element => {
    const box = element.getBoundingClientRect();
    return box.width && !element.closest(inside) && (box.left < -1 || box.right > innerWidth + 1);
}).map(element => element.outerHTML.slice(0, 200)).slice(0, 3)"""
LONG_NAME = """
SITE_TITLE = "Bäckerei " + "Donaudampfschifffahrtsgesellschaft" * 4
SITE_TAGLINE = "هذا نص طويل بالعربية " * 6
"""


@pytest.fixture(scope="module", params=["", LONG_NAME], ids=["", "with a long name"])
def content(request, browser, filled, tmp_path_factory):
    """The address of a site, and those of what was written there."""
    directory = tmp_path_factory.mktemp("content")
    with running_site(filled, directory, request.param) as site:
        code = Path(__file__).with_name("others_content.py").read_text("utf-8")
        command = [filled.python, "manage.py", "shell", "-v0", "-c", code]
        printed = subprocess.check_output(command, cwd=directory / "site", text=True)
        yield site, json.loads(printed)


@pytest.fixture(params=[1280, 1024, 390, 320])
def page(request, browser, content):
    context = browser.new_context(
        base_url=content[0], viewport={"width": request.param, "height": 844}
    )
    context.set_default_timeout(LIMIT)
    yield context.new_page()
    context.close()


def test_nothing_is_wider_than_the_window(page, content):
    found = {}
    for address in ("/", "/blog/", "/search/?q=bakery", *content[1]):
        page.goto(address)
        outside = page.evaluate(OUTSIDE, INSIDE)
        if outside or page.evaluate(WIDER) > 0:
            found[address] = outside
    assert found == {}


def test_texts_and_pictures_are_where_they_belong(page, content):
    page.goto(content[1][0])
    rows = """selector => {
        const element = document.querySelector(selector), range = document.createRange();
        range.selectNodeContents(element);
        return [...range.getClientRects()].map(row => [row.left, row.right]);
    }"""
    hebrew = page.locator("#hebrew").bounding_box()
    end = max(right for _, right in page.evaluate(rows, "#hebrew"))
    assert hebrew["x"] + hebrew["width"] - end < 1, "where nobody says that it is Hebrew, too"
    picture = page.locator("#beside").bounding_box()
    start = page.evaluate(rows, "#around")[0][0]
    assert start - picture["x"] - picture["width"] >= 10
    brand, search = (page.locator(name).bounding_box() for name in (".brand", ".search summary"))
    assert brand["y"] < search["y"] + search["height"]
    assert search["y"] < brand["y"] + brand["height"]
