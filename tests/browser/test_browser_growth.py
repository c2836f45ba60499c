"""The admin of a large site: the tree of pages comes level by level, related posts are searched."""

import subprocess

import pytest
from chromium import drag, expect, log_in, running_site

CONTENT = """
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import RichTextPage
section = RichTextPage.objects.create(title="Section", content="x")
for number in range(105):
    RichTextPage.objects.create(title=f"Child {number}", content="x", parent=section)
RichTextPage.objects.create(title="Grandchild", content="x", parent=section.children.first())
BlogPost.objects.create(title="Bread", content="x", user_id=1)
"""


@pytest.fixture(scope="module")
def site(browser, filled, tmp_path_factory):
    directory = tmp_path_factory.mktemp("growth")
    with running_site(filled, directory) as address:
        manage = [filled.python, "manage.py", "shell", "-c", CONTENT]
        subprocess.run(manage, cwd=directory / "site", check=True)
        yield address


def row_of(page, title):
    """Return the row of a page in the tree, without the level below it."""
    return page.locator("#tree .row").filter(has=page.get_by_text(title, exact=True))


def test_an_editor_unfolds_a_large_tree_level_by_level(page):
    log_in(page)
    page.goto("/admin/pages/page/")
    expect(row_of(page, "Child 1")).to_have_count(0)
    row_of(page, "Section").locator(".tree-toggle").click()
    expect(row_of(page, "Child 1")).to_be_visible()
    expect(row_of(page, "Child 100")).to_have_count(0)
    page.get_by_role("link", name="Show more").click()
    expect(row_of(page, "Child 104")).to_be_visible()
    row_of(page, "Child 0").locator(".tree-toggle").click()
    expect(row_of(page, "Grandchild")).to_be_visible()

    page.reload()
    expect(row_of(page, "Grandchild")).to_be_visible()
    row_of(page, "Section").locator(".tree-toggle").click()
    expect(row_of(page, "Child 1")).to_be_hidden()
    page.reload()
    expect(row_of(page, "Section")).to_be_visible()
    expect(row_of(page, "Child 1")).to_be_hidden()


def test_an_editor_adds_a_page_in_a_level_that_was_loaded(page):
    log_in(page)
    page.goto("/admin/pages/page/")
    row_of(page, "Section").locator(".tree-toggle").click()
    row_of(page, "Child 3").locator(".addlist summary").click()
    row_of(page, "Child 3").get_by_role("link", name="Link", exact=True).click()
    page.wait_for_url("**/link/add/?parent=*")


def test_an_editor_drags_a_page_in_a_level_that_was_loaded(page):
    log_in(page)
    page.goto("/admin/pages/page/")
    row_of(page, "Section").locator(".tree-toggle").click()
    titles = page.locator("#tree > ol > li > ol > li > .row .title")
    expect(titles).to_have_count(100)
    before = titles.all_inner_texts()
    with page.expect_response("**/admin_page_ordering/") as answer:
        drag(page, row_of(page, before[2]), row_of(page, before[1]), 2)
    assert answer.value.text() == "ok"
    page.reload()
    expect(titles).to_have_text([before[0], before[2], before[1], *before[3:]])


def test_an_editor_searches_related_posts(page):
    log_in(page)
    page.goto("/admin/blog/blogpost/1/change/")
    page.get_by_text("Other posts", exact=True).click()
    page.locator(".field-related_posts, .related_posts").get_by_role("searchbox").fill("e")
    page.locator(".select2-results__option").first.click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")
