"""The way to X: tweepy's client with a limit on time and size, and nothing of it in the log."""

import ipaddress
import logging
import threading
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


class Client(tweepy.Client):
    """tweepy's client, which can call the fields of posts by the other name that X has for them."""

    post_fields = "tweet.fields"

    def request(self, method, route, params=None, **options):
        named = {
            self.post_fields if name == "tweet.fields" else name: value
            for name, value in params.items()
        }
        return super().request(method, route, params=named, **options)


def client(credentials, url):
    """Return a Client that answers with requests.Response and waits for nothing."""
    made = Client(
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
