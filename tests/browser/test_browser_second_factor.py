"""Staff set up an app for codes and log in with one, on a telephone."""

import subprocess

import pytest
from chromium import UNCLEAR, expect, running_site

CODE = """
import sys
from base64 import b32decode
from django_otp.oath import totp
print(f"{totp(b32decode(sys.argv[1])):06}")
"""


@pytest.fixture(scope="module")
def site(browser, filled, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    with running_site(filled, folder, "SECOND_FACTOR = True\n") as address:
        yield address


def type_the_password(page, path, button):
    page.goto(path)
    page.get_by_label("Username or email").fill("admin")
    page.get_by_label("Password").fill("default")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()


@pytest.mark.parametrize("page", [(390, 844)], indirect=True)
def test_staff_set_up_an_app_and_get_in_with_a_recovery_code_later(page, project, axe):
    def look():
        page.evaluate(axe)
        assert page.evaluate(UNCLEAR, []) == []

    type_the_password(page, "/admin/", "Log in")
    picture = page.get_by_role("img", name="The key as a QR code")
    assert picture.evaluate("picture => picture.naturalWidth") > 100
    look()
    key = page.locator("#content p code").inner_text().replace(" ", "")
    command = [project.python, "-c", CODE, key]
    code = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    look()
    recovery = page.locator(".recovery-codes code").first.inner_text()
    page.get_by_role("link", name="Continue").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.get_by_role("button", name="Log out").click()

    type_the_password(page, "/accounts/login/", "Log in")
    look()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong")
    look()
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("link", name="Admin", exact=True)).to_be_visible()
