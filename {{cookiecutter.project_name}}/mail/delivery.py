"""Send what waits: cron runs `manage.py send_queued_mail` each minute.

A mail is marked as "being sent" just before it is handed over, once the mail server has answered
and let us in. One run alone can mark it, on however many machines, since that is one UPDATE which
asks for the state of before.

What is promised: we never send a mail a second time by ourselves. If the process dies between
handing over and noting the answer, nobody can tell whether the server has taken the mail: it is
shown to staff as "perhaps delivered", and they say whether it is sent again. A second order or
complaint does more harm than one that is seen to hang. If the server dies before it has answered,
RFC 5321 (4.5.3.2.6, 4.5.4.1) says to try again, as it does for all answers 4xx: with the same
Message-ID.
"""

import smtplib
import time
from datetime import timedelta

from django.utils import timezone

from . import content
from .configuration import get_connection, is_smtp, server
from .conversation import plain
from .models import KEPT, WAITS, QueuedMail

DIED = timedelta(minutes=15)  # longer than cron lets a run go on
LONGEST_WORDS = 1000  # characters
SECONDS = 300  # of a run: what is left waits for the next
AUTHENTICATION = (530, 534, 535, 538)  # of the settings, and not of a mail: RFC 4954


def run():
    """Send what is due; return how many were sent, and how many were tried in vain."""
    began = time.monotonic()
    clean_up()
    due = QueuedMail.objects.filter(state=QueuedMail.WAITING, not_before__lte=timezone.now())
    ids, done = list(due.order_by("not_before", "id").values_list("id", flat=True)), []
    connection = None
    for number, pk in enumerate(ids):
        try:
            connection = connection or get_connection()
            connection.open()
        except Exception as error:  # of a mail server, or of whatever backend there is
            failed = [
                postpone(mail, f"{server()}: {words_of(error)}") for mail in left(ids[number:])
            ]
            return sum(done), len(done) - sum(done) + len(failed)
        if mail := claim(pk):
            done.append(hand_over(mail, connection))
        if time.monotonic() - began > SECONDS:
            break
    if connection:
        close(connection)
    return sum(done), len(done) - sum(done)


def clean_up():
    """Forget what is old, and note what was being sent by a process that died."""
    now = timezone.now()
    mails = QueuedMail.objects
    mails.filter(created_at__lt=now - KEPT).exclude(state=QueuedMail.WAITING).delete()
    words = "The process that was sending it ended before the mail server had answered"
    mails.filter(state=QueuedMail.SENDING, changed_at__lt=now - DIED).update(
        state=QueuedMail.DOUBTFUL, words=words
    )


def left(ids):
    return QueuedMail.objects.filter(pk__in=ids, state=QueuedMail.WAITING).defer("content")


def claim(pk):
    """Return a mail that is due, which is now ours to send, or None where it is not."""
    now = timezone.now()
    due = QueuedMail.objects.filter(pk=pk, state=QueuedMail.WAITING, not_before__lte=now)
    if not due.update(state=QueuedMail.SENDING, changed_at=now):
        return None
    return QueuedMail.objects.filter(pk=pk).first()


def hand_over(mail, connection):
    """Let the server have a mail; return whether it has taken it."""
    try:
        connection.send_messages([content.load(mail.content)])
    except Exception as error:
        close(connection)
        if is_final(error):
            note(mail, state=QueuedMail.FAILED, words=words_of(error))
        else:
            postpone(mail, words_of(error))
        return False
    note(mail, state=QueuedMail.SENT, words="", content="")
    return True


def postpone(mail, words):
    """Let a mail wait for the next attempt, or give it up."""
    now = timezone.now()
    state = QueuedMail.WAITING if now < mail.until else QueuedMail.FAILED
    minutes = WAITS[min(mail.attempts, len(WAITS) - 1)]
    note(mail, state=state, words=words, not_before=now + timedelta(minutes=minutes))


def note(mail, **values):
    """Write down what became of a mail, unless another run has it by now."""
    ours = [mail.state] + [QueuedMail.DOUBTFUL] * (mail.state == QueuedMail.SENDING)
    about = {"attempts": mail.attempts + 1, "changed_at": timezone.now()}
    QueuedMail.objects.filter(pk=mail.pk, state__in=ours).update(**about, **values)


def close(connection):
    try:
        connection.close()
    except Exception:  # what it was for is noted
        connection.connection = None


def is_final(error):
    """Return whether a server will never take that mail: 5xx about it, or nothing but ASCII."""
    code, _words = answer(error)
    if isinstance(error, smtplib.SMTPNotSupportedError) and is_smtp():
        return True  # an address that is not ASCII
    return 500 <= code < 600 and code not in AUTHENTICATION


def words_of(error):
    """Return what the server said, or what was wrong, in a line."""
    code, words = answer(error)
    if isinstance(words, bytes):
        words = words.decode("utf-8", "replace")
    words = plain(" ".join(str(words).split()))[:LONGEST_WORDS] or type(error).__name__
    return f"{code} {words}" if code else words


def answer(error):
    """Return the code of an SMTP answer, 0 where there is none, and its words."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, error.smtp_error
    return 0, str(error)
