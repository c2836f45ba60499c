"""The grade that Mozilla's HTTP Observatory gives a page, by its published rules.

From https://github.com/mdn/mdn-http-observatory, revision 94042bb: the modifiers are those of
src/grader/charts.js, what they are for is in src/analyzer/tests/. Not here is what it knows by
itself: which names browsers have preloaded.
"""

from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

GRADES = {100: "A+", 90: "A", 85: "A-", 80: "B+", 70: "B", 65: "B-", 60: "C+", 50: "C", 45: "C-"}
GRADES |= {40: "D+", 30: "D", 25: "D-", 0: "F"}
EXTRA_CREDIT = 90  # the score from which what is better than asked counts
HALF_A_YEAR = 15_768_000  # seconds
BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
INLINE = {"'unsafe-inline'", "data:"}
DIGESTS = ("'sha256-", "'sha384-", "'sha512-", "'nonce-")
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
REVEALING = {"origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"}


@dataclass
class Answer:
    """A page that came over HTTPS with a good certificate, in answer to an Origin of another site.

    `path_there` are the URLs to which HTTP led, without the first, in their order.
    """

    url: str
    headers: Message
    text: str
    path_there: list[str] = field(default_factory=list)

    def one(self, name):
        """Return a header, lower-case and without spaces around it; empty where it is not sent."""
        return (self.headers[name] or "").strip().lower()


def grade(answer):
    """Return the grade, the score, and what each rule adds to it, a dict by name."""
    modifiers = {rule.__name__: rule(answer) for rule in RULES}
    score = 100 + sum(modifier for modifier in modifiers.values() if modifier < 0)
    if score >= EXTRA_CREDIT:
        score += sum(modifier for modifier in modifiers.values() if modifier > 0)
    return next(GRADES[least] for least in GRADES if max(score, 0) >= least), score, modifiers


def content_security_policy(answer):
    policy = directives(answer)
    if not policy:
        return -25
    fallback = policy.get("default-src", {"*"})
    scripts, styles, objects = (
        without_ignored(policy.get(name, fallback))
        for name in ("script-src", "style-src", "object-src")
    )
    passive = {"img-src", "media-src"}
    active = scripts.union(*(policy[name] for name in policy.keys() - passive - {"script-src"}))
    if scripts & (BROAD | INLINE) or objects & BROAD or is_insecure(active):
        return -20
    shown = set().union(*(policy.get(name, fallback) for name in passive))
    if "'unsafe-eval'" in scripts | styles or is_insecure(shown):
        return -10
    if styles & (BROAD | INLINE):
        return 0
    return 10 if policy.get("default-src") == {"'none'"} else 5


def directives(answer):
    """Return the sources of each directive of the one policy, a dict of sets."""
    parts = [part.split() for part in answer.one("Content-Security-Policy").split(";")]
    return {part[0]: set(part[1:]) for part in reversed(parts) if part}  # the first one counts


def without_ignored(sources):
    """Return a set of sources without what browsers ignore beside a digest."""
    has_digest = any(source.startswith(DIGESTS) for source in sources)
    return sources - {"'unsafe-inline'"} if has_digest else sources


def is_insecure(sources):
    return any(source.startswith(("http:", "ftp:")) for source in sources)


def cookies(answer):
    jar = SimpleCookie()
    for line in answer.headers.get_all("Set-Cookie", []):
        jar.load(line)
    found = [cookie(*item, answer) for item in jar.items()]
    return min(found, default=0)


def cookie(name, morsel, answer):
    """Return what one cookie is worth."""
    is_session = any(word in name.lower() for word in ("login", "sess"))
    site, is_insisted = morsel["samesite"].lower(), transport_security(answer) == 0
    worth = [5 if site else 0]
    if not morsel["secure"]:
        worth.append(-5 if is_insisted else -20)
        worth += [-10 if is_insisted else -40] * is_session
    if is_session and not morsel["httponly"]:
        worth.append(-30)
    is_wrong = site not in ("", "lax", "strict", "none") or (
        site == "none" and not morsel["secure"]
    )
    if is_wrong or ("csrf" in name.lower() and not site):
        worth.append(-20)
    return min(worth)


def cross_origin_sharing(answer):
    allowed = answer.one("Access-Control-Allow-Origin")
    with_cookies = answer.one("Access-Control-Allow-Credentials") == "true"
    return -50 if allowed not in ("", "*", "null") and with_cookies else 0


def redirection(answer):
    if not answer.path_there or urlsplit(answer.path_there[-1]).scheme != "https":
        return -20
    first = urlsplit(answer.path_there[0])
    if first.scheme != "https":
        return -10
    return 0 if first.hostname == urlsplit(answer.url).hostname else -5


def referrer_policy(answer):
    if not answer.one("Referrer-Policy"):
        return 0
    named = [word.strip() for word in answer.one("Referrer-Policy").split(",")]
    known = [word for word in named if word in PRIVATE | REVEALING]
    return 5 if known and known[-1] in PRIVATE else -5


def transport_security(answer):
    parts = answer.one("Strict-Transport-Security").replace(" ", "").split(";")
    ages = [part.removeprefix("max-age=") for part in parts if part.startswith("max-age=")]
    if len(ages) != 1 or not ages[0].isdigit():
        return -20
    return 0 if int(ages[0]) >= HALF_A_YEAR else -10


class Scripts(HTMLParser):
    """Collects the attributes of the script elements of a page, as dicts."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "script":
            self.found.append(dict(attributes))


def subresource_integrity(answer):
    own, worth = urlsplit(answer.url), []
    for script in Scripts(answer.text).found:
        source = urlsplit(script.get("src") or "")
        digest = bool(script.get("integrity"))
        if source.hostname in (None, own.hostname) and source.scheme in ("", "https"):
            worth.append(5 if digest and source.path else 0)
        elif source.scheme == "https":
            worth.append(5 if digest else -5)
        else:
            worth.append(-20 if digest else -50)
    return min(worth) if min(worth, default=0) < 0 else max(worth, default=0)


def content_type_options(answer):
    return 0 if answer.one("X-Content-Type-Options") == "nosniff" else -5


def frame_options(answer):
    value = answer.one("X-Frame-Options")
    if "frame-ancestors" in directives(answer) or value in ("deny", "sameorigin"):
        return 5
    return 0 if value.startswith("allow-from") else -20


def resource_policy(answer):
    return isolation(answer, "Resource", ["same-origin", "same-site"], "cross-origin")


def opener_policy(answer):
    best = ["same-origin", "same-origin-allow-popups", "noopener-allow-popups"]
    return isolation(answer, "Opener", best, "unsafe-none")


def embedder_policy(answer):
    return isolation(answer, "Embedder", ["require-corp", "credentialless"], "unsafe-none")


def isolation(answer, kind, best, none):
    """Return what the header Cross-Origin-KIND-Policy is worth."""
    value = answer.one(f"Cross-Origin-{kind}-Policy")
    return 10 if value in best else 0 if value in ("", none) else -5


RULES = [
    *(content_security_policy, cookies, cross_origin_sharing, redirection, referrer_policy),
    *(transport_security, subresource_integrity, content_type_options, frame_options),
    *(resource_policy, opener_policy, embedder_policy),
]
