"""No visitor waits for a mail server, or sees what is wrong with it; without one, it is said."""

import re
from email import message_from_string

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail import mail_admins
from forms import fields_of
from mail_server import mail_server
from mail_words import WORDS, errors, recipients
from mezzanine.blog.models import BlogPost
from mezzanine.forms import fields
from mezzanine.forms.models import Form
from mezzanine.generic.models import ThreadedComment

from mail import configuration, delivery
from mail.models import QueuedMail

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english")

ANSWERS = ["Zoë", "zoe@example.com", "Support", "Hello"]


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
