"""Fixtures of Chromium, and of a freshly made site to look at with it."""

import http.client
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from support import program, unavailable

try:
    import axe_playwright_python
except ImportError:
    axe_playwright_python = None

try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    expect = sync_playwright = None

LIMIT = 15_000  # milliseconds
CHROMIUM_ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
).split()

# Of a network interface that came or went; of what was loading when a click led away.
HARMLESS = "net::ERR_NETWORK_CHANGED|net::ERR_ABORTED"
# What axe finds in a page but in those parts, which are of others.
UNCLEAR = """others => axe.run({exclude: others.map(other => [other])}, {preload: false}).then(
    found => found.violations.map(
        ({id, nodes}) => `${id}: ${nodes.map(node => node.html).join(" ")}`))"""


@pytest.fixture(scope="session")
def filled(project, tmp_path_factory):
    """The project with a new database, for the sites of all modules: to make it takes seconds."""
    path = shutil.copytree(project.path, tmp_path_factory.mktemp("filled") / "site")
    command = [project.python, "manage.py", "createdb", "--noinput"]
    subprocess.run(command, cwd=path, check=True, stdout=subprocess.DEVNULL)
    return SimpleNamespace(path=path, python=project.python)


@contextmanager
def running_site(filled, directory, more=""):
    """Start a copy of a project and its database, with more settings, and give its address."""
    path = shutil.copytree(filled.path, directory / "site")
    with open(path / "mysite" / "local_settings.py", "a", encoding="utf-8") as settings:
        settings.write(f"COMMENTS_DEFAULT_APPROVED = True\n{more}")
    manage = [filled.python, "manage.py"]
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


@contextmanager
def launched(*arguments, **options):
    """Run Chromium, with arguments to add and options of launch(), to the end of the block."""
    if sync_playwright is None:
        unavailable("playwright is not installed: pip install playwright")
    chromium = program("chromium", "chromium")
    expect.set_options(timeout=LIMIT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=[*CHROMIUM_ARGUMENTS, *arguments], **options
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def axe():
    """The source of axe, which looks for what keeps people out."""
    if axe_playwright_python is None:
        unavailable("axe is not installed: pip install axe-playwright-python")
    return Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module")
def site(browser, filled, tmp_path_factory):
    with running_site(filled, tmp_path_factory.mktemp("browser")) as address:
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
    """A page of a browser that was never used, at which nothing may go wrong during the test.

    What did is in the list .faults.
    """
    width, height = request.param
    context = browser.new_context(base_url=site, viewport={"width": width, "height": height})
    context.set_default_timeout(LIMIT)
    faults = faults_in(context, site)
    failed_before = request.session.testsfailed
    page = context.new_page()
    page.faults = faults
    yield page
    if faults or request.session.testsfailed > failed_before:
        print("screenshot:", tmp_path / "page.png")
        page.screenshot(path=tmp_path / "page.png")
    context.close()
    assert [fault for fault in faults if not re.search(HARMLESS, fault)] == []


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


def write_to_the_owner(page, words):
    """Send the contact form, as a visitor."""
    page.goto("/contact/")
    form = page.locator(".mezzanine-form")
    for field in form.locator("input[type=text], textarea").all():
        field.fill(words)
    form.locator("input[type=email]").fill("ada@example.com")
    form.locator("select").select_option(index=1)
    form.get_by_role("button").click()
    page.wait_for_url("**/contact/?sent=1")


def drag(page, source, target, down):
    """Drag an element as with a mouse to so many pixels below the upper edge of another."""
    target.evaluate("target => target.scrollIntoView()")
    start, end = source.bounding_box(), target.bounding_box()
    page.mouse.move(start["x"] + 5, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + 15, end["y"] + end["height"] / 2, steps=5)
    page.mouse.move(end["x"] + 15, end["y"] + down, steps=5)
    page.mouse.up()
