"""Visitors and an editor in browsers of their own, who look at the same pages behind NGINX."""

import base64
import hashlib
import re
import subprocess

import pytest
from chromium import LIMIT, expect, faults_in, launched
from servers import DB_PASS, HOST, wait_until

SITE = f"https://{HOST}"
POST = "/blog/hello/"
HARMLESS = "404|net::ERR_NETWORK_CHANGED|net::ERR_ABORTED"

CONTENT = """
from django.contrib.auth.models import User
from mezzanine.blog.models import BlogPost
from mezzanine.forms.models import Form
User.objects.filter(username="editor").update(first_name="Edwina", last_name="Private")
author = User.objects.create_user("author")
for title, status in ("Hello", 2), ("Secret", 1):
    BlogPost.objects.create(title=title, content=title, user=author, status=status)
Form.objects.update(response="<p>Thank you</p>")
"""

# What only whoever is logged in has on a page.
PRIVATE = re.compile(r"js/editable\.|Logged in as|Edwina|Private|editor@|Log out")
TOKEN = "csrfmiddlewaretoken"  # also on the pages of who has just sent a form


@pytest.fixture(scope="module", autouse=True)
def content(nginx, live, administrator):
    live.manage("shell", "-c", CONTENT)


@pytest.fixture(scope="module")
def chromium(nginx):
    """Chromium, for which the site is at this NGINX, and trusts its certificate.

    It would keep no page of a site of which it merely ignores the certificate's errors.
    """
    with launched(
        f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{nginx.port}",
        f"--ignore-certificate-errors-spki-list={fingerprint(nginx.folder / 'mysite.crt')}",
        # As people have it: the way back leads to a page as it was left.
        ignore_default_args=["--disable-back-forward-cache"],
    ) as browser:
        yield browser


