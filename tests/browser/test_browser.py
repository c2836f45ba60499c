"""A freshly made site in a browser, as its visitors and members use it."""

import secrets

import pytest
from chromium import expect

NOTHING_IS_ABOVE = """element => {
    const {x, y, width, height} = element.getBoundingClientRect();
    return [1, height / 2, height - 1].every(
        down => document.elementFromPoint(x + width / 2, y + down) === element);
}"""
EMPTY_ONES = """elements => elements.filter(
    element => !element.innerText.trim() && !element.querySelector("img, input")
).map(element => element.outerHTML)"""


def test_the_home_page_shows_the_title_of_the_site_and_its_content(page):
    page.goto("/")
    expect(page).to_have_title("Home | Mysite")
    expect(page.get_by_role("link", name="Mysite", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Good morning")).to_be_visible()


@pytest.mark.parametrize("address", ["/", "/about/", "/contact/", "/blog/", "/gallery/"])
def test_the_heading_is_not_covered_and_no_box_is_empty(page, address):
    page.goto(address)
    assert page.get_by_role("heading", level=1).evaluate(NOTHING_IS_ABOVE)
    assert page.locator(".sidebar:visible, .hint:visible").evaluate_all(EMPTY_ONES) == []


def test_a_visitor_finds_a_post_and_comments_on_it(page, words):
    page.goto("/blog/")
    page.get_by_role("heading", name="Hello").get_by_role("link").click()
    form = page.locator("#comment")
    for field, value in {"name": "Ada", "email": "ada@example.com", "comment": words}.items():
        form.locator(f"[name={field}]").fill(value)
    form.get_by_role("button", name="Comment").click()
    comment = page.locator(".comment", has_text=words)
    expect(comment.get_by_text(words)).to_be_visible()
    avatar = comment.locator("img.avatar")
    expect(avatar).to_be_visible()
    expect(avatar).to_have_js_property("naturalWidth", 32)


def test_the_browser_knows_who_has_commented_and_tells_nobody(page, words):
    test_a_visitor_finds_a_post_and_comments_on_it(page, words)
    page.goto("/blog/hello/")
    expect(page.locator("#comment [name=name]")).to_have_value("Ada")
    expect(page.locator("#comment [name=email]")).to_have_value("ada@example.com")
    assert "Ada" not in str(page.context.cookies())
    assert "ada@" not in str(page.context.cookies())


def test_a_visitor_rates_a_post_once(page):
    page.goto("/blog/hello/")
    rating = page.locator(".rating").first
    rating.get_by_role("button", name="Rate 4").click()
    expect(rating.get_by_text("Current rating: 4")).to_be_visible()
    expect(rating.get_by_role("button")).to_have_count(0)


def test_a_visitor_sends_the_contact_form(page, words):
    page.goto("/contact/")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Subject").select_option("Support")
    page.get_by_label("Message").fill(words)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Thanks for getting in touch with us.")).to_be_visible()


def test_a_thumbnail_of_the_gallery_opens(page):
    page.goto("/gallery/")
    page.locator(".gallery a").first.click()
    picture = page.locator(".viewer img")
    expect(picture).to_be_visible()
    expect(picture).not_to_have_js_property("naturalWidth", 0)


def test_the_search_finds_a_post(page):
    page.goto("/")
    page.locator(".search summary").click()
    page.get_by_placeholder("Search").fill("hello")
    page.get_by_role("button", name="Go").click()
    page.locator("#search-results").get_by_role("link", name="Hello").click()
    expect(page).to_have_url("/blog/hello/")


def test_someone_signs_up_and_logs_in_by_address(page):
    name = f"ada_{secrets.token_hex(4)}"
    page.goto("/")
    page.get_by_role("link", name="Sign up").click()
    for label, value in {
        "First name": "Ada",
        "Last name": "Lovelace",
        "Email address": f"{name}@example.com",
        "Username": name,
        "Password": "difference engine",
        "Password (again)": "difference engine",
    }.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Sign up").click()
    member = page.locator(".user-panel")
    expect(member).to_contain_text(f"Logged in as: {name}")
    member.get_by_role("link", name="Log out").click()
    member.get_by_role("link", name="Log in").click()
    page.get_by_label("Username or email address").fill(f"{name}@example.com")
    page.get_by_label("Password").fill("difference engine")
    page.get_by_role("button", name="Log in").click()
    expect(member).to_contain_text(f"Logged in as: {name}")
