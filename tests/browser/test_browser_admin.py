"""A freshly made site in a browser, as its editors use it."""

from chromium import expect, log_in


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
    child = tree.get_by_role("link", name="Team")
    expect(child).to_be_hidden()
    tree.filter(has=page.get_by_text("Team")).locator(".tree-toggle").first.click()
    expect(child).to_be_visible()

    titles = tree.locator("> div .changelink")
    *others, upper, lower = titles.all_inner_texts()
    handle = tree.last.locator(".ordering").first
    handle.scroll_into_view_if_needed()
    source = handle.bounding_box()
    target = tree.nth(-2).locator("> div").bounding_box()
    page.mouse.move(source["x"] + 5, source["y"] + 5)
    page.mouse.down()
    page.mouse.move(source["x"] + 5, target["y"] + 20, steps=10)
    page.mouse.move(source["x"] + 5, target["y"] + 2, steps=10)
    with page.expect_response("**/admin_page_ordering/") as answer:
        page.mouse.up()
    assert answer.value.text() == "ok"
    page.reload()
    expect(titles).to_have_text([*others, lower, upper])


def test_the_admin_asks_before_it_logs_out(page):
    log_in(page)
    page.get_by_role("link", name="Log out").click()
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
