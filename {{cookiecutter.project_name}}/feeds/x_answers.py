"""What X answers, as posts.

X renamed what it says in August 2026 (tweets became posts); both vocabularies are read.
https://docs.x.com/x-api/fundamentals/data-dictionary
"""

import re
from datetime import UTC, datetime
from urllib.parse import quote

from .models import Post
from .sources import FIELDS, Trouble

# For reading one, in 1/1000 US dollar: https://docs.x.com/x-api/getting-started/pricing
POST, USER = 5, 10

RETWEETED = ("retweeted", "reposted")

MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def clean(value):
    """Return the decoded JSON without what no database takes, each replaced by one character."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value


class Answer:
    """One answer of X: .posts, what it was asked for, made of .data and of what came along."""

    def __init__(self, body, now):
        body = clean(body)
        self.now = now
        asked_for = body.get("data") or []
        self.data = [raw for raw in asked_for if re.fullmatch(r"\d{1,19}", raw["id"], re.A)]
        self.more = "next_token" in (body.get("meta") or {})
        includes = body.get("includes") or {}
        self.users = {user["id"]: user for user in includes.get("users", [])}
        sent_along = includes.get("tweets", []) + includes.get("posts", [])
        self.others = {post["id"]: post for post in sent_along}
        self.media = {item["media_key"]: item for item in includes.get("media", [])}

    def checked(self):
        """Return itself with .posts, the posts that may be shown, by their first ID.

        Raises Trouble when none has what a post consists of: X leaves out, without an error, the
        fields whose names it does not know.
        """
        self.posts, whole = {}, not self.data
        for raw in sorted(self.data, key=lambda raw: int(raw["id"])):
            try:
                post = self.post(raw)
            except MALFORMED:
                continue
            whole = True
            if post:
                self.posts[post.first_id] = post
        if not whole:
            text = "X answered without the fields of a post, such as created_at and author_id"
            raise Trouble.later(FIELDS, text, self.now)
        return self

    def post(self, raw):
        """Return a Post, or None for one that its author or a country keeps from the public."""
        author, shown, retweeter = self.users[raw["author_id"]], raw, None
        original = self.referenced(raw, *RETWEETED)
        if original:
            shown, retweeter = original, self.person(author)
        if any(self.is_withheld(item) for item in (raw, shown)):
            return None
        return Post(
            first_id=str(edit_history(raw)[0]),
            remote_id=raw["id"],
            posted_at=moment(raw["created_at"]),
            seen_at=self.now,
            **self.content(shown, retweeter, truncated=refers(raw, *RETWEETED) and not original),
        )

    def content(self, raw, retweeter=None, truncated=False, is_quoted=False):
        """Return the fields of a Post that come from the one that is shown, a dict."""
        author = self.person(self.users[raw["author_id"]])
        long = raw.get("note_tweet") or raw.get("note_post") or raw
        if not isinstance(long["text"], str):
            raise TypeError(long["text"])
        created_at = moment(raw["created_at"])
        return {
            "source": "x",
            "created_at": created_at.isoformat() if is_quoted else created_at,
            "user_name": author["user_name"],
            "body": long["text"],
            "data": {
                "full_name": author["full_name"],
                "profile_image_url": author["profile_image_url"],
                "url": f"https://x.com/{author['user_name']}/status/{int(raw['id'])}",
                "links": links(long["text"], long.get("entities") or {}),
                "media": self.pictures(raw),
                "quoted": None if is_quoted else self.quoted(raw),
                "retweeter": retweeter,
                "edited": len(edit_history(raw)) > 1,
                "truncated": truncated,
                "sensitive": raw.get("possibly_sensitive") is True,
                "lang": str(raw.get("lang") or ""),
            },
        }

    def person(self, user):
        """Return who wrote or retweeted, a dict; raise ValueError for a name that is none."""
        if not re.fullmatch(r"\w{1,50}", user["username"], re.A):
            raise ValueError(user["username"])
        return {
            "user_name": user["username"],
            "full_name": str(user["name"]),
            "profile_image_url": re.sub(
                r"_normal(\.\w+)$", r"_bigger\1", https(user.get("profile_image_url"))
            ),
        }

    def is_withheld(self, raw):
        return bool(raw.get("withheld")) or self.users[raw["author_id"]].get("protected") is True

    def referenced(self, raw, *types):
        """Return the post that this one retweets or quotes, if X sent it with its author."""
        for reference in references(raw):
            found = self.others.get(reference["id"])
            if reference["type"] in types and found and found.get("author_id") in self.users:
                return found
        return None

    def quoted(self, raw):
        """Return the fields of the post that this one quotes, a dict, or None without such."""
        quoted = self.referenced(raw, "quoted")
        try:
            shown = quoted and not self.is_withheld(quoted)
            return self.content(quoted, is_quoted=True) if shown else None
        except MALFORMED:
            return None

    def pictures(self, raw):
        keys = (raw.get("attachments") or {}).get("media_keys", [])
        found = [self.media[key] for key in keys if key in self.media]
        pictures = [
            {
                "type": str(item.get("type")),
                "url": https(item.get("url") or item.get("preview_image_url")),
                "alt_text": str(item.get("alt_text") or ""),
                "width": item["width"] if isinstance(item.get("width"), int) else None,
                "height": item["height"] if isinstance(item.get("height"), int) else None,
            }
            for item in found
        ]
        return [picture for picture in pictures if picture["url"]]

    def cost(self, newer_than):
        """Return what X can have charged at most, in 1/1000 US dollar.

        What was charged before on the same day is free: with the ID of a post that is known from
        today, only what is newer counts.
        """
        new = [raw for raw in self.data if int(raw["id"]) > int(newer_than or 0)]
        others = {item["id"] for raw in new for item in references(raw)} & self.others.keys()
        raws = [*new, *(self.others[key] for key in others)]
        users = {raw.get("author_id") for raw in raws} & self.users.keys()
        return POST * len(raws) + USER * len(users)


def references(raw):
    return raw.get("referenced_tweets") or raw.get("referenced_posts") or []


def refers(raw, *types):
    return any(reference["type"] in types for reference in references(raw))


def edit_history(raw):
    """Return the IDs of all editions of a post, the first one first."""
    history = raw.get("edit_history_tweet_ids") or raw.get("edit_history_post_ids")
    return history or [raw["id"]]


def moment(text):
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def https(url):
    """Return the address if it is one that a page of ours may load or link to, else ""."""
    return url if isinstance(url, str) and url.startswith("https://") else ""


def links(text, entities):
    """Return the links of a text: [start, end, href, label] in code points, in order.

    What X says is believed only where the text has that very tag, name or address. Its offsets
    are code points; in some answers they are units of UTF-16.
    """
    found, done = [], 0
    for span, expected, href, label in sorted(targets(entities)):
        for start, end in (span, from_utf16(text, *span)):
            if done <= start < end and text[start:end].lower() in expected:
                found.append([start, end, href, label or text[start:end]])
                done = end
                break
    return found


def from_utf16(text, start, end):
    """Return in code points what are units of UTF-16; (0, 0) where they split a character."""
    encoded = text.encode("utf-16-le")
    try:
        before, part = encoded[: 2 * start].decode("utf-16-le"), encoded[2 * start : 2 * end]
        return len(before), len(before) + len(part.decode("utf-16-le"))
    except UnicodeDecodeError:
        return 0, 0


def targets(entities):
    """Yield of each entity its offsets, how it may stand in the text, its address and its label."""
    for kind, target in (
        ("hashtags", lambda item: tag(item["tag"], "#＃", "https://x.com/hashtag/{}")),
        ("cashtags", lambda item: tag(item["tag"], "$", "https://x.com/search?q=%24{}")),
        ("mentions", lambda item: tag(item["username"], "@＠", "https://x.com/{}")),
        ("urls", lambda item: address(item["url"], item.get("display_url"))),
    ):
        for item in entities.get(kind) or []:
            try:
                yield (max(int(item["start"]), 0), int(item["end"])), *target(item)
            except MALFORMED:  # stays text
                continue


def tag(word, signs, href):
    return [f"{sign}{word}".lower() for sign in signs], href.format(quote(word, safe="")), ""


def address(url, label):
    if not https(url):
        raise ValueError(url)
    return [url.lower()], url, label or url
