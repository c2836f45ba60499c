"""Editing in the page itself, in its dialog, in a browser."""

from pathlib import Path

import pytest
from chromium import expect, log_in
from support import unavailable

try:
    import axe_playwright_python
except ImportError:
    axe_playwright_python = None


def open_in_place(page, words=None):
    """Open the text of a page in its dialog, and type the words in place of it."""
    page.goto("/contact/legals/")
    button = page.locator("main .content").get_by_role("button", name="Edit")
    if not button.is_visible():
        page.locator("#editable-toolbar-toggle").click()
    button.click()
    dialog = page.locator(".editable-dialog")
    editor = dialog.locator("rich-text [role=textbox]")
    expect(editor).to_have_attribute("aria-label", "Content")
    if words:
        editor.click()
        editor.press("ControlOrMeta+a")
        editor.press_sequentially(words)
    return dialog


def test_an_editor_writes_in_the_page_itself(page, words):
    log_in(page)
    dialog = open_in_place(page, words)
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".editable-original", has_text=words)).to_be_visible()
    expect(dialog).to_have_count(0)
    assert page.evaluate("typeof jQuery") == "undefined"


def test_what_is_not_saved_is_not_left_by_mistake(page, words):
    log_in(page)
    dialog = open_in_place(page, words)
    page.once("dialog", lambda question: question.dismiss())
    dialog.get_by_role("button", name="Save").press("Escape")
    expect(dialog.get_by_text(words)).to_be_visible()
    page.once("dialog", lambda question: question.accept())
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text(words)).to_have_count(0)


def test_an_editor_is_told_why_something_is_not_saved(page):
    log_in(page)
    page.goto("/contact/legals/")
    page.locator("#editable-toolbar-toggle").click()
    page.locator("h1").get_by_role("button", name="Edit").click()
    dialog = page.locator(".editable-dialog")
    dialog.get_by_label("Title").fill(" ")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("required")
    expect(dialog.get_by_label("Title")).to_be_visible()


def test_the_editor_works_under_a_strict_content_security_policy(page, words):
    log_in(page)

    def answer(route):
        response = route.fetch()
        policy = "default-src 'self'; style-src-attr 'unsafe-inline'"  # texts have such attributes
        headers = response.headers | {"content-security-policy": policy}
        route.fulfill(response=response, headers=headers)

    page.route("**/contact/legals/", answer)
    dialog = open_in_place(page, words)
    dialog.get_by_role("button", name="Centred").click()
    style = dialog.locator(".ProseMirror p")
    expect(style).to_have_css("text-align", "center")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".editable-original", has_text=words)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_editor_keeps_nobody_out_and_fits_the_window(page, words, scheme):
    if axe_playwright_python is None:
        unavailable("axe is not installed: pip install axe-playwright-python")
    axe = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
    page.emulate_media(color_scheme=scheme)
    log_in(page)
    dialog = open_in_place(page, words)
    page.evaluate(axe)
    found = "results => results.violations.map(({id, nodes}) => `${id}: ${nodes[0].html}`)"
    assert page.evaluate(f"axe.run('.editable-dialog').then({found})") == []
    assert dialog.evaluate("dialog => dialog.scrollWidth - dialog.clientWidth") <= 0
    dialog.get_by_role("button", name="Link").click()
    assert page.evaluate(f"axe.run('.richtext-dialog').then({found})") == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
