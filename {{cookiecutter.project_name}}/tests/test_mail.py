"""No visitor waits for a mail server, or sees what is wrong with it; without one, it is said."""

import re
import socket
from email import message_from_string

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail import mail_admins
from django.urls import reverse
from django.utils import timezone
from forms import fields_of
from mail_server import FAULTS, SILENT, mail_server
from mezzanine.blog.models import BlogPost
from mezzanine.forms import fields
from mezzanine.forms.models import Form
from mezzanine.generic.models import ThreadedComment

from mail import configuration, delivery
from mail.models import QueuedMail

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english")

WORDS = "What you sent is saved, but the e-mail about it could not be sent."
NO_MAIL = "We cannot send e-mail at the moment"
CLOSED, NO_NAME = "is not there", "has a name that is none"
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
        settings.EMAIL_BACKEND = "mail.backends.Queue"
        settings.MAIL_DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "garden", "hunter2"
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
def unconfigured(use):
    """No mail server is named."""
    use(25, host="")


def errors(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def recipients():
    return sorted(QueuedMail.objects.values_list("recipient", flat=True))


def send_contact_form(client):
    fields = fields_of(client.get("/contact/"), ".mezzanine-form")
    fields |= zip([name for name in fields if name.startswith("field_")], ANSWERS, strict=True)
    return client.post("/contact/", fields, follow=True)


def entries():
    entries = Form.objects.get().entries.all()
    return [[field.value for field in entry.fields.order_by("field_id")] for entry in entries]


def test_whatever_the_mail_server_does_the_contact_form_is_sent(fault, browse, caplog):
    page = send_contact_form(browse())
    assert page.status_code == 200
    assert page.request["QUERY_STRING"] == "sent=1"
    assert WORDS not in page.content.decode()
    assert entries() == [ANSWERS]
    assert recipients() == ["owner@example.com", "zoe@example.com"]
    assert errors(caplog) == []


def test_nobody_talks_to_the_mail_server_while_a_visitor_waits(working, browse):
    working.delay = 10  # seconds
    send_contact_form(browse())
    browse().post("/accounts/password/reset/", {"username": "member"})
    browse().post("/password_reset/", {"email": "example@example.com"})
    assert len(recipients()) == 4
    assert working.sessions == 0


def test_without_a_mail_server_the_contact_form_keeps_what_was_typed_and_says_so(
    unconfigured, browse, caplog
):
    page = send_contact_form(browse())
    assert page.status_code == 200
    assert page.request["QUERY_STRING"] == "sent=1"
    assert page.content.decode().count(WORDS) == 1
    assert entries() == [ANSWERS]
    assert recipients() == []
    assert len(errors(caplog)) == 2  # to the visitor and to the owner
    assert "\n" not in "".join(errors(caplog))
    assert "EMAIL_HOST names no mail server" in errors(caplog)[0]


def test_a_mail_that_cannot_be_kept_loses_nothing_else(working, browse, monkeypatch):
    monkeypatch.setattr(QueuedMail.objects, "bulk_create", lambda rows: 1 / 0)
    assert WORDS in send_contact_form(browse()).content.decode()
    assert entries() == [ANSWERS]


def test_the_contact_form_is_mailed_to_its_visitor_and_its_owner(working, browse):
    send_contact_form(browse())
    delivery.run()
    assert {re.search("^To: (.*)", text, re.M)[1].strip() for text in working.taken} == {
        "zoe@example.com",
        "owner@example.com",
    }
    (text,) = [text for text in working.taken if "To: owner" in text]
    assert message_from_string(text)["Reply-To"] == "zoe@example.com"


def test_a_file_of_a_visitor_is_mailed_as_it_was(working, browse, tmp_path, settings):
    settings.FORMS_UPLOAD_ROOT = tmp_path
    form = Form.objects.get()
    form.fields.create(label="File", field_type=fields.FILE, required=False)
    data = bytes(range(256))
    client = browse()
    typed = fields_of(client.get("/contact/"), ".mezzanine-form")
    names = [name for name in typed if name.startswith("field_")]
    typed |= zip(names, [*ANSWERS, SimpleUploadedFile("x.bin", data)], strict=True)
    client.post("/contact/", typed)
    delivery.run()
    (text,) = [text for text in working.taken if "To: owner" in text]
    (part,) = [part for part in message_from_string(text).walk() if part.get_filename()]
    assert part.get_payload(decode=True) == data


def test_a_subject_that_is_none_loses_nothing(working, browse):
    Form.objects.update(email_subject="two\nlines")
    assert WORDS in send_contact_form(browse()).content.decode()
    assert entries() == [ANSWERS]


def test_the_next_visitor_of_a_page_that_is_kept_is_not_told_of_the_mail(
    unconfigured, keep_pages, browse
):
    sender = browse()
    fields = fields_of(sender.get("/contact/"), ".mezzanine-form")
    fields |= zip([name for name in fields if name.startswith("field_")], ANSWERS, strict=True)
    told = sender.post("/contact/", fields, follow=True, HTTP_ORIGIN="http://127.0.0.1:8000")
    assert WORDS in told.content.decode()
    assert entries() == [ANSWERS]
    for address in ("/contact/", "/contact/?sent=1"):
        assert WORDS not in browse().get(address).content.decode()


@pytest.mark.parametrize("is_configured", [True, False])
def test_a_comment_is_saved_once(working, settings, browse, is_configured):
    settings.EMAIL_HOST = settings.EMAIL_HOST if is_configured else ""
    client = browse()
    fields = fields_of(
        client.get(BlogPost.objects.get().get_absolute_url()), 'form[action^="/comment/"]'
    )
    fields |= {"name": "Zoë", "email": "zoe@example.com", "comment": "I like it"}
    page = client.post("/comment/", fields, follow=True)
    assert page.status_code == 200
    assert (WORDS in page.content.decode()) != is_configured
    assert ThreadedComment.objects.get().comment == "I like it"
    assert recipients() == (["owner@example.com"] if is_configured else [])


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
    sent_again = fields_of(page, 'form[method="post"]')
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


def test_why_mail_is_not_sent_is_logged_in_one_line(unconfigured, browse, caplog):
    send_contact_form(browse())
    for line in errors(caplog):
        assert re.fullmatch(r"A mail could not be sent \(.*\): NotConfigured\(.*\)", line)


def test_the_mail_server_of_the_machine_counts_where_one_runs(use, monkeypatch):
    with mail_server() as server:
        assert configuration.is_listened_at(server.port)
        assert server.sessions == 0  # nobody was asked
    assert not configuration.is_listened_at(server.port)
    use(25, "localhost")
    monkeypatch.setattr(configuration, "is_listened_at", lambda port: port == 25)
    assert configuration.is_configured()
    monkeypatch.setattr(configuration, "is_listened_at", lambda port: False)
    assert not configuration.is_configured()


def test_errors_of_the_site_are_mailed_to_admins_later(working, settings):
    settings.ADMINS = [("Ann", "ann@example.com"), ("Bob", "bob@example.com")]
    mail_admins("An error", "of the site")
    assert recipients() == ["ann@example.com", "bob@example.com"]
    delivery.run()
    for text in working.taken:
        assert settings.SERVER_EMAIL in message_from_string(text)["From"]
