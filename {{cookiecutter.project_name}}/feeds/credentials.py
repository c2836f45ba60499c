"""The keys of an app of X."""

import re
from dataclasses import astuple, dataclass, field

# The settings that hold them, in the order of the fields of Credentials.
NAMES = (
    "TWITTER_CONSUMER_KEY",
    "TWITTER_CONSUMER_SECRET",
    "TWITTER_ACCESS_TOKEN_KEY",
    "TWITTER_ACCESS_TOKEN_SECRET",
    "TWITTER_BEARER_TOKEN",
)


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
            keys = zip(NAMES[:4], astuple(self), strict=False)
            missing = " and ".join(name for name, key in keys if not key)
            return f"incomplete: fill in {missing}, or a bearer token"
        return None

    def hide(self, text):
        """Return the text without any of the keys."""
        for key in filter(None, astuple(self)):
            text = text.replace(key, "...")
        return text


def clean_key(value):
    """Return a pasted key without the white space, and without the word before a bearer token."""
    return re.sub(r"^Bearer\s+|[\s\u200b\ufeff]", "", value.strip())
