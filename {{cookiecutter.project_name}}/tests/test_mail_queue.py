"""What is to be sent is sent later, once; what is not delivered, staff see, and nobody its text."""

import re
from base64 import b64encode
from datetime import timedelta
from email import message_from_string, policy
from email.mime.image import MIMEImage
from io import StringIO

import pytest
from django.contrib.admin.sites import site as admin_site
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from forms import fields_of
from mail_server import FAULTS, SILENT, mail_server
from mezzanine.conf.models import Setting
from mezzanine.utils.sites import override_current_site_id

from mail import content, delivery
from mail.checks import mail_is_sent
from mail.models import KEPT, PATIENCE, QueuedMail
from mail.report import LATE, report

pytestmark = pytest.mark.usefixtures("db", "in_english", "mezzanines_defaults")

# What will never be delivered, whoever tries; all other faults may pass.
FINAL = {
    "does not take the address": "550 5.1.1 No such mailbox",
    "does not take the sender": "550 5.7.1 Not your domain",
    "does not take the text": "554 5.6.0 Spam",
}
PASSWORD = "hunter2 of the mail"


@pytest.fixture(autouse=True)
def use(settings):
    """Return a function that sends mail to a port of this machine, as settings on a server do."""

    def use(port, host="127.0.0.1"):
        settings.EMAIL_HOST, settings.EMAIL_PORT = host, port

    settings.EMAIL_BACKEND = "mail.backends.Queue"
    settings.MAIL_DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "garden", PASSWORD
    settings.DEFAULT_FROM_EMAIL = settings.SERVER_EMAIL = "webmaster@one.example"
    return use


@pytest.fixture
def server(use):
    with mail_server() as server:
        use(server.port)
        yield server


def send(*to, subject="Hello"):
    send_mail(subject, "the text", None, to or ["zoe@example.com"])


def only():
    return QueuedMail.objects.get()


def later(**ago):
    """Let the mails be as they would be after that time."""
    for row in QueuedMail.objects.all():
        for name in ("created_at", "changed_at", "not_before", "until"):
            if getattr(row, name):
                setattr(row, name, getattr(row, name) - timedelta(**ago))
        row.save()


# Sending


def test_what_is_sent_has_a_state_of_its_own_and_no_text_any_more(server):
    send()
    assert (only().state, only().attempts) == ("waiting", 0)
    assert delivery.run() == (1, 0)
    assert (only().state, only().words, only().content) == ("sent", "", "")
    assert delivery.run() == (0, 0)
    assert len(server.taken) == 1


def test_a_server_that_answers_late_gets_the_mail(server):
    server.delay = 1  # second
    send()
    delivery.run()
    assert len(server.taken) == 1


@pytest.mark.parametrize("fault", [*FAULTS, SILENT])
def test_what_a_server_does_not_take_waits_or_is_given_up_with_its_words(server, settings, fault):
    settings.EMAIL_TIMEOUT = 0.2
    server.fault = fault
    send()
    assert delivery.run() == (0, 1)
    row = only()
    assert row.attempts == 1
    assert row.words
    assert "\n" not in row.words
    if fault in FINAL:
        assert (row.state, row.words) == ("failed", FINAL[fault])
    else:
        assert row.state == "waiting"
        assert row.not_before > timezone.now()
        server.fault = None
        assert delivery.run() == (0, 0)  # not yet
        later(minutes=1)
        assert delivery.run() == (1, 0)
        assert len(server.taken) == 1


def test_the_words_of_a_server_are_text_whatever_they_are(server, monkeypatch):
    answer = b"550 no\x00 \x1b[31m\xff" + b"x" * 2000
    monkeypatch.setitem(FAULTS, "does not take the address", ("RCPT", answer))
    server.fault = "does not take the address"
    send()
    delivery.run()
    assert only().words.startswith("550 no? ?[31m\N{REPLACEMENT CHARACTER}x")
    assert len(only().words) < 1010
    assert "\x1b" not in test_mail_to("ann@example.com")


def test_a_server_that_is_away_is_asked_once_a_run_and_less_often_as_time_passes(use):
    with mail_server() as server:
        use(server.port)
    for number in range(3):
        send(subject=str(number))
    assert delivery.run() == (0, 3)
    assert all(str(server.port) in row.words for row in QueuedMail.objects.all())
    waits = []
    for _attempt in range(8):
        row = QueuedMail.objects.last()
        waits.append(round((row.not_before - row.changed_at).total_seconds() / 60))
        later(minutes=waits[-1])
        delivery.run()
    assert waits == [1, 2, 4, 8, 15, 30, 30, 30]


def test_what_waits_too_long_is_given_up(server):
    server.fault = "is busy"
    send()
    later(days=PATIENCE.days)
    delivery.run()
    assert only().state == "failed"
    assert "421 4.3.2 Too busy" in only().words


