"""Sign-ups, approvals and new passwords, with a mail server and without."""

import re
from importlib import import_module
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from django.conf import settings as project_settings
from django.contrib.auth import get_user_model
from django.utils import timezone
from forms import fields_of
from mail_server import SILENT, mail_server
from mail_words import CLOSED, NO_MAIL, WORDS, errors, recipients
from users_of_admin import admin_of_users, form_of_users

from mail import delivery
from mail.models import QueuedMail

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english")

ACCOUNT = {
    "first_name": "Zoë",
    "last_name": "Quinn",
    "email": "zoe@example.com",
    "username": "zoe",
    "password1": "a long password",
    "password2": "a long password",
}


def names():
    return set(get_user_model().objects.values_list("username", flat=True))


def test_a_sign_up_that_cannot_be_verified_is_undone_and_keeps_what_was_typed(
    unconfigured, browse, settings, caplog
):
    settings.ACCOUNTS_VERIFICATION_REQUIRED = True
    page = browse().post("/accounts/signup/", ACCOUNT)
    assert page.status_code == 200
    assert NO_MAIL in page.content.decode()
    typed = {name: value for name, value in ACCOUNT.items() if "password" not in name}
    sent_again = fields_of(page, "form:has([name=first_name])")
    assert {name: sent_again[name] for name in typed} == typed
    assert "zoe" not in names()
    assert recipients() == []
    assert len(errors(caplog)) == 1


def test_a_sign_up_whose_mail_server_comes_back_later_is_verified(browse, settings, use):
    settings.ACCOUNTS_VERIFICATION_REQUIRED = True
    with mail_server("is busy") as server:
        use(server.port)
        browse().post("/accounts/signup/", ACCOUNT)
        delivery.run()
        assert server.taken == []
        server.fault = None
        QueuedMail.objects.update(not_before=timezone.now())
        delivery.run()
        (text,) = server.taken
    assert "zoe" in names()
    client = browse()
    client.get(re.search(r"http://127\.0\.0\.1:8000(/accounts/verify/\S+)", text)[1])
    assert client.get("/").context["request"].user.username == "zoe"


def test_a_sign_up_that_needs_no_mail_works_without(unconfigured, browse):
    client = browse()
    client.post("/accounts/signup/", ACCOUNT)
    assert client.get("/").context["request"].user.username == "zoe"


def test_a_sign_up_that_waits_for_approval_is_kept(unconfigured, browse, settings):
    settings.ACCOUNTS_APPROVAL_REQUIRED = True
    client = browse()
    assert client.post("/accounts/signup/", ACCOUNT).status_code == 302
    assert WORDS in client.get("/about/").content.decode()
    assert not get_user_model().objects.get(username="zoe").is_active


@pytest.mark.parametrize("verification", [True, False])
def test_an_approval_is_saved_and_staff_are_told_that_no_mail_was_sent(
    unconfigured, browse, settings, verification
):
    settings.ACCOUNTS_APPROVAL_REQUIRED = True
    settings.ACCOUNTS_VERIFICATION_REQUIRED = verification
    user = get_user_model().objects.create_user("zoe", "zoe@example.com", is_active=False)
    address = admin_of_users("change", user.pk)
    admin = browse("admin")
    fields = fields_of(admin.get(address), form_of_users()) | {"is_active": "on", "last_name": "Q"}
    page = admin.post(address, fields, follow=True)
    assert page.status_code == 200
    assert WORDS in page.content.decode()
    user.refresh_from_db()
    assert (user.last_name, user.is_active) == ("Q", not verification)


def answer_to(client, address, **data):
    """Return the page that answers, without what is of this request alone."""
    page = client.post(address, data, follow=True)
    assert page.status_code == 200
    html = BeautifulSoup(page.content, "html.parser")
    for field in html.select("[name=csrfmiddlewaretoken], [name=username], [name=email]"):
        field.decompose()
    return re.sub(r"csrf\w*[^;]*;", "", str(html))


@pytest.fixture
def names_to_try(db):
    users = get_user_model().objects
    users.create_user("inactive", "inactive@example.com", "x", is_active=False)
    users.create_user("without", "", "x")
    for name in ("one", "two"):
        users.create_user(name, "shared@example.com", "x")
    return [
        *["member", "member@example.com", "one", "shared@example.com", "inactive", "without"],
        *["nobody", "nobody@example.com", "x" * 300],
    ]


RESETS = {"/accounts/password/reset/": "username", "/password_reset/": "email"}


def answers_to(browse, address, names):
    return {answer_to(browse(), address, **{RESETS[address]: name}) for name in names}


@pytest.mark.parametrize("fault", [CLOSED, SILENT], indirect=True)
def test_whoever_asks_for_a_new_password_gets_one_answer(fault, browse, names_to_try):
    address = "/accounts/password/reset/"
    (answer,) = answers_to(browse, address, names_to_try)
    assert "If there is an account" in answer
    assert len(recipients()) == 5  # the member twice, one twice, two once


@pytest.mark.parametrize("fault", [CLOSED, SILENT], indirect=True)
def test_staff_who_ask_for_a_new_password_get_one_answer(fault, browse):
    addresses = ("example@example.com", "nobody@example.com")
    (answer,) = answers_to(browse, "/password_reset/", addresses)
    assert NO_MAIL not in answer
    assert recipients() == ["example@example.com"]


@pytest.mark.parametrize("fault", [CLOSED], indirect=True)
@pytest.mark.parametrize("address", RESETS)
def test_how_long_the_answer_takes_does_not_tell_who_has_an_account(
    fault, browse, address, monkeypatch
):
    accounts = import_module(f"{project_settings.PROJECT_APP}.accounts")
    clock = iter(range(100))
    waited = []
    monkeypatch.setattr(accounts, "RESET_SECONDS", 5)
    time = SimpleNamespace(monotonic=lambda: next(clock), sleep=waited.append)
    monkeypatch.setattr(accounts, "time", time)
    answers_to(browse, address, ["example@example.com", "nobody@example.com"])
    assert waited == [4, 4]  # what is left of five seconds, of which the view took one


@pytest.mark.parametrize("address", RESETS)
@pytest.mark.parametrize(
    ("admins", "whom"),
    [([], "whoever runs 127.0.0.1:8000"), ([("Ann", "ann@example.com")], "Ann (ann@example.com)")],
)
def test_without_a_mail_server_all_are_told_whom_to_ask_for_a_new_password(
    unconfigured, browse, settings, address, admins, whom
):
    settings.ADMINS = admins
    (answer,) = answers_to(browse, address, ("example@example.com", "nobody@example.com"))
    assert NO_MAIL in answer
    assert f"Please ask for a new password: {whom}." in answer
