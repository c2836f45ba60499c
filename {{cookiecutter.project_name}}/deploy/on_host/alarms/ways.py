"""The ways to a recipient: SMTP, the backend of the live release, a URL.

No way needs the database or the site. A URL is a secret: it is in no argument and no message.
"""

import json
import smtplib
import ssl
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request

from ..release_python import ask
from ..site import Site
from .account import Account

SECONDS = 30  # for each answer
LONGEST, OF_DISCORD = 30_000, 2000  # characters: what a chat does not take would never be told


class NotSent(Exception):
    """Why not, in words."""


class Unled(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else: urllib would ask there by GET, without what is to be told."""

    def redirect_request(self, *_args: object) -> None:
        return None


def mail(site: Site, account: Account, app: str, message: EmailMessage) -> None:
    """Send a mail to one address; NotSent with the server's words."""
    if not account["smtp"]:  # such as the API of a mail service
        release = site.current / "project"
        text = json.dumps(
            {"to": message["To"], "subject": message["Subject"], "id": message_id(message)}
            | {"text": message.get_content()}
        )
        if problem := ask(site, "tell", release, app, text)["problem"]:
            raise NotSent(problem)
        return
    try:
        with connected(account) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise NotSent(f"{code} {said.decode('utf-8', 'replace')}") from None
    except smtplib.SMTPResponseException as error:
        words = error.smtp_error
        answer = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        raise NotSent(f"{error.smtp_code} {answer}") from None


def message_id(message: EmailMessage) -> str:
    return str(message["Message-ID"])


@contextmanager
def connected(account: Account) -> Iterator[smtplib.SMTP]:
    """Yield a connection that is logged in, as the backend of Django makes it."""
    context = ssl.create_default_context()
    place = account["host"], account["port"]
    seconds = min(account["timeout"] or SECONDS, SECONDS)
    if account["ssl"]:
        server: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=seconds, context=context)
    else:
        server = smtplib.SMTP(*place, timeout=seconds)
    with server:
        if account["tls"]:
            server.starttls(context=context)
        if account["user"] and account["password"]:
            server.login(account["user"], account["password"])
        yield server


def written(account: Account, to: str, subject: str, text: str, id: str) -> EmailMessage:
    """Return the mail to an address; of the same digest, the Message-ID is the same."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = account["sender"], to, subject
    domain = account["sender"].rpartition("@")[2].strip(" >") or "localhost"
    message["Message-ID"] = f"<{id}@{domain}>"
    message["Date"] = formatdate()
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody is out of office to us
    message.set_content(text)
    return message


def post(url: str, subject: str, text: str, id: str) -> None:
    """Send a digest to a URL as JSON; NotSent where it is not taken.

    "text" is what Slack, Mattermost, Zulip and Google Chat show, and "content" what Discord does.
    """
    body = {
        "id": id,
        "title": subject,
        "text": f"{subject}\n{text}"[:LONGEST],
        "content": f"{subject}\n{text}"[:OF_DISCORD],
    }
    headers = {"Content-Type": "application/json", "User-Agent": "mezzanine-project"}
    ask_for(request_of(url, headers, json.dumps(body).encode()))


def ping(url: str) -> None:
    """Ask for a URL; NotSent where that does not work."""
    ask_for(request_of(url, {"User-Agent": "mezzanine-project"}))


def request_of(url: str, headers: dict[str, str], data: bytes | None = None) -> Request:
    if not url.startswith(("http://", "https://")):  # urllib would read a file as well
        raise NotSent("it does not begin with http:// or https://")
    return Request(url, data, headers)  # noqa: S310 - http(s), see above


def ask_for(request: Request) -> None:
    try:
        opener = urllib.request.build_opener(*([Unled] if request.data else []))
        with opener.open(request, timeout=SECONDS) as answer:
            answer.read(1000)
    except HTTPError as error:
        leads = "; it leads elsewhere, so type that address" if 300 <= error.code < 400 else ""
        raise NotSent(f"it answers {error.code}{leads}") from None
    except (OSError, HTTPException, ValueError) as error:  # whose words may have the URL in them
        reason = getattr(error, "reason", error)
        raise NotSent(f"it cannot be reached: {type(reason).__name__}") from None
