"""What is to be sent is sent later, once, and as it was written."""

import re
from email import message_from_string
from email.mime.image import MIMEImage

import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from mail_server import FAULTS, SILENT, mail_server
from queued import FINAL, again, later, only, send, told_of_test_mail

from mail import content, delivery
from mail.models import KEPT, PATIENCE, QueuedMail

pytestmark = pytest.mark.usefixtures("db", "in_english", "mezzanines_defaults")


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
    assert "\x1b" not in told_of_test_mail("ann@example.com")


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


def test_a_backend_that_cannot_be_made_is_told_and_the_mail_waits(server, settings):
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = True
    send()
    assert delivery.run() == (0, 1)
    assert only().state == "waiting"
    assert "mutually exclusive" in only().words


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
