"""Every public page, found by its links, for visitors, members and staff."""

import pytest
from chromium import LIMIT, UNCLEAR, log_in
from test_browser_admin_pages import AT_ONCE, PREVIEW, WIDER
from test_browser_markup import pages, send_something, sign_up

PEOPLE = {"visitor": send_something, "member": sign_up, "superuser": log_in}
LOOKS = [(1280, "light"), (390, "dark")]  # test_browser_theme.py has all four for some pages
DJANGOS = {"/nowhere/"}  # while DEBUG; the site's own is looked at by test_browser_markup.py


@pytest.mark.parametrize("who", PEOPLE)
def test_no_page_scrolls_sideways_keeps_anybody_out_or_asks_others(browser, site, axe, who):
    context = browser.new_context(base_url=site)
    context.set_default_timeout(LIMIT)
    page, sent, found = context.new_page(), [], {}
    PEOPLE[who](page)
    context.on("request", lambda request: sent.append(request.url))
    addresses = {address for address, _ in pages(context) if not address.startswith("/admin/")}
    assert len(addresses) > 20
    for address in sorted(addresses - DJANGOS):
        page.goto(address)
        page.evaluate(axe)
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            page.evaluate(AT_ONCE)
            wrong = page.evaluate(UNCLEAR, [])
            if wrong := wrong + ["scrolls sideways"] * (page.evaluate(WIDER) > 0):
                found[address, width, scheme] = wrong
    context.close()
    assert found == {}
    assert [url for url in sent if not url.startswith((f"{site}/", "data:", PREVIEW))] == []
