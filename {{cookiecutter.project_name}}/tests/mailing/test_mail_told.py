"""What is not delivered, staff see, and nobody its text; a test mail shows each step."""

from base64 import b64encode

import pytest
from django.contrib.admin.sites import site as admin_site
from django.core.checks import run_checks
from django.urls import reverse
from django.utils import timezone
from mail_server import FAULTS, SILENT
from mezzanine.utils.sites import override_current_site_id
from queued import PASSWORD, again, later, only, send, told_of_test_mail

from mail import delivery
from mail.checks import mail_is_sent
from mail.models import QueuedMail
from mail.report import LATE, LATELY, report

pytestmark = pytest.mark.usefixtures("db", "in_english", "mezzanines_defaults")


def front(client):
    return client.get(reverse("admin:index")).content.decode()


def test_staff_see_what_was_not_delivered_and_why_but_not_its_text(server, staff, browse):
    server.fault = "does not take the address"
    send(subject="Reset your password")
    delivery.run()
    assert "1 e-mail was not delivered" in " ".join(front(browse("admin")).split())
    assert "not delivered" not in front(staff("pages.change_page"))
    for client in (staff("mail.view_queuedmail"), browse("admin")):
        row = only()
        for address in (
            reverse("admin:mail_queuedmail_changelist"),
            reverse("admin:mail_queuedmail_change", args=[row.pk]),
        ):
            page = client.get(address).content.decode()
            for shown in ("zoe@example.com", "Reset your password", "550 5.1.1 No such mailbox"):
                assert shown in page
            assert "the text" not in page
    assert staff("pages.change_page").get(address).status_code == 403
    server.fault = None
    again(staff("mail.view_queuedmail"))
    assert delivery.run() == (0, 0)
    again(staff("mail.change_queuedmail"))
    assert delivery.run() == (1, 0)
    assert "not delivered" not in front(browse("admin"))


def test_no_mail_can_be_changed_or_written_in_the_admin(server, browse):
    send()
    client = browse("admin")
    address = reverse("admin:mail_queuedmail_change", args=[only().pk])
    client.post(address, {"recipient": "eve@example.com", "state": "sent", "content": "x"})
    assert (only().recipient, only().state) == ("zoe@example.com", "waiting")
    assert client.get(reverse("admin:mail_queuedmail_add")).status_code == 403
    names = {field.name for field in QueuedMail._meta.fields}
    shown = set(admin_site._registry[QueuedMail].fields)
    assert names - shown == {"id", "site", "content"}


def test_staff_see_the_mails_of_their_own_site(server, staff, add_site):
    two = add_site("two.example")
    send("one@example.com")
    with override_current_site_id(two.pk):
        send("two@example.com")
    client = staff("mail.view_queuedmail", sites=[two.pk], host="two.example")
    page = client.get(reverse("admin:mail_queuedmail_changelist")).content.decode()
    assert "two@example.com" in page
    assert "one@example.com" not in page


def test_what_waits_for_long_is_told(server, browse):
    server.fault = "does not take the password"
    send()
    delivery.run()
    assert report()["late"] == 0
    later(seconds=LATE.total_seconds())
    told = report()
    assert (told["waiting"], told["late"], told["undelivered"]) == (1, 1, 0)
    assert "535 5.7.8 Wrong password" in told["words"]
    assert PASSWORD not in told["words"]
    assert "the mail server does not take it" in front(browse("admin"))


def test_what_was_not_delivered_is_an_alarm_for_a_day(server):
    send()
    QueuedMail.objects.update(state=QueuedMail.FAILED, changed_at=timezone.now())
    assert (report()["undelivered"], report()["lately"]) == (1, 1)
    QueuedMail.objects.update(changed_at=timezone.now() - LATELY)
    assert (report()["undelivered"], report()["lately"]) == (1, 0)


