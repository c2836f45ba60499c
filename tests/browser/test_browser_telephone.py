"""Somebody edits the first page on a telephone, by touch alone."""

import re

import pytest
from chromium import HARMLESS, LIMIT, expect, faults_in, log_in
from test_browser_media_library import new_name, picture

FINGER = 44  # pixels that a target needs


@pytest.fixture
def telephone(browser, site):
    """A page of the editor's telephone, at which nothing may go wrong."""
    context = browser.new_context(
        base_url=site, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(LIMIT)
    faults = faults_in(context, site)
    page = context.new_page()
    log_in(page)
    yield page
    context.close()
    assert [fault for fault in faults if not re.search(HARMLESS, fault)] == []


@pytest.fixture
def sections(telephone):
    """The sections of the first page in the admin, with one more."""
    telephone.goto("/admin/pages/page/")
    telephone.locator("#content").get_by_role("link", name="Home", exact=True).tap()
    add = telephone.locator(".add-row a")
    expect(add).to_be_visible()
    rows = telephone.locator(".inline-related:not(.empty-form)")
    count = rows.count()
    add.tap()
    expect(rows).to_have_count(count + 1)
    return rows


def test_a_section_is_added_moved_and_gets_a_photograph(telephone, sections, words):
    row = telephone.locator(f"#{sections.last.get_attribute('id')}")
    row.get_by_label("Kind").select_option("feature")
    row.get_by_label("Title").fill(words)
    up = row.locator("[data-order=up]")
    size = up.bounding_box()
    assert min(size["width"], size["height"]) >= FINGER
    heading = row.locator("h3").bounding_box()
    assert size["y"] - heading["y"] - heading["height"] < FINGER, "the order is at the top"
    while row.evaluate("row => !!row.previousElementSibling?.matches('.inline-related')"):
        up.tap()
        expect(up).to_be_in_viewport()
    name = new_name()
    row.get_by_role("button", name="Choose a file").tap()
    library = telephone.frame_locator(".media-dialog iframe")
    expect(library.locator("input[capture]")).to_be_visible()
    library.locator("input[capture]").set_input_files(picture(name))
    expect(row.get_by_label("Picture")).to_have_value(f"uploads/site-1/{name}")
    telephone.get_by_role("button", name="Save", exact=True).tap()
    expect(telephone.locator(".messagelist")).to_contain_text("was changed successfully")
    telephone.goto("/")
    first = telephone.locator("main h2").first
    expect(first).to_have_text(words)
    expect(telephone.locator(f"main img[src*='{name.removesuffix('.png')}']")).to_be_visible()
