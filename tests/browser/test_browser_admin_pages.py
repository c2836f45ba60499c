"""Every page of the admin, on a screen and on a telephone, in the light and in the dark."""

import re

import pytest
from chromium import LIMIT, UNCLEAR, expect, faults_in, log_in, write_to_the_owner

LOOKS = [(1280, "light"), (390, "light"), (390, "dark")]
# Colours change slowly; axe would look at those between.
AT_ONCE = "document.getAnimations().forEach(animation => animation.cancel())"
WIDER = "document.documentElement.scrollWidth - innerWidth"
# What follows the path only filters lists, but where it names a file.
LINKS = """[...document.querySelectorAll("#container a[href]")].map(
    link => link.pathname + (link.pathname.endsWith("/file/") ? link.search : ""))"""
PREVIEW = "about:srcdoc"  # the preview of a look runs no scripts, and Chromium says so
LEFT_OUT = "/logout/|/r/|/jsi18n/"
# Of others: choices of Django, and columns without a name.
OTHERS = [
    *(".selector", ".select2"),
    *("[class*=-admin_thumb]", "[class*=-admin_link]", ".field-avatar_link"),
]


@pytest.fixture(scope="module")
def superuser(browser, site):
    """Cookies of a browser in which the superuser is logged in."""
    context = browser.new_context(base_url=site)
    context.set_default_timeout(LIMIT)
    log_in(context.new_page())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="module")
def entry(browser, site):
    """What a visitor has sent by a form, a text in one very long word."""
    context = browser.new_context(base_url=site)
    context.set_default_timeout(LIMIT)
    write_to_the_owner(context.new_page(), "wide" * 50)
    context.close()
    return "wide" * 50


@pytest.fixture(scope="module")
def addresses(browser, site, superuser, entry):
    """An address of each kind to which links of the admin lead, from the dashboard on."""
    context = browser.new_context(base_url=site, storage_state=superuser)
    page, found, todo = context.new_page(), {}, ["/admin/"]
    while todo:
        address = todo.pop(0)
        kind = re.sub(r"\d+", "1", address.partition("?")[0])
        if kind not in found and not re.search(LEFT_OUT, address):
            found[kind] = address
            assert page.goto(address).status == 200, address
            todo += [link for link in page.evaluate(LINKS) if link.startswith("/admin/")]
    context.close()
    return ["/admin/login/", *found.values()]


def test_no_page_scrolls_sideways_or_keeps_anybody_out(browser, site, superuser, addresses, axe):
    context = browser.new_context(base_url=site, storage_state=superuser)
    context.set_default_timeout(LIMIT)
    faults, found = faults_in(context, site), {}
    page = context.new_page()
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.evaluate(axe)
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            page.evaluate(AT_ONCE)
            wrong = [fault for fault in faults if PREVIEW not in fault]
            wrong += ["scrolls sideways"] * (page.evaluate(WIDER) > 0)
            if wrong := wrong + page.evaluate(UNCLEAR, OTHERS):
                found[address, width, scheme] = wrong
            faults.clear()
    context.close()
    assert len(addresses) > 60
    assert found == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_entries_of_a_form_scroll_in_a_box_of_their_own(
    browser, site, superuser, entry, axe, scheme
):
    context = browser.new_context(
        base_url=site,
        storage_state=superuser,
        color_scheme=scheme,
        viewport={"width": 390, "height": 844},
    )
    context.set_default_timeout(LIMIT)
    page = context.new_page()
    page.goto("/admin/")
    page.locator("#overview a[href$='/entries/']").click()
    options = page.locator("td.options").last
    expect(options).to_be_hidden()
    page.get_by_label("Filter by", exact=True).last.select_option(index=1)
    expect(options).to_be_visible()
    page.get_by_label("Filter by", exact=True).last.select_option(index=0)
    page.get_by_role("button", name="View entries").click()
    box = page.get_by_role("region", name="Entries")
    expect(box.get_by_role("cell", name=entry).first).to_be_visible()
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert page.evaluate(WIDER) <= 0
    page.evaluate(axe)
    assert page.evaluate(UNCLEAR, OTHERS) == []
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_label("All", exact=True).check()
    expect(page.locator("[name=selected]").first).to_be_checked()
    context.close()
