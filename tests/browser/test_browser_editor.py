"""The editor of rich texts in a browser: in the admin, and in inlines."""

import base64
import secrets
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from chromium import expect, log_in, running_site

NEW = "/admin/pages/richtextpage/add/"
INLINES = """
from django.db.models import TextField
from richtext.widgets import RichTextWidget
SectionInline.formfield_overrides = {TextField: {"widget": RichTextWidget}}
"""

# What an earlier editor, an import or somebody by hand has written, and the filter lets through.
SINK = (Path(__file__).parent / "editor_sink.html").read_text("utf-8").strip()

# As a browser sees it: tags with sorted attributes, texts, and then all words with their spaces.
SEEN = """html => {
    const box = document.createElement("div");
    box.innerHTML = html;
    const attributes = node => [...node.attributes].map(a => `${a.name}=${a.value}`).sort();
    const tag = node => [node.localName, ...attributes(node)];
    const see = node => node.nodeType === Node.TEXT_NODE ? [node.data.trim()]
        : node.nodeType === Node.COMMENT_NODE ? [`<!--${node.data}-->`]
        : [`<${tag(node).join(" ")}>`, ...[...node.childNodes].flatMap(see), node.localName];
    const seen = [...box.childNodes].flatMap(see).filter(Boolean);
    document.body.append(box);
    const words = box.innerText;
    box.remove();
    return [...seen, words];
}"""

WORD = (Path(__file__).parent / "editor_word.html").read_text("utf-8")
OF_WORD = (
    "<h2>Title</h2><p>Some <b>bold</b> text</p><ul><li>One<ul><li>Inside</li></ul></li></ul>"
    "<table><tbody><tr><td>A</td></tr></tbody></table>"
)
PASTE = """(page, html) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/html", html);
    clipboardData.setData("text/plain", "not this");
    const options = {clipboardData, bubbles: true, cancelable: true};
    page.dispatchEvent(new ClipboardEvent("paste", options));
}"""


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PICTURE = """(page, [way, name, content]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(content)], name, {type: "image/png"}));
    const {x, y} = page.getBoundingClientRect();
    const options = {bubbles: true, cancelable: true, clientX: x + 20, clientY: y + 20};
    page.dispatchEvent(way === "drop" ? new DragEvent(way, {...options, dataTransfer: data})
        : new ClipboardEvent(way, {...options, clipboardData: data}));
}"""


@pytest.fixture(scope="module")
def site(browser, filled, tmp_path_factory):
    """The site, with an editor in the inlines of its first page as well."""
    directory = tmp_path_factory.mktemp("browser")
    path = shutil.copytree(filled.path, directory / "edited")
    with open(path / "homepage/admin.py", "a", encoding="utf-8") as file:
        file.write(INLINES)
    with running_site(SimpleNamespace(path=path, python=filled.python), directory) as address:
        yield address


@pytest.fixture
def editor(page):
    """The text of a new page in the admin, where one can type."""
    log_in(page)
    page.goto(NEW)
    return page.locator("rich-text [role=textbox]")  # the field is no such thing any more


def source_of(page):
    return page.locator("rich-text textarea").input_value()


def write_source(page, html):
    page.get_by_role("button", name="HTML").click()
    page.locator("rich-text textarea").fill(html)


def save(page):
    """Save the form, and stay there."""
    with page.expect_navigation():
        page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist")).to_contain_text("successfully")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_what_is_typed_and_formatted_is_what_visitors_see(page, editor, words):
    page.locator("#id_title").fill(words)
    editor.click()
    page.get_by_label("Kind of paragraph").select_option("Heading 2")
    editor.press_sequentially("Bread")
    editor.press("Enter")
    editor.press_sequentially("Rye and ")
    editor.press("ControlOrMeta+b")
    editor.press_sequentially("wheat")
    editor.press("Enter")
    press(page, "List")
    editor.press_sequentially("one")
    editor.press("Enter")
    editor.press_sequentially("two")
    editor.press("Tab")
    save(page)
    made = "<h2>Bread</h2><p>Rye and <strong>wheat</strong></p>"
    assert source_of(page).startswith(made)
    page.goto(f"/{words.lower().replace(' ', '-')}/")
    content = page.locator("main .content")
    expect(content.get_by_role("heading", name="Bread", level=2)).to_be_visible()
    expect(content.locator("strong")).to_have_text("wheat")
    expect(content.locator("ul ul li")).to_have_text("two")


def test_html_of_before_is_the_same_after_it_was_opened_saved_and_edited(page, editor, words):
    page.locator("#id_title").fill(words)
    write_source(page, SINK)
    save(page)
    stored = source_of(page)
    before = page.evaluate(SEEN, stored)
    assert before == page.evaluate(SEEN, SINK), "the filter lets it through"
    expect(editor).to_be_visible()
    save(page)
    assert source_of(page) == stored
    editor.get_by_text("The end").click()
    editor.press("End")
    editor.press_sequentially(words)
    save(page)
    edited = source_of(page)
    assert f"The end{words}</p>" in edited
    assert page.evaluate(SEEN, edited.replace(words, "")) == before


@pytest.mark.parametrize(
    "html",
    ["<ul><li>a</li><ul><li>b</li></ul></ul>", "<ul><!-- why --><li>a</li></ul>"],
)
def test_html_that_the_editor_would_change_is_shown_as_it_is(page, editor, words, html):
    page.locator("#id_title").fill(words)
    write_source(page, html)
    press(page, "HTML")
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("The editor would change this HTML")
    question.get_by_role("button", name="Cancel").click()
    save(page)
    expect(page.locator("rich-text textarea")).to_be_visible()
    expect(page.get_by_text("The editor cannot show all of this HTML")).to_be_visible()
    assert source_of(page) == html