def test_one_address_that_is_refused_keeps_the_mail_from_no_other(server):
    server.refused = b"bob"
    send("zoe@example.com", "bob@example.com")
    delivery.run()
    (text,) = server.taken
    assert message_from_string(text)["To"] == "zoe@example.com, bob@example.com"  # as written
    states = dict(QueuedMail.objects.values_list("recipient", "state"))
    assert states == {"zoe@example.com": "sent", "bob@example.com": "failed"}


def test_another_backend_than_smtp_gets_the_mail_whole(settings):
    settings.MAIL_DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send("zoe@example.com", "bob@example.com")
    delivery.run()
    (message,) = mail.outbox
    assert message.to == ["zoe@example.com", "bob@example.com"]


# Once


def test_two_runs_at_once_send_a_mail_once(server, monkeypatch):
    for number in range(5):
        send(subject=str(number))
    hand_over = delivery.hand_over

    def while_another_runs(row, connection):
        monkeypatch.setattr(delivery, "hand_over", hand_over)
        delivery.run()
        return hand_over(row, connection)

    monkeypatch.setattr(delivery, "hand_over", while_another_runs)
    delivery.run()
    subjects = [message_from_string(text)["Subject"] for text in server.taken]
    assert sorted(subjects) == ["0", "1", "2", "3", "4"]
    assert set(QueuedMail.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_run_that_cannot_connect_takes_nothing_from_one_that_can(server, monkeypatch):
    left = delivery.left

    def while_another_runs(ids):
        rows = list(left(ids))
        server.fault = None
        delivery.run()
        return rows

    send()
    server.fault = "is busy"
    monkeypatch.setattr(delivery, "left", while_another_runs)
    delivery.run()
    assert (only().state, len(server.taken)) == ("sent", 1)


def test_what_was_being_sent_when_the_process_died_is_sent_by_nobody_but_staff(
    server, monkeypatch, browse
):
    def dies(row, **values):
        raise KeyboardInterrupt

    send()
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "note", dies)
        with pytest.raises(KeyboardInterrupt):
            delivery.run()
    for minutes in (1, 10, 10):
        later(minutes=minutes)
        delivery.run()
    assert len(server.taken) == 1
    assert only().state == "doubtful"
    again(browse("admin"))
    delivery.run()
    assert only().state == "sent"
    first, second = (message_from_string(text) for text in server.taken)
    assert (first["Message-ID"], first["Date"]) == (second["Message-ID"], second["Date"])


