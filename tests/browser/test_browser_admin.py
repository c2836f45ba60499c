"""A freshly made site in a browser, as its editors use it."""

from chromium import drag, expect, log_in


def open_form_of(page, title):
    """Go from the tree of pages to the change form of one at the top level."""
    page.goto("/admin/pages/page/")
    page.locator("#tree").get_by_role("link", name=title, exact=True).click()
    expect(page.locator("#id_title")).to_have_value(title)


def save(page):
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")


def test_an_editor_unfolds_the_meta_data_and_moves_a_page_to_another_address(page):
    log_in(page)
    for slug in ("about-us", "about"):
        open_form_of(page, "About")
        expect(page.locator("#id_slug")).to_be_hidden()
        page.get_by_text("Meta data", exact=True).click()
        for field in ("#id_slug", "#id_description", "#id_keywords_1", "#id_in_sitemap"):
            expect(page.locator(field)).to_be_visible()
        page.locator("#id_slug").fill(slug)
        save(page)
        page.goto(f"/{slug}/")
        expect(page.get_by_role("heading", name="About", level=1)).to_be_visible()


def test_an_editor_unfolds_the_page_tree_and_drags_a_page_above_another(page):
    log_in(page)
    page.goto("/admin/pages/page/")
    tree = page.locator("#tree > ol > li")
    child = tree.get_by_role("link", name="Team", exact=True)
    expect(child).to_be_hidden()
    page.get_by_role("button", name="Pages below: About").click()
    expect(child).to_be_visible()

    titles = tree.locator("> .row .title")
    *others, upper, lower = titles.all_inner_texts()
    with page.expect_response("**/admin_page_ordering/") as answer:
        drag(page, titles.last, tree.nth(-2).locator("> .row"), 2)
    assert answer.value.text() == "ok"
    page.reload()
    expect(titles).to_have_text([*others, lower, upper])


def test_an_editor_drags_a_page_below_another_one(page, words):
    log_in(page)
    for title in (words, f"{words} below"):
        page.goto("/admin/pages/link/add/")
        page.locator("#id_title").fill(title)
        page.locator("#id_slug").fill("https://example.com/")
        page.get_by_role("button", name="Save", exact=True).click()
    rows = page.locator("#tree > ol > li > .row")
    with page.expect_response("**/admin_page_ordering/") as answer:
        drag(page, rows.last, rows.nth(-2), rows.last.bounding_box()["height"] / 2)
    assert answer.value.text() == "ok"
    page.reload()
    branch = page.locator("#tree > ol > li").last
    expect(branch.locator("> ol .title")).to_have_text(f"{words} below")


def test_an_editor_moves_a_page_by_keyboard(page):
    log_in(page)
    page.goto("/admin/pages/page/")
    tree = page.locator("#tree > ol > li")
    before = tree.locator("> .row .title").all_inner_texts()
    title = before[-1]

    def press(name):
        button = tree.get_by_role("group").get_by_role("button", name=name, exact=True)
        button.and_(page.locator("[open] > button")).focus()
        with page.expect_response("**/admin_page_ordering/") as answer:
            page.keyboard.press("Enter")
        assert answer.value.text() == "ok"

    page.locator("#tree summary").and_(page.get_by_label(f"Move: {title}", exact=True)).focus()
    page.keyboard.press("Enter")
    press("Up")
    assert tree.locator("> .row .title").all_inner_texts() == [*before[:-2], title, before[-2]]
    expect(page.get_by_role("status")).to_have_text(f"{title}: {len(before) - 1} / {len(before)}")
    press("Below the page above it")
    expect(tree.locator("> ol > li > .row .title", has_text=title)).to_be_visible()
    press("Out")
    press("Down")
    page.reload()
    expect(tree.locator("> .row .title")).to_have_text(before)


def test_an_editor_orders_the_fields_of_a_form_by_mouse_and_by_buttons(page, words):
    log_in(page)
    open_form_of(page, "Contact")
    fields = page.locator("#fields-group .inline-related:not(.empty-form)")
    labels = fields.locator("[name$=-label]")

    def values():
        return labels.evaluate_all("fields => fields.map(field => field.value).filter(Boolean)")

    expect(page.get_by_role("button", name="Add another Field")).to_be_visible()
    before = values()
    page.get_by_role("button", name="Add another Field").click()
    labels.last.fill(words)
    fields.last.locator("[name$=-field_type]").select_option(label="Single line text")
    while values()[0] != words:
        order = labels.evaluate_all("fields => fields.map(field => field.value)").index(words)
        fields.nth(order).get_by_role("button", name="Move up").click()
    save(page)
    open_form_of(page, "Contact")
    assert values() == [words, *before]
    drag(page, fields.nth(1).locator("h3"), fields.nth(0).locator("h3"), 2)
    assert values()[:2] == [before[0], words]
    fields.nth(1).get_by_label("Delete").check()
    save(page)
    open_form_of(page, "Contact")
    assert values() == before


def test_rows_that_were_moved_stay_whole_when_a_new_one_is_removed(page):
    log_in(page)
    open_form_of(page, "Contact")
    fields = page.locator("#fields-group .inline-related:not(.empty-form)")
    first = fields.first.locator("[name$=-label]").input_value()
    for _ in range(2):
        page.get_by_role("button", name="Add another Field").click()
    fields.first.get_by_role("button", name="Move down").click()
    fields.last.locator(".inline-deletelink").click()
    expect(fields.nth(1).locator("[name$=-label]")).to_have_value(first)
    assert fields.nth(1).locator("[name=fields-0-label]").input_value() == first
    save(page)


def test_a_draft_is_written_on_the_dashboard(page, words):
    log_in(page)
    page.get_by_label("Title").fill(words)
    page.get_by_label("Content").fill("Bread & butter\n\nSoup")
    page.get_by_role("button", name="Save Draft").click()
    page.goto("/admin/")
    page.locator("#overview").get_by_role("link", name=words).click()
    expect(page.locator("#id_content")).to_have_value("<p>Bread &amp; butter</p><p>Soup</p>")


def test_an_editor_logs_out_of_the_admin(page):
    log_in(page)
    page.get_by_role("button", name="Log out").click()
    page.goto("/admin/")
    expect(page.get_by_label("Username or email")).to_be_visible()


def test_an_editor_logs_out_on_the_site(page):
    log_in(page)
    page.goto("/")
    member = page.locator(".user-panel")
    member.get_by_role("link", name="Log out").click()
    expect(member.get_by_role("link", name="Log in")).to_be_visible()
    page.goto("/admin/")
    expect(page.get_by_label("Username or email")).to_be_visible()
