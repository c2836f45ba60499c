"""A freshly made site in a browser, as its visitors, members and editors use it."""

import base64
import http.client
import os
import secrets
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress

import pytest
from support import program, unavailable

try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    sync_playwright = None

LIMIT = 15_000  # milliseconds
CHROMIUM_ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
).split()
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
NOTHING_IS_ABOVE = """element => {
    const {x, y, width, height} = element.getBoundingClientRect();
    return [1, height / 2, height - 1].every(
        down => document.elementFromPoint(x + width / 2, y + down) === element);
}"""
EMPTY_ONES = """elements => elements.filter(
    element => !element.innerText.trim() && !element.querySelector("img, input")
).map(element => element.outerHTML)"""


@contextmanager
def running_site(project, directory):
    """Start a copy of the project, with a new database, and give its address."""
    path = shutil.copytree(project.path, directory / "site")
    manage = [project.python, "manage.py"]
    subprocess.run(
        [*manage, "createdb", "--noinput"], cwd=path, check=True, stdout=subprocess.DEVNULL
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    with open(directory / "server.log", "wb") as log:
        server = subprocess.Popen(
            [*manage, "runserver", "--noreload", "--nobanner", host],
            cwd=path,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_it_answers(server, host, log.name)
        yield f"http://{host}"
    finally:
        server.terminate()
        server.wait(30)


def wait_until_it_answers(server, host, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError):
            connection = http.client.HTTPConnection(host, timeout=30)
            connection.request("GET", "/")
            assert connection.getresponse().status == 200, f"see {log}"
            return
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"the server ended with {server.wait(0.1)}, see {log}")
    pytest.fail(f"the server does not answer, see {log}")


@pytest.fixture(scope="module")
def browser():
    if sync_playwright is None:
        unavailable("playwright is not installed: pip install playwright")
    chromium = program("chromium", "chromium")
    expect.set_options(timeout=LIMIT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(browser, project, tmp_path_factory):
    with running_site(project, tmp_path_factory.mktemp("browser")) as address:
        yield address


def faults_in(context, site):
    """Return a list that grows with everything that went wrong in the pages of the context."""
    faults = []

    def on(event, fault):
        context.on(event, lambda what: faults.extend(filter(None, [fault(what)])))

    on("weberror", lambda error: f"not caught: {error.error}")
    on("console", lambda line: line.type == "error" and f"{line.text} {line.location['url']}")
    on("request", lambda it: not it.url.startswith((f"{site}/", "data:")) and f"sent to {it.url}")
    on("requestfailed", lambda request: f"{request.failure}: {request.url}")
    on("response", lambda answer: answer.status >= 400 and f"{answer.status}: {answer.url}")
    return faults


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["wide", "narrow"])
def page(request, browser, site, tmp_path):
    """A page of a browser that was never used, at which nothing may go wrong during the test."""
    width, height = request.param
    context = browser.new_context(base_url=site, viewport={"width": width, "height": height})
    context.set_default_timeout(LIMIT)
    faults = faults_in(context, site)
    failed_before = request.session.testsfailed
    page = context.new_page()
    yield page
    if faults or request.session.testsfailed > failed_before:
        print("screenshot:", tmp_path / "page.png")
        page.screenshot(path=tmp_path / "page.png")
    context.close()
    # Chromium's word for a network interface of the machine that came or went.
    assert [fault for fault in faults if "net::ERR_NETWORK_CHANGED" not in fault] == []


@pytest.fixture
def words():
    """Words that nobody has written on the site yet."""
    return f"Written {secrets.token_hex(8)}"


def log_in(page):
    page.goto("/admin/")
    page.get_by_label("Username or email").fill("admin")
    page.get_by_label("Password").fill("default")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    if page.viewport_size["width"] < 768 and not page.locator("#content.full").count():
        page.locator("#side-panel-toggle").click()  # the menu would cover what is below it
        expect(page.locator("#content.full")).to_be_visible()


def open_form_of(page, title):
    """Go from the tree of pages to the change form of one at the top level."""
    page.goto("/admin/pages/page/")
    page.locator("#tree").get_by_role("link", name=title, exact=True).click()
    expect(page.locator("#id_title")).to_have_value(title)


def save(page):
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")


def test_the_home_page_shows_the_title_of_the_site_and_its_content(page):
    page.goto("/")
    expect(page).to_have_title("Home | Mysite")
    expect(page.get_by_role("link", name="Mysite", exact=True)).to_be_visible()
    expect(page.get_by_text("Welcome.")).to_be_visible()


@pytest.mark.parametrize("address", ["/", "/about/", "/contact/", "/blog/", "/gallery/"])
def test_the_heading_is_not_covered_and_no_box_is_empty(page, address):
    page.goto(address)
    assert page.get_by_role("heading", level=1).evaluate(NOTHING_IS_ABOVE)
    assert page.locator(".panel:visible").evaluate_all(EMPTY_ONES) == []


def test_a_visitor_finds_a_post_and_comments_on_it(page, words):
    page.goto("/blog/")
    page.get_by_role("heading", name="Hello").get_by_role("link").click()
    form = page.locator("#comment")
    for field, value in {"name": "Ada", "email": "ada@example.com", "comment": words}.items():
        form.locator(f"[name={field}]").fill(value)
    form.get_by_role("button", name="Comment").click()
    comment = page.locator(".comment", has_text=words)
    expect(comment.get_by_text(words)).to_be_visible()
    avatar = comment.get_by_role("img")
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
    rating = page.locator(".panel.rating")
    rating.get_by_label("4").check()
    rating.get_by_role("button", name="Rate").click()
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
    page.locator(".gallery .thumbnail").first.click()
    picture = page.locator("img.mfp-img")
    expect(picture).to_be_visible()
    expect(picture).not_to_have_js_property("naturalWidth", 0)


def test_the_search_finds_a_post(page):
    page.goto("/")
    menu = page.get_by_role("button", name="Toggle Navigation")
    if menu.is_visible():
        menu.click()
    page.get_by_placeholder("Search").fill("hello")
    page.get_by_role("button", name="Go").click()
    page.locator(".middle").get_by_role("link", name="Hello").click()
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


def test_an_editor_writes_in_the_rich_text_editor(page, words):
    log_in(page)
    open_form_of(page, "Blog")
    editor = page.frame_locator("#id_content_ifr").locator("body")
    editor.click()
    editor.press("ControlOrMeta+a")
    editor.press_sequentially(words)
    save(page)
    page.goto("/blog/")
    expect(page.locator(".editable-original", has_text=words)).to_be_visible()


def test_an_editor_writes_in_the_page_itself(page, words):
    log_in(page)
    page.goto("/contact/legals/")
    page.locator("#editable-toolbar-toggle").click()
    content = page.locator(".middle")
    content.get_by_role("link", name="Edit").click()
    editor = content.frame_locator("iframe").locator("body")
    editor.click()
    editor.press("ControlOrMeta+a")
    editor.press_sequentially(words)
    content.get_by_role("button", name="Save").click()
    expect(page.locator(".editable-original", has_text=words)).to_be_visible()


def test_an_editor_uploads_a_picture(page):
    name = f"{secrets.token_hex(8)}.png"
    log_in(page)
    page.locator("#content").get_by_role("link", name="Media Library").click()
    page.get_by_role("link", name="Upload").click()
    picture = {"name": name, "mimeType": "image/png", "buffer": PNG}
    page.locator("input[type=file]").set_input_files(picture)
    expect(page.get_by_text(name)).to_be_visible()
    page.get_by_role("button", name="Upload").click()
    listed = page.get_by_role("row").filter(has_text=name)
    expect(listed).to_be_visible()
    address = listed.get_by_role("link", name=name).get_attribute("href")
    assert "/media/" in address
    assert page.request.get(address).body() == PNG


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
