"""The look of public pages, in a browser: for everybody, at any size, with or without scripts."""

import gzip
import re
from pathlib import Path

import pytest
from chromium import expect, log_in
from support import unavailable

try:
    import axe_playwright_python
except ImportError:
    axe_playwright_python = None

POST = "/blog/hello/"
TEXT = "/about/team/"
PUBLIC = [
    *["/", TEXT, "/blog/", POST, "/gallery/", "/contact/", "/search/?q=hello", "/search/?q=nosuch"],
    *["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/styleguide/"],
]
WIDER = "document.documentElement.scrollWidth - innerWidth"
UNCLEAR = """results => results.violations.map(
    ({id, nodes}) => `${id}: ${nodes.map(node => node.html).join(" ")}`
)"""
SHIFTS = """() => new Promise(resolve => {
    let sum = 0;
    const observer = new PerformanceObserver(list => {
        for (const entry of list.getEntries()) sum += entry.value;
    });
    observer.observe({type: "layout-shift", buffered: true});
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
})"""


@pytest.fixture
def visit(browser, site):
    """Return a function that opens a page in a new browser, with options of new_context()."""
    contexts = []

    def visit(address, width=1280, height=900, **options):
        viewport = {"width": width, "height": height}
        context = browser.new_context(base_url=site, viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        page.wait_for_load_state("networkidle")
        return page

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def axe():
    """The source of axe, which looks for what keeps people out."""
    if axe_playwright_python is None:
        unavailable("axe is not installed: pip install axe-playwright-python")
    return Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_keeps_anybody_out_and_nothing_scrolls_sideways(visit, axe, scheme, width):
    found = {}
    for address in PUBLIC:
        page = visit(address, width, color_scheme=scheme)
        page.evaluate(axe)
        faults = page.evaluate(f"axe.run().then({UNCLEAR})")
        faults += ["scrolls sideways"] * (page.evaluate(WIDER) > 0)
        if faults:
            found[address] = faults
    assert found == {}


def test_the_first_page_weighs_little_on_a_telephone(browser, site):
    context = browser.new_context(
        base_url=site, viewport={"width": 390, "height": 844}, device_scale_factor=2
    )
    page = context.new_page()
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto("/")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    assert any(answer.url.endswith(".webp") for answer in answers)
    sizes = [
        len(body if answer.url.endswith(".webp") else gzip.compress(body))
        for answer in answers
        if (body := answer.body())
    ]
    assert sum(sizes) <= 150_000
    context.close()


def test_a_look_is_previewed_before_it_is_saved(visit):
    page = visit("/admin/", 1280)
    log_in(page)
    page.goto("/admin/conf/setting/")
    heading = page.frame_locator("#look-preview iframe").get_by_role("heading", level=1)
    expect(heading).to_be_visible()
    page.get_by_label("Font:", exact=True).select_option("serif")
    expect(heading).to_have_css("font-family", re.compile("Iowan"))
    page.locator("[name=LOOK_ACCENT]").fill("#eeeeee")
    expect(page.locator("#look-preview [role=status]")).to_contain_text("Links cannot be read")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).not_to_have_css("font-family", re.compile("Iowan"))


@pytest.mark.parametrize("address", ["/", "/styleguide/", "/contact/"])
def test_pages_fit_at_a_zoom_of_400_percent(visit, address):
    assert visit(address, 320, 256).evaluate(WIDER) <= 0


@pytest.mark.parametrize("width", [1280, 390])
def test_the_first_view_of_a_text_takes_four_requests_and_moves_nothing(browser, site, width):
    context = browser.new_context(base_url=site, viewport={"width": width, "height": 844})
    page = context.new_page()
    sent = []
    page.on("request", lambda request: sent.append(request))
    page.goto(TEXT)
    page.wait_for_load_state("networkidle")
    needed = [request.url for request in sent if "/img/icon" not in request.url]
    assert len(needed) <= 4, needed
    assert page.evaluate(SHIFTS) == 0
    context.close()


def test_the_menu_is_used_by_keyboard_alone(visit):
    page = visit("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    about = page.get_by_role("navigation").get_by_role("link", name="About")
    while not about.evaluate("link => link === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    team = page.locator("#menu").get_by_role("link", name="Team")
    expect(team).to_be_visible()
    page.keyboard.press("Escape")
    expect(team).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(team).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(TEXT)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_telephone_has_the_menu_behind_a_button(visit, scripts):
    page = visit("/", 390, 844, java_script_enabled=scripts)
    team = page.locator("#menu").get_by_role("link", name="Team")
    expect(team).to_be_hidden()
    page.get_by_role("button", name="Toggle navigation").click()
    page.locator("#menu summary").first.click()
    team.click()
    expect(page.get_by_role("heading", name="Team", level=1)).to_be_visible()


def test_pictures_are_looked_at_by_keyboard(visit):
    page = visit("/gallery/")
    first = page.locator(".gallery a").first
    first.focus()
    page.keyboard.press("Enter")
    viewer = page.get_by_role("dialog")
    expect(viewer.locator("output")).to_contain_text("1 /")
    page.keyboard.press("ArrowRight")
    expect(viewer.locator("output")).to_contain_text("2 /")
    expect(viewer.locator("img")).not_to_have_js_property("naturalWidth", 0)
    page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    expect(page.locator(".gallery a").nth(1)).to_be_focused()


def test_everything_works_without_scripts(visit, words):
    page = visit("/gallery/", java_script_enabled=False)
    page.locator(".gallery a").first.click()
    assert "/media/" in page.url
    page.goto(POST)
    form = page.locator("#comment")
    for field, value in {"name": "Ada", "email": "ada@example.com", "comment": words}.items():
        form.locator(f"[name={field}]").fill(value)
    form.get_by_role("button", name="Comment").click()
    page.locator(".comment", has_text=words).get_by_role("link", name="Reply").first.click()
    for field, value in {"name": "Bob", "email": "bob@example.com", "comment": "So."}.items():
        page.locator(f"#comment [name={field}]").fill(value)
    page.locator("#comment").get_by_role("button", name="Reply").click()
    expect(page.locator(".comment .comment", has_text="So.").first).to_be_visible()
    page.locator(".search summary").click()
    page.get_by_placeholder("Search").fill("hello")
    page.get_by_role("button", name="Go").click()
    expect(page.locator("#search-results").get_by_role("link", name="Hello")).to_be_visible()


def test_an_embed_is_asked_for_on_a_click(visit):
    page = visit("/styleguide/")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    assert not page.locator("iframe").count()
    page.route("https://video.example/**", lambda route: route.fulfill(body="a film"))
    page.locator(".embed a").click()
    expect(page.locator("iframe[title='A film']")).to_be_visible()
    assert any(url.startswith("https://video.example/") for url in asked)


def test_the_parts_of_a_page_are_told_apart_in_forced_colours(visit):
    page = visit("/styleguide/", forced_colors="active")
    for part in (".message", ".pages [aria-current]", "input[name=name]", "form button"):
        assert page.locator(f".content {part}").first.evaluate(
            "part => getComputedStyle(part).borderStyle !== 'none'"
        )
