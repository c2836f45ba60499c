"""The way to X: tweepy's client with a limit on time and size, and nothing of it in the log."""

import ipaddress
import logging
import re
import threading
from dataclasses import astuple, dataclass, field, fields
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

import requests
import tweepy
from django.core.exceptions import ImproperlyConfigured
from requests.adapters import HTTPAdapter

API = "https://api.twitter.com"  # written into tweepy, which has no option for it
WAIT = (5, 15)  # seconds for the connection, and between two parts of the answer
WHOLE_ANSWER = 30  # seconds
LARGEST_ANSWER = 5_000_000  # bytes; a page of 100 long posts has a tenth of that

# At DEBUG these write the keys into the log.
for name in ("tweepy.client", "requests_oauthlib.oauth1_auth", "oauthlib.oauth1.rfc5849"):
    logging.getLogger(name).setLevel(logging.ERROR)


@dataclass(frozen=True)
class Credentials:
    """The keys of an app of X: the four of OAuth 1.0a, a bearer token, or both."""

    consumer_key: str = field(default="", repr=False)
    consumer_secret: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    access_token_secret: str = field(default="", repr=False)
    bearer_token: str = field(default="", repr=False)

    def __bool__(self):
        return any(astuple(self))

    @property
    def user_auth(self):
        """Whether to sign with the four keys, which makes the app's own account cheaper."""
        return all(astuple(self)[:4])

    def problem(self):
        """Return what is wrong with them, a str, or None."""
        if not all(key.isascii() and key.isprintable() for key in astuple(self)):
            return "one of the keys has a character that keys do not have: paste it again"
        if not self.user_auth and not self.bearer_token:
            missing = [item.name for item in fields(self)[:4] if not getattr(self, item.name)]
            return (
                f"incomplete, without {' and '.join(missing)}: fill in all four or a bearer token"
            )
        return None

    def hide(self, text):
        """Return the text without any of the keys."""
        for key in filter(None, astuple(self)):
            text = text.replace(key, "...")
        return text


def clean_key(value):
    """Return a pasted key without the white space, and without the word before a bearer token."""
    return re.sub(r"^Bearer\s+|[\s\u200b\ufeff]", "", value.strip())


def checked_address(url):
    """Return the address of the API, or refuse one to which keys would travel unencrypted."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname and "@" not in parts.netloc:
        return url.rstrip("/")
    if parts.scheme == "http" and "@" not in parts.netloc and is_loopback(parts.hostname or ""):
        return url.rstrip("/")
    raise ImproperlyConfigured(
        f"TWITTER_API_URL is {url!r}; it has to start with https://, or with http://127.0.0.1"
        " for tests on this machine"
    )


def is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Adapter(HTTPAdapter):
    """Sends what tweepy asks of API to another address, and limits time and size of the answer."""

    def __init__(self, url):
        super().__init__()
        self.url = url

    def send(self, request, stream=False, timeout=None, proxies=None, **options):
        request.url = self.url + request.url.removeprefix(API)
        if self.url.startswith("http:"):
            proxies = {}
        response = super().send(request, stream=True, timeout=WAIT, proxies=proxies, **options)
        content = response.raw.read(LARGEST_ANSWER + 1, decode_content=True)
        response.close()
        if len(content) > LARGEST_ANSWER:
            raise requests.RequestException(f"an answer of more than {LARGEST_ANSWER} bytes")
        response._content, response._content_consumed = content, True
        return response


def client(credentials, url):
    """Return a tweepy.Client that answers with requests.Response and waits for nothing."""
    made = tweepy.Client(
        bearer_token=credentials.bearer_token,
        consumer_key=credentials.consumer_key,
        consumer_secret=credentials.consumer_secret,
        access_token=credentials.access_token,
        access_token_secret=credentials.access_token_secret,
        return_type=requests.Response,
        wait_on_rate_limit=False,
    )
    made.session.max_redirects = 0  # the API has none, and other hosts shall not see the keys
    made.session.mount(API, Adapter(checked_address(url)))
    return made


def in_time(call, *arguments, **options):
    """Return what the call returns, or raise TimeoutError after WHOLE_ANSWER seconds.

    The timeouts of requests begin anew with every byte. A call that hangs is left to itself.
    """
    outcome = SimpleQueue()

    def run():
        try:
            outcome.put((call(*arguments, **options), None))
        except Exception as error:
            outcome.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        result, error = outcome.get(timeout=WHOLE_ANSWER)
    except Empty:
        raise TimeoutError(f"no whole answer within {WHOLE_ANSWER} seconds") from None
    if error:
        raise error
    return result