def test_a_process_that_dies_before_the_server_answers_has_sent_nothing(server, monkeypatch):
    send()
    with monkeypatch.context() as patch:
        patch.setattr("smtplib.SMTP.login", lambda *_, **__: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            delivery.run()
    assert only().state == "waiting"
    assert delivery.run() == (1, 0)


def test_what_is_undone_with_its_transaction_is_never_sent(server):
    with transaction.atomic():
        send()
        transaction.set_rollback(True)
    assert not QueuedMail.objects.exists()


def test_after_thirty_days_nothing_is_known_of_a_mail(server):
    send()
    server.fault = "does not take the address"
    delivery.run()
    later(days=KEPT.days - 1)
    delivery.run()
    assert only().state == "failed"
    later(days=2)
    delivery.run()
    assert not QueuedMail.objects.exists()


# The same mail


def test_a_mail_is_kept_with_all_that_it_has():
    message = EmailMultiAlternatives(
        "Zoë \N{SNOWMAN}", "text\x00 \N{SNOWMAN}", "a@one.example", ["b@one.example"]
    )
    message.cc, mail.bcc, mail.reply_to = ["c@one.example"], ["d@one.example"], ["e@one.example"]
    message.extra_headers = {"X-Own": "1", "Message-ID": "<1@x>", "Date": "now"}
    message.attach_alternative("<p>\N{SNOWMAN}</p>", "text/html")
    message.attach("bytes.bin", bytes(range(256)), "application/octet-stream")
    message.attach("text.txt", "ä", "text/plain")
    message.attach(MIMEImage(b"GIF89a", "gif"))
    loaded = content.load(content.dump(message, message.recipients()))
    assert loaded.recipients() == message.recipients()

    def plain(each):
        text = each.message().as_bytes()
        for number, name in enumerate(dict.fromkeys(re.findall(rb"={15}\d+==", text))):
            text = text.replace(name, b"%d" % number)
        return text

    assert plain(loaded) == plain(message)


def test_a_mail_with_something_unknown_is_refused_at_once(server):
    message = EmailMessage("x", "y", None, ["zoe@example.com"])
    message.own = object()
    with pytest.raises(TypeError, match="object cannot be kept"):
        message.send()


# Sites


def sender_of(text):
    return str(message_from_string(text, policy=policy.default)["From"])


def test_each_site_sends_under_its_own_name_and_address(server, add_site, settings):
    two = add_site("two.example")
    three = add_site("three.example")
    for site, title, own in (
        (1, "Zoë, Garden", None),
        (two.pk, 'The "Two"', None),
        (three.pk, "Three", "Post <post@three.example>"),
    ):
        with override_current_site_id(site):
            Setting.objects.create(name="SITE_TITLE", value=title)
            if own:
                Setting.objects.create(name="MAIL_SENDER", value=own)
            send()
    delivery.run()
    assert [sender_of(text) for text in server.taken] == [
        '"Zoë, Garden" <webmaster@one.example>',
        '"The \\"Two\\"" <webmaster@one.example>',
        "Post <post@three.example>",
    ]
    domains = [re.search(r"^Message-ID: <.*@(.*)>", text, re.M)[1] for text in server.taken]
    assert domains == ["127.0.0.1", "two.example", "three.example"]


def test_the_name_in_the_address_of_all_is_that_of_the_first_site(server, add_site, settings):
    settings.DEFAULT_FROM_EMAIL = "Ours <webmaster@one.example>"
    send()
    with override_current_site_id(add_site("two.example").pk):
        Setting.objects.create(name="SITE_TITLE", value="Two")
        send()
    delivery.run()
    assert [sender_of(text) for text in server.taken] == [
        "Ours <webmaster@one.example>",
        "Two <webmaster@one.example>",
    ]


@pytest.mark.parametrize(
    ("typed", "is_taken"),
    [
        *[("", True), ("post@two.example", True), ("Two <post@two.example>", True)],
        *[("post", False), ("Two <post>", False), ("a@two.example, b@two.example", False)],
        *[("a@two.example b", False), ("<a@two.example> b", False)],
    ],
)
def test_the_sender_of_a_site_has_to_be_an_address(browse, typed, is_taken):
    client, address = browse("admin"), reverse("admin:conf_setting_changelist")
    fields = fields_of(client.get(address), "form:has([name=MAIL_SENDER])")
    page = client.post(address, fields | {"MAIL_SENDER": typed}, follow=True)
    found = Setting.objects.filter(name="MAIL_SENDER", value=typed).exists()
    assert found == is_taken, page.content.decode()
    assert ("Type an address" in page.content.decode()) != is_taken


@pytest.mark.parametrize("is_secure", [True, False])
def test_links_lead_to_the_site_that_staff_have_chosen(server, browse, add_site, is_secure):
    two = add_site("two.example")
    user = get_user_model().objects.create_user("zoe", "zoe@example.com", is_active=False)
    admin = browse("admin")
    admin.post(reverse("set_site"), {"site_id": two.pk})
    address = reverse("admin:auth_user_change", args=[user.pk])
    fields = fields_of(admin.get(address), "#user_form") | {"is_active": "on"}
    with override_settings(ACCOUNTS_APPROVAL_REQUIRED=True, SECURE_SSL_REDIRECT=is_secure):
        admin.post(address, fields, secure=is_secure)
    delivery.run()
    (text,) = server.taken
    parts = message_from_string(text).walk()
    text = "".join(
        part.get_payload(decode=True).decode() for part in parts if not part.is_multipart()
    )
    scheme = "https" if is_secure else "http"
    links = set(re.findall(r"https?://[^/\s<\"]+", text))
    assert {link.partition(":8000")[0] for link in links} == {f"{scheme}://two.example"}


# Telling


def again(client):
    address = reverse("admin:mail_queuedmail_changelist")
    pks = [str(pk) for pk in QueuedMail.objects.values_list("pk", flat=True)]
    return client.post(address, {"action": "send_again", "_selected_action": pks}, follow=True)


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


# manage.py testmail


def test_mail_to(address):
    output = StringIO()
    try:
        call_command("testmail", address, stdout=output)
    except CommandError as error:
        return output.getvalue() + str(error)
    return output.getvalue()


test_mail_to.__test__ = False


@pytest.mark.parametrize("log_in", [b"PLAIN", b"LOGIN", b"CRAM-MD5"])
def test_a_test_mail_shows_each_step_and_no_password(server, log_in):
    server.log_in = log_in
    output = test_mail_to("ann@example.com")
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
    *_, last = test_mail_to("ann@example.com").splitlines()
    assert last.startswith("Not sent: ")
    _command, words = FAULTS.get(fault, ("", b"timed out"))
    if words and not words.startswith(b"HTTP"):
        assert words.decode() in last
    assert PASSWORD not in last


def test_a_test_mail_needs_an_address_and_a_mail_server(settings):
    assert "is no address" in test_mail_to("ann")
    settings.EMAIL_HOST = ""
    assert "type fab secret EMAIL_HOST" in test_mail_to("ann@example.com")