def fingerprint(certificate):
    """Return the hash of its public key, as RFC 7469 has it."""
    key = subprocess.check_output(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"])
    der = subprocess.check_output(["openssl", "pkey", "-pubin", "-outform", "der"], input=key)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


@pytest.fixture
def somebody(chromium):
    """Return a function that opens a browser that was never used, and returns a page of it."""
    opened = []

    def open_browser():
        context = chromium.new_context(base_url=SITE)
        context.set_default_timeout(LIMIT)
        opened.append((context, faults_in(context, SITE)))
        return context.new_page()

    yield open_browser
    for context, faults in opened:
        context.close()
        # Drafts are missing for visitors, and what was still loading when a page was left is not
        # loaded. For the other, see chromium.py.
        assert [fault for fault in faults if not re.search(HARMLESS, fault)] == []


@pytest.fixture
def ada(somebody):
    return somebody()


@pytest.fixture
def bob(somebody):
    return somebody()


@pytest.fixture
def editor(somebody):
    page = somebody()
    log_in(page, "/about/")
    return page


def log_in(page, path):
    page.goto(f"/accounts/login/?next={path}")
    page.get_by_label("Username or email address").fill("editor")
    page.get_by_label("Password").fill(DB_PASS)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(path)


def look(page, path):
    """Let a visitor who is not logged in open a page; return its HTML as it was sent."""
    html = page.goto(path).text()
    assert PRIVATE.findall(html) == []
    return html


def see(path, words, *visitors):
    """Wait until each of these visitors finds the words there."""
    for page in visitors:
        wait_until(lambda page=page: words in look(page, path))


def edit_in_the_page(page, title):
    page.goto("/about/")
    toggle, heading = page.locator("#editable-toolbar-toggle"), page.locator("h1")
    expect(toggle).to_be_visible()
    button = heading.get_by_role("button", name="Edit")
    if not button.is_visible():  # the browser remembers whether it is
        toggle.click()
    button.click()
    page.locator("dialog input[name=title]").fill(title)
    page.locator("dialog").get_by_role("button", name="Save").click()
    expect(page.locator("h1 .editable-original")).to_have_text(title)


def edit_in_the_admin(page, title):
    page.goto("/about/")
    page.goto(page.locator("#editable-toolbar a", has_text="Admin").get_attribute("href"))
    page.locator("#id_title").fill(title)
    save(page)


def save(page):
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")


def set_status(page, title, status):
    """Let an editor make a post of the blog a draft, or publish it."""
    page.goto("/admin/blog/blogpost/")
    page.get_by_role("link", name=title, exact=True).click()
    page.get_by_label(status).check()
    save(page)


@pytest.mark.parametrize("edit", [edit_in_the_page, edit_in_the_admin])
def test_an_edit_is_seen_by_all_and_its_editor_by_nobody(ada, bob, editor, edit):
    for number in range(3):
        title = f"About {edit.__name__} {number}"
        look(ada, "/about/")
        edit(editor, title)
        editor.goto("/about/")
        expect(editor.locator("h1")).to_contain_text(title)
        see("/about/", title, ada, bob)
        assert look(ada, "/about/") == look(bob, "/about/")


def test_who_is_logged_in_has_the_toolbar_and_nobody_else_on_any_page(ada, bob, editor):
    for path in ("/", "/about/", "/blog/", POST, "/contact/", "/search/?q=hello"):
        for _ in range(3):
            assert TOKEN not in look(ada, path)
            assert {"js/editable.", "Log out"} <= set(PRIVATE.findall(editor.goto(path).text()))
            assert TOKEN not in look(bob, path)


def comment(page, **fields):
    page.goto(POST)
    for field, value in fields.items():
        page.locator(f"#comment [name={field}]").fill(value)
    page.locator("#comment").get_by_role("button", name="Comment").click()


def test_a_name_that_is_remembered_is_in_the_form_of_that_visitor_only(ada, bob, editor):
    look(bob, POST)
    comment(ada, name="Ada Byron", email="ada@example.com", comment="A good post")
    expect(ada.locator(".comment", has_text="A good post")).to_be_visible()
    see(POST, "A good post", bob, ada)
    expect(ada.locator("#comment [name=name]")).to_have_value("Ada Byron")
    expect(ada.locator("#comment [name=email]")).to_have_value("ada@example.com")
    for field in ("name", "email", "comment"):
        expect(bob.locator(f"#comment [name={field}]")).to_have_value("")
    assert "ada@example.com" not in look(ada, POST) + look(bob, POST)
    editor.goto(POST)
    expect(editor.locator("#comment [name=name]")).to_have_value("Edwina Private")
    see(POST, "A good post", bob, ada)


def test_a_comment_that_is_wrong_is_shown_to_whoever_wrote_it_alone(ada, bob):
    look(bob, POST)
    ada.goto(POST)
    ada.locator("#comment").evaluate("form => form.noValidate = true")
    ada.locator("#comment [name=name]").fill("Ada in haste")
    ada.locator("#comment").get_by_role("button", name="Comment").click()
    expect(ada.locator("#comment .wrong").first).to_be_visible()
    for page in (bob, ada, bob):
        html = look(page, POST)
        assert "Ada in haste" not in html
        assert 'class="wrong"' not in html


def test_who_has_rated_may_not_again_and_others_may(ada, bob):
    for page in (ada, bob):
        look(page, POST)
        rating = page.locator(".rating").first
        rating.get_by_role("button", name="Rate 4").click()
        expect(rating.get_by_text("Current rating: 4")).to_be_visible()
        expect(rating.get_by_role("button")).to_have_count(0)
        look(page, POST)
        expect(rating.get_by_role("button")).to_have_count(0)


def test_the_contact_form_thanks_whoever_sent_it_alone(ada, bob):
    look(bob, "/contact/")
    ada.goto("/contact/")
    ada.get_by_label("Message").fill("Between us")
    ada.get_by_role("button", name="Submit").click()
    expect(ada.get_by_text("Thank you")).to_be_visible()
    for page in (bob, ada, bob):
        html = look(page, "/contact/")
        assert "Between us" not in html
        assert "Thank you" not in html


def test_what_one_searches_for_is_on_no_page_of_another(ada, bob, editor):
    for page in (editor, ada, bob):
        page.goto("/")
        words = f"hello {id(page)}"
        page.locator(".search summary").click()
        page.get_by_placeholder("Search").fill(words)
        page.get_by_role("button", name="Go").click()
        expect(page.get_by_placeholder("Search")).to_have_value(words)
    for page in (ada, bob):
        html = look(page, "/search/?q=hello")
        assert POST in html
        assert str(id(editor)) not in html


def test_the_page_right_after_logging_in_and_out_is_the_right_one(ada, bob):
    member = ada.locator(".user-panel")
    for _ in range(3):
        look(ada, "/about/")
        look(bob, "/about/")
        log_in(ada, "/about/")
        expect(member).to_contain_text("editor")
        expect(ada.get_by_text("Successfully logged in")).to_be_visible()
        assert "Successfully" not in look(bob, "/about/")
        member.get_by_role("link", name="Log out").click()
        expect(ada).to_have_url("/about/")
        expect(member.get_by_role("link", name="Log in")).to_be_visible()
        expect(ada.get_by_text("Successfully logged out")).to_be_visible()
        assert "Successfully" not in look(bob, "/about/")
        assert "Successfully" not in look(ada, "/about/")


def test_the_way_back_after_logging_out_leads_to_no_page_of_before(editor):
    paths = ["/", POST, "/search/?q=hello", "/about/"]
    for path in paths:
        assert PRIVATE.search(editor.goto(path).text())
    editor.locator(".user-panel").get_by_role("link", name="Log out").click()
    member = editor.locator(".user-panel")
    expect(member.get_by_role("link", name="Log in")).to_be_visible()
    for path in reversed(paths):
        editor.evaluate("history.back()")
        expect(editor).to_have_url(path)
        expect(member.get_by_role("link", name="Log in")).to_be_visible()
        assert PRIVATE.findall(editor.content()) == []


def test_a_draft_is_for_staff_until_it_is_published_and_again_when_it_is_taken_back(
    ada, bob, editor
):
    path = "/blog/secret/"
    for _ in range(2):
        assert editor.goto(path).status == 200
        for query in ("", "?preview", "?preview=1", "?draft=1"):
            assert ada.goto(path + query).status == 404
        assert path not in look(bob, "/blog/")
        set_status(editor, "Secret", "Published")
        see(path, "<h1 ", ada, bob)
        see("/blog/", path, ada, bob)
        set_status(editor, "Secret", "Draft")
        wait_until(lambda: ada.goto(path).status == bob.goto(path).status == 404)
        wait_until(lambda: path not in look(bob, "/blog/"))