def test_what_is_pasted_from_word_is_clean(page, editor):
    editor.click()
    editor.evaluate(PASTE, WORD)
    assert source_of(page) == OF_WORD


def test_what_would_run_is_neither_run_nor_lost_in_the_editor(page, editor):
    script = "<script>ran = 1</script>"
    html = f'<p onclick="ran = 1">x <a href="javascript:ran = 1">y</a></p>{script}'
    write_source(page, html)
    press(page, "HTML")
    editor.get_by_text("x").click()
    editor.get_by_text("y").click()
    editor.press("End")
    editor.press_sequentially("!")
    assert page.evaluate("typeof ran") == "undefined"
    assert "!" in source_of(page)
    assert source_of(page).replace("!", "") == html
    # The policy of the admin keeps it from running as well, and says so whenever it is parsed.
    page.faults[:] = [each for each in page.faults if "inline event handler violates" not in each]


def test_a_link_a_table_and_a_picture_are_asked_for(page, editor):
    editor.click()
    editor.press_sequentially("See ")
    editor.press("ControlOrMeta+k")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Text of the link").fill("us")
    dialog.get_by_label("Address").fill("/about/")
    expect(dialog.locator("option[value='/about/']")).to_have_count(1)
    dialog.get_by_label("Address").press("Enter")
    assert source_of(page) == '<p>See <a href="/about/">us</a></p>'
    press(page, "Picture")
    dialog.get_by_label("Address").fill("/static/img/icon.png")
    dialog.get_by_label("What it shows").fill("Our icon")
    dialog.get_by_label("Caption").fill("As on the door")
    dialog.get_by_role("button", name="Apply").click()
    expect(editor.locator("figure figcaption")).to_have_text("As on the door")
    figure = (
        '<figure><img src="/static/img/icon.png" alt="Our icon" width="192" height="192">'
        "<figcaption>As on the door</figcaption></figure>"
    )
    assert sorted(figure) == sorted(source_of(page).split("</p>")[-1])
    editor.press("ControlOrMeta+a")
    editor.press("Delete")
    press(page, "Table")
    dialog.get_by_label("Columns").fill("2")
    dialog.get_by_role("button", name="Apply").click()
    press(page, "Delete the row")
    press(page, "Add a column after")
    expect(editor.locator("tr")).to_have_count(2)
    expect(editor.locator("td")).to_have_count(6)


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_picture_that_is_pasted_or_dropped_is_in_the_media_library(page, editor, way):
    name = f"{secrets.token_hex(8)}.png"
    editor.click()
    editor.evaluate(PICTURE, [way, name, list(PNG)])
    picture = editor.locator("img[src]:not(.ProseMirror-separator)")
    expect(picture).to_have_attribute("src", f"/media/uploads/site-1/{name}")
    assert page.request.get(f"/media/uploads/site-1/{name}").body() == PNG
    html = f'<p><img src="/media/uploads/site-1/{name}" alt="" width="1" height="1"></p>'
    assert sorted(source_of(page)) == sorted(html)


def test_a_picture_is_chosen_in_the_media_library(page, editor):
    editor.click()
    press(page, "Picture")
    dialog = page.locator(".richtext-dialog")
    dialog.get_by_role("button", name="Media library").click()
    library = page.frame_locator(".media-dialog iframe")
    library.get_by_role("link", name="demo", exact=True).click()
    library.get_by_role("button", name="lake.webp").click()
    address = dialog.get_by_label("Address")
    expect(address).to_have_value("/media/uploads/site-1/demo/lake.webp")
    dialog.get_by_label("What it shows").fill("A lake")
    dialog.get_by_role("button", name="Apply").click()
    expect(editor.get_by_role("img", name="A lake")).to_be_visible()
    assert 'width="1200"' in source_of(page)


def test_the_toolbar_is_one_stop_of_the_keyboard_with_arrows_inside(page, editor):
    editor.focus()
    editor.press("Alt+F10")
    expect(page.get_by_label("Kind of paragraph")).to_be_focused()
    page.keyboard.press("ArrowRight")
    bold = page.get_by_role("button", name="Bold")
    expect(bold).to_be_focused()
    page.keyboard.press("Enter")
    expect(editor).to_be_focused()
    editor.press_sequentially("loud")
    assert source_of(page) == "<p><strong>loud</strong></p>"
    expect(bold).to_have_attribute("aria-pressed", "true")


def test_a_row_that_is_added_to_others_has_an_editor(page):
    log_in(page)
    page.goto("/admin/pages/page/")
    page.locator("#tree").get_by_role("link", name="Home", exact=True).click()
    editors = page.locator("rich-text [role=textbox]")
    expect(editors).not_to_have_count(0)
    before = editors.count()
    page.locator("a.addhandler, .add-row a").last.click()
    expect(editors).to_have_count(before + 1)
    page.locator(".dynamic-sections h3").last.click()  # which unfolds it, where rows are folded
    editors.last.click()
    editors.last.press_sequentially("In a row")
    name = editors.last.locator("xpath=ancestor::rich-text//textarea")
    expect(name).to_have_value("<p>In a row</p>")
    assert "__prefix__" not in name.get_attribute("name")
