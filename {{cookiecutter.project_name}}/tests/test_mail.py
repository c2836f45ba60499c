"""Where mail cannot be sent, nothing is lost, nobody sees an error, and it is said."""

import re
import socket

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.urls import reverse
from forms import fields_of
from mail_server import FAULTS, SILENT, mail_server
from mezzanine.blog.models import BlogPost
from mezzanine.forms.models import Form
from mezzanine.generic.models import ThreadedComment

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english")

WORDS = "What you sent is saved, but the e-mail about it could not be sent."
NO_MAIL = "We cannot send e-mail at the moment"
CLOSED, NO_NAME = "is not there", "has a name that is none"
LATE = {"does not know us", "does not take the address", "hangs up in the middle"} | {
    name for name, (command, _) in FAULTS.items() if command == "."
}  # what is only known once there is a mail to be sent
ANSWERS = ["Zoë", "zoe@example.com", "Support", "Hello"]
ACCOUNT = {
    "first_name": "Zoë",
    "last_name": "Quinn",
    "email": "zoe@example.com",
    "username": "zoe",
    "password1": "a long password",
    "password2": "a long password",
}


@pytest.fixture
def use(settings, db):
    """Return a function that sends mail to a port of this machine, as settings on a server do."""

    def use(port, host="127.0.0.1"):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = host, port
        settings.EMAIL_FAIL_SILENTLY = False
        settings.COMMENTS_NOTIFICATION_EMAILS = "owner@example.com"
        settings.ACCOUNTS_APPROVAL_EMAILS = "owner@example.com"
        Form.objects.update(email_copies="owner@example.com", send_email=True)

    return use


@pytest.fixture
def working(use):
    with mail_server() as server:
        use(server.port)
        yield server


@pytest.fixture(params=[*FAULTS, SILENT, CLOSED, NO_NAME])
def fault(request, settings, use):
    """Each way in which mail cannot be sent, in turn."""
    if request.param == CLOSED:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))  # and nobody listens
            use(unused.getsockname()[1])
            yield request.param
    elif request.param == NO_NAME:
        use(25, host="x" * 64 + ".example")
        yield request.param
    else:
        with mail_server(request.param) as server:
            use(server.port)
            if request.param == SILENT:
                settings.EMAIL_TIMEOUT = 0.1
            yield request.param


@pytest.fixture
def broken(use):
    """The plainest fault."""
    with mail_server("is busy") as server:
        use(server.port)
        yield