def test_without_a_mail_server_the_admin_and_the_checks_say_so(settings, browse):
    line = "EMAIL_HOST names no mail server"
    settings.EMAIL_HOST = "mail.invalid"
    assert line not in front(browse("admin"))
    assert mail_is_sent(None) == []
    settings.EMAIL_HOST = ""
    assert line in front(browse("admin"))
    assert report()["problem"].endswith(line)
    (info,) = mail_is_sent(None)
    assert line in info.msg
    settings.EMAIL_HOST = "mail.invalid"
    for backend in (settings.MAIL_DELIVERY_BACKEND, "mail.content.Kept"):  # SMTP, and others
        settings.EMAIL_BACKEND = backend
        assert [warning.id for warning in mail_is_sent(None)] == ["mail.W002"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert mail_is_sent(None) == []


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"EMAIL_USE_TLS": True, "EMAIL_USE_SSL": True}, "EMAIL_USE_TLS and EMAIL_USE_SSL"),
        ({"EMAIL_HOST": "mail.example.com "}, "EMAIL_HOST"),
        ({"EMAIL_HOST": "mail.example.com\npasswordeval id"}, "EMAIL_HOST"),
        ({"EMAIL_PORT": 0}, "EMAIL_PORT"),
        ({"EMAIL_PORT": 58700}, None),
        ({"EMAIL_PORT": 587000}, "EMAIL_PORT"),
        ({"EMAIL_PORT": "smtp"}, "EMAIL_PORT"),
        ({"ALARM_URL": "hooks.example.com/secret"}, "ALARM_URL"),
        ({"ALARM_URL": "file:///etc/passwd"}, "ALARM_URL"),
        ({"ALARM_PING_URL": "https://ping.example.com/secret"}, None),
        ({"ALARM_PING_URL": "https://ping.example.com/secret id"}, "ALARM_PING_URL"),
    ],
)
def test_what_no_mail_and_no_alarm_could_be_sent_with_is_refused_by_name(settings, values, name):
    for setting, value in values.items():
        setattr(settings, setting, value)
    found = [error.msg for error in run_checks() if error.is_serious()]
    assert [text.startswith(f"{name} ") for text in found] == [True] * bool(name)
    assert "secret" not in "".join(found)


# manage.py testmail


@pytest.mark.parametrize("log_in", [b"PLAIN", b"LOGIN", b"CRAM-MD5"])
def test_a_test_mail_shows_each_step_and_no_password(server, log_in):
    server.log_in = log_in
    output = told_of_test_mail("ann@example.com")
    lines = output.splitlines()
    assert lines[0].startswith(f"EMAIL_HOST 127.0.0.1, port {server.port}, no encryption, user ")
    for line in (
        *["-> connect to 127.0.0.1", "<- 220 here", "<- 235 let in"],
        *["-> mail from:<webmaster@one.example>", "-> rcpt to:<ann@example.com>", "-> data"],
        *["<- 354 go on", "the mail server has accepted it"],
    ):
        assert [each for each in lines if each.lower().startswith(line)], (line, output)
    assert "ADMINS is empty" in lines[-1]
    assert len(server.taken) == 1
    for secret in (PASSWORD, f"\0garden\0{PASSWORD}"):
        for text in (secret, b64encode(secret.encode()).decode()):
            assert text not in output
    hidden = [line for line in lines if "***" in line]
    assert len(hidden) == (1 if log_in == b"PLAIN" else 2)


@pytest.mark.parametrize("fault", [*FAULTS, SILENT])
def test_a_test_mail_that_fails_ends_with_the_words_of_the_server(server, settings, fault):
    settings.EMAIL_TIMEOUT = 0.2
    server.fault = fault
    *_, last = told_of_test_mail("ann@example.com").splitlines()
    assert last.startswith("Not sent: ")
    _command, words = FAULTS.get(fault, ("", b"timed out"))
    if words and not words.startswith(b"HTTP"):
        assert words.decode() in last
    assert PASSWORD not in last


def test_a_test_mail_needs_an_address_and_a_mail_server(settings):
    assert "is no address" in told_of_test_mail("ann")
    settings.EMAIL_HOST = ""
    assert "type fab secret EMAIL_HOST" in told_of_test_mail("ann@example.com")
