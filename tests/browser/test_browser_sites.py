"""Several editors at once, who go from site to site in the admin, in a browser."""

import subprocess

import pytest
from chromium import LIMIT, expect, faults_in, running_site

STAFF = """
from django.contrib.auth.models import Permission, User
from django.contrib.sites.models import Site
from mezzanine.core.models import SitePermission

for name, domains in {"both": ["two.example", "three.example"], "two": ["two.example"]}.items():
    user = User.objects.create_user(name, f"{name}@example.com", "a password", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    SitePermission.objects.create(user=user).sites.set(Site.objects.filter(domain__in=domains))
"""


@pytest.fixture(scope="module")
def site(browser, filled, tmp_path_factory):
    """The address of the first of three sites."""
    directory = tmp_path_factory.mktemp("sites")
    with running_site(filled, directory) as address:
        for arguments in (
            ["addsite", "two.example"],
            ["addsite", "three.example"],
            ["shell", "-c", STAFF],
        ):
            command = [filled.python, "manage.py", *arguments]
            subprocess.run(command, cwd=directory / "site", check=True, stdout=subprocess.DEVNULL)
        yield address


@pytest.fixture
def editor(browser, site):
    """Return a function that opens the admin in a browser of that user's own."""
    contexts = []

    def log_in(username, password):
        context = browser.new_context(base_url=site)
        context.set_default_timeout(LIMIT)
        contexts.append(context)
        page = context.new_page()
        page.goto("/admin/login/")
        page.get_by_label("Username or email").fill(username)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        return page

    yield log_in
    for context in contexts:
        context.close()


def choose(page, domain):
    """Choose a site in the header, which leads to a page of its admin."""
    with page.expect_navigation():
        page.get_by_label("Site", exact=True).select_option(label=domain)
    expect_site(page, domain)


def expect_site(page, domain):
    expect(page.locator("span.site, .site option:checked")).to_have_text(domain)


def test_editors_choose_sites_at_the_same_time_and_keep_their_own(editor, site):
    admin, both = editor("admin", "default"), editor("both", "a password")
    faults = faults_in(admin.context, site)
    expect_site(admin, "127.0.0.1:8000")
    choose(admin, "two.example")
    both.get_by_role("button", name="three.example").click()
    expect_site(both, "three.example")
    admin.goto("/admin/pages/page/")
    choose(both, "two.example")
    choose(admin, "three.example")
    both.reload()
    expect_site(both, "two.example")
    port = site.rpartition(":")[2]
    link = both.get_by_role("link", name="View site")
    expect(link).to_have_attribute("href", f"http://two.example:{port}/")
    assert faults == []


def test_an_editor_of_another_site_is_told_and_goes_on_to_the_own_one(editor):
    page = editor("two", "a password")
    expect(page.get_by_text("may not edit the site 127.0.0.1")).to_be_visible()
    page.get_by_role("button", name="two.example").click()
    expect_site(page, "two.example")
    expect(page.locator("#header select")).to_have_count(0)
