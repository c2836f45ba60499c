"""The media library in a browser: uploads with progress, and files that a form is given."""

import base64
import secrets

import pytest
from chromium import expect, log_in

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
DROP = """([name, content]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(content)], name, {type: "image/png"}));
    for (const event of ["dragenter", "dragover", "drop"])
        document.querySelector("#content").dispatchEvent(
            new DragEvent(event, {bubbles: true, cancelable: true, dataTransfer: data}));
}"""
OUTSIDE = """library => {
    library.style.width = "370px";
    const edge = library.getBoundingClientRect();
    return [...library.querySelectorAll("*")].filter(element => {
        const box = element.getBoundingClientRect();
        return box.width && (box.right > edge.right + 1 || box.left < edge.left - 1);
    }).map(element => element.outerHTML);
}"""


def picture(name, size=0):
    return {"name": name, "mimeType": "image/png", "buffer": PNG + b"\0" * size}


def new_name():
    return f"{secrets.token_hex(8)}.png"


@pytest.fixture
def library(page):
    """A page that shows the media library."""
    log_in(page)
    page.goto("/admin/media-library/browse/")
    return page


def tile(page, name):
    return page.locator("#media-entries li").filter(has_text=name)


def test_an_editor_uploads_several_pictures_at_once(library):
    names = [new_name(), new_name()]
    chooser = library.get_by_label("Drop files here")
    chooser.set_input_files([picture(name, size=100_000) for name in names])
    for name in names:
        expect(tile(library, name)).to_be_visible()
    expect(library.locator("#media-progress li")).to_have_count(0)
    tile(library, names[0]).get_by_role("link").click()
    address = library.get_by_label("Address").input_value()
    assert address == f"/media/uploads/site-1/{names[0]}"
    assert library.request.get(address).body().startswith(PNG)


def test_an_editor_drops_a_picture_on_the_page(library):
    name = new_name()
    library.evaluate(DROP, [name, list(PNG)])
    expect(tile(library, name)).to_be_visible()


def test_what_is_too_large_or_of_another_type_is_said_beside_what_is_stored(library):
    limit = library.locator("#media-upload").get_attribute("data-limit")
    assert int(limit) == 100 * 1024 * 1024
    library.locator("#media-upload").evaluate("form => { form.dataset.limit = 10_000 }")
    name = new_name()
    library.get_by_label("Drop files here").set_input_files(
        [picture("large.png", size=10_000), picture(name)]
    )
    expect(library.get_by_text("large.png: This file is too large.")).to_be_visible()
    expect(tile(library, name)).to_be_visible()
    expect(tile(library, "large.png")).to_have_count(0)


def test_an_editor_makes_a_folder_renames_it_and_deletes_it(library):
    name = secrets.token_hex(8)
    library.get_by_text("New folder").click()
    library.get_by_role("textbox", name="Name", exact=True).fill(name)
    library.get_by_role("button", name="Save").click()
    expect(library.get_by_text("There are no files here yet.")).to_be_visible()
    library.get_by_role("link", name="All files").click()
    library.get_by_role("link", name=f"Rename or delete {name}").click()
    library.get_by_label("New name").fill(f"{name}2")
    library.get_by_role("button", name="Rename").click()
    library.get_by_role("link", name=f"Rename or delete {name}2").click()
    library.get_by_text("Delete", exact=True).click()
    library.get_by_role("button", name="Yes").click()
    expect(tile(library, name)).to_have_count(0)


LIBRARY_IS_LOADED = """() => {
    const frame = document.querySelector(".media-dialog iframe");
    return frame?.contentDocument.readyState === "complete" && frame.contentWindow.location.search;
}"""


def open_featured_image(page):
    """Go to the form of a post; return the button that opens the media library."""
    page.goto("/admin/blog/blogpost/")
    page.locator("#content a[href$='/change/']").first.click()
    return page.locator(".field-featured_image, .row").get_by_role("button", name="Choose a file")


def in_dialog(page):
    return page.frame_locator(".media-dialog iframe")


def test_an_editor_chooses_a_picture_for_a_post_by_keyboard(page):
    log_in(page)
    button = open_featured_image(page)
    title = page.locator("#id_title").input_value()
    button.focus()
    page.keyboard.press("Enter")
    folder = in_dialog(page).get_by_role("link", name="demo", exact=True)
    page.wait_for_function(LIBRARY_IS_LOADED)
    folder.press("Escape")
    expect(page.locator(".media-dialog")).to_have_count(0)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    folder.press("Enter")
    in_dialog(page).get_by_role("button", name="lake.webp").press("Enter")
    expect(page.locator("#id_featured_image")).to_have_value("uploads/site-1/demo/lake.webp")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")
    page.goto("/blog/")
    post = page.get_by_role("article").filter(has_text=title)
    expect(post.locator("img[src*=lake]").first).to_be_visible()


def test_a_picture_that_is_uploaded_in_the_dialog_is_chosen(page):
    name = new_name()
    log_in(page)
    open_featured_image(page).click()
    in_dialog(page).get_by_label("Drop files here").set_input_files(picture(name))
    field = page.locator("#id_featured_image")
    expect(field).to_have_value(f"uploads/site-1/{name}")
    page.get_by_role("button", name="Clear").click()
    expect(field).to_have_value("")


def test_the_media_library_fits_into_a_telephone(library):
    for query in ("", "?dir=demo", "?_popup=1&dir=demo", "?q=nothing_has_this_name"):
        library.goto(f"/admin/media-library/browse/{query}")
        assert library.locator(".media-library").evaluate(OUTSIDE) == []
    library.goto("/admin/media-library/file/?dir=demo&filename=lake.webp")
    assert library.locator(".media-library").evaluate(OUTSIDE) == []