def errors(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def send_contact_form(client):
    fields = fields_of(client.get("/contact/"), ".mezzanine-form")
    fields |= zip([name for name in fields if name.startswith("field_")], ANSWERS, strict=True)
    return client.post("/contact/", fields, follow=True)


def entries():
    entries = Form.objects.get().entries.all()
    return [[field.value for field in entry.fields.order_by("field_id")] for entry in entries]


def test_the_contact_form_keeps_what_was_typed_and_says_that_no_mail_was_sent(
    fault, browse, caplog
):
    page = send_contact_form(browse())
    assert page.status_code == 200
    assert page.request["QUERY_STRING"] == "sent=1"
    assert page.content.decode().count(WORDS) == 1
    assert entries() == [ANSWERS]
    assert len(errors(caplog)) == 2  # to the visitor and to the owner
    assert "\n" not in "".join(errors(caplog))


def test_the_contact_form_is_mailed_to_its_visitor_and_its_owner(working, browse, caplog):
    page = send_contact_form(browse())
    assert WORDS not in page.content.decode()
    assert entries() == [ANSWERS]
    assert {re.search("^To: (.*)", text, re.M)[1].strip() for text in working.taken} == {
        "zoe@example.com",
        "owner@example.com",
    }
    assert errors(caplog) == []


def test_a_subject_that_is_none_loses_nothing(working, browse):
    Form.objects.update(email_subject="two\nlines")
    assert WORDS in send_contact_form(browse()).content.decode()
    assert entries() == [ANSWERS]


def test_the_next_visitor_of_a_page_that_is_kept_is_not_told_of_the_mail(
    broken, keep_pages, browse
):
    sender = browse()
    fields = fields_of(sender.get("/contact/"), ".mezzanine-form")
    fields |= zip([name for name in fields if name.startswith("field_")], ANSWERS, strict=True)
    told = sender.post("/contact/", fields, follow=True, HTTP_ORIGIN="http://127.0.0.1:8000")
    assert WORDS in told.content.decode()
    assert entries() == [ANSWERS]
    for address in ("/contact/", "/contact/?sent=1"):
        assert WORDS not in browse().get(address).content.decode()


def test_a_comment_is_saved_once(fault, browse, caplog):
    client = browse()
    fields = fields_of(
        client.get(BlogPost.objects.get().get_absolute_url()), 'form[action^="/comment/"]'
    )
    fields |= {"name": "Zoë", "email": "zoe@example.com", "comment": "I like it"}
    page = client.post("/comment/", fields, follow=True)
    assert page.status_code == 200
    assert WORDS in page.content.decode()
    assert ThreadedComment.objects.get().comment == "I like it"
    assert len(errors(caplog)) == 1


def names():
    return set(get_user_model().objects.values_list("username", flat=True))


def test_a_sign_up_that_cannot_be_verified_is_undone_and_keeps_what_was_typed(
    fault, browse, settings, caplog
):
    settings.ACCOUNTS_VERIFICATION_REQUIRED = True
    page = browse().post("/accounts/signup/", ACCOUNT)
    assert page.status_code == 200
    assert NO_MAIL in page.content.decode()
    typed = {name: value for name, value in ACCOUNT.items() if "password" not in name}
    sent_again = fields_of(page, 'form[method="post"]')
    assert {name: sent_again[name] for name in typed} == typed
    assert "zoe" not in names()
    assert len(errors(caplog)) == 1


def test_a_sign_up_that_was_undone_works_later(broken, browse, settings, use):
    settings.ACCOUNTS_VERIFICATION_REQUIRED = True
    browse().post("/accounts/signup/", ACCOUNT)
    with mail_server() as server:
        use(server.port)
        browse().post("/accounts/signup/", ACCOUNT)
        (text,) = server.taken
    assert "zoe" in names()
    client = browse()
    client.get(re.search(r"http://127\.0\.0\.1:8000(/accounts/verify/\S+)", text)[1])
    assert client.get("/").context["request"].user.username == "zoe"


def test_a_sign_up_that_needs_no_mail_works_without(broken, browse):
    client = browse()
    client.post("/accounts/signup/", ACCOUNT)
    assert client.get("/").context["request"].user.username == "zoe"


def test_a_sign_up_that_waits_for_approval_is_kept(broken, browse, settings):
    settings.ACCOUNTS_APPROVAL_REQUIRED = True
    client = browse()
    assert client.post("/accounts/signup/", ACCOUNT).status_code == 302
    assert WORDS in client.get("/about/").content.decode()
    assert not get_user_model().objects.get(username="zoe").is_active


@pytest.mark.parametrize("verification", [True, False])
def test_an_approval_is_saved_and_staff_are_told_that_no_mail_was_sent(
    broken, browse, settings, verification
):
    settings.ACCOUNTS_APPROVAL_REQUIRED = True
    settings.ACCOUNTS_VERIFICATION_REQUIRED = verification
    user = get_user_model().objects.create_user("zoe", "zoe@example.com", is_active=False)
    address = reverse("admin:auth_user_change", args=[user.pk])
    admin = browse("admin")
    fields = fields_of(admin.get(address), "#user_form") | {"is_active": "on", "last_name": "Q"}
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


def test_whoever_asks_for_a_new_password_gets_one_answer(fault, browse, names_to_try):
    address = "/accounts/password/reset/"
    answers = {answer_to(browse(), address, username=name) for name in names_to_try}
    assert len(answers) == 1
    assert (NO_MAIL in answers.pop()) == (fault not in LATE)


def test_whoever_asks_for_a_new_password_gets_one_answer_when_mail_works(
    working, browse, names_to_try
):
    address = "/accounts/password/reset/"
    answers = {answer_to(browse(), address, username=name) for name in names_to_try}
    assert len(answers) == 1
    assert "If there is an account" in answers.pop()
    assert len(working.taken) == 5  # the member twice, one twice, two once


def test_staff_who_ask_for_a_new_password_get_one_answer(fault, browse):
    addresses = ("example@example.com", "nobody@example.com")
    answers = {answer_to(browse(), "/password_reset/", email=email) for email in addresses}
    assert len(answers) == 1
    assert (NO_MAIL in answers.pop()) == (fault not in LATE)


def test_why_mail_is_not_sent_is_logged_in_one_line(broken, browse, caplog):
    send_contact_form(browse())
    for line in errors(caplog):
        assert re.fullmatch(r"A mail could not be sent \(.*\): SMTPConnectError\(421, .*\)", line)
