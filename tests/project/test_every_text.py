"""Every text, in every field and parameter that a visitor can send, on PostgreSQL: never a 500."""

import random
from html.parser import HTMLParser
from urllib.parse import quote_from_bytes

import pytest
from servers import CSRF_COOKIE, HOST, SESSION_COOKIE, Visitor

CONTENT = """
from django.contrib.auth import get_user_model
from mezzanine.blog.models import BlogPost
from mezzanine.forms.models import Field, Form
form = Form.objects.create(title="Every field", slug="every-field")
for kind in range(1, 15):
    Field.objects.create(form=form, label=f"Kind {kind}", field_type=kind, choices="a,b")
author = get_user_model().objects.create_user("author")
BlogPost.objects.create(title="Hello", slug="hello", content="x", user=author)
"""

# Pages with the forms of visitors, of which each is sent; and parameters that pages ask for.
FORMS = """
    /every-field/ /blog/hello/ /accounts/login/ /accounts/signup/ /accounts/password/reset/
    /password_reset/ /admin/login/ /search/ /nowhere/
""".split()
QUERIES = """
    /?{} /blog/?page={} /blog/{}/ /blog/?x={} /search/?q={} /search/?q=a&type={}
    /search/?q=a&page={} /accounts/login/?next={} /accounts/logout/?next={}
    /admin/login/?next={} /admin/?{} /{} /{}/
    /blog/tag/{}/ /blog/category/{}/ /blog/author/{}/ /blog/archive/{}/ /blog/feeds/{}/ /users/{}/
    /sitemap-{}.xml /i18n/?next={} /look.css?{} /robots.txt?{} /comment/?{} /rating/?{} /edit/?{}
    /accounts/verify/{}/{}/ /accounts/password/verify/{}/{}/ /media/{} /static/{} /healthz?{}
    /admin/password_change/?{} /displayable_links.js?{} /manifest.webmanifest?{} /set_site/?next={}
""".split()
COOKIES = [SESSION_COOKIE, CSRF_COOKIE, "messages", "django_language", "mezzanine-rating", "x"]
CHARSETS = """
    utf-8 UTF8 utf-7 utf-16 unicode_escape raw_unicode_escape latin-1 none hex base64 zlib rot13
    idna punycode undefined
""".split()

NUL = "a\0b"
HALVES = "\ud800 \udfff \udc00\ud800"  # of characters: no text has them
KINDS = {
    "a NUL": NUL,
    "halves of characters": HALVES,
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\x80\x9f",
    "what is no character": "\ufffe\uffff\U0001ffff\ufdd0",
    "far away": "\U0010ffff\U00020000\U0001f600\u200d\U0001f468",
    "both ways": "\u202e\u2067abc\u05d0\u0627",
    "marks": "a" + "\u0301" * 300,
    "spaces": "\u00a0\u2028\u2029\u3000\ufeff\u200b",
    "quotes": "'\"`\\%s%%{}{{x}}{%x%}<!--]]>$$",
    "numbers": "9" * 40,
    "minus": "-1",
    "digits": "\u0663\u0967\u00b2",
    "much": "\u5bb6" * 5000,
    "nothing": "",
}


def any_text(seed):
    """Return a text of characters from all of Unicode, and of what is none."""
    chance = random.Random(seed)
    ends = (0x80, 0x800, 0x10000, 0x110000)
    return "".join(chr(chance.randrange(chance.choice(ends))) for _ in range(chance.randrange(40)))


TEXTS = KINDS | {f"text {seed}": any_text(seed) for seed in range(4)}


def as_bytes(text):
    return text.encode("utf-8", "surrogatepass")


def escaped(text):
    return quote_from_bytes(as_bytes(text), safe="")


class Forms(HTMLParser):
    """The forms of a page, .found: [method, action, {name: value}]."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.found.append([attrs.get("method", "get").lower(), attrs.get("action"), {}])
        elif tag in ("input", "textarea", "select", "button") and self.found and attrs.get("name"):
            self.found[-1][2][attrs["name"]] = attrs.get("value") or ""


@pytest.fixture(scope="module")
def forms(live):
    """All forms by page: [(method, action, {name: value})]."""
    live.manage("shell", "-c", CONTENT)
    found = {path: Forms(Visitor(live.port).open(path).text).found for path in FORMS}
    assert all(found.values())
    posted = {
        action or path for path in found for method, action, _ in found[path] if method == "post"
    }
    assert len(posted) >= 7
    return found


def send(live, path, body, content_type):
    """POST a body as somebody who has no session, from a page of the site; return the status."""
    headers = {"Host": HOST, "X-Forwarded-Proto": "https", "Origin": f"https://{HOST}"}
    headers |= {"Content-Type": content_type, "Cookie": f"{CSRF_COOKIE}={'x' * 32}"}
    connection = Visitor(live.port).connect()
    connection.request("POST", path, body, headers)
    return connection.getresponse().status


def parts(fields):
    """Return a multipart body of pairs of str and bytes."""
    body = b""
    for name, value in fields.items():
        body += b'--x\r\nContent-Disposition: form-data; name="%s"' % name.encode()
        body += b"\r\n\r\n" + value + b"\r\n"
    return body + b"--x--\r\n"


def filled_in(fields, text):
    """Return the fields with that text in each that is not fixed by the page, as bytes."""
    fixed = ("csrfmiddlewaretoken", "timestamp", "security_hash", "content_type", "object_pk")
    values = {name: as_bytes(text) for name in fields} | {"honeypot": b""}
    values |= {name: fields[name].encode() for name in fixed if name in fields}
    return values | {"csrfmiddlewaretoken": b"x" * 32}


@pytest.mark.parametrize("kind", TEXTS)
def test_every_form_takes_every_text(live, forms, kind):
    wrong = []
    for page, found in forms.items():
        for method, action, fields in found:
            values = filled_in(fields, TEXTS[kind])
            query = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in values.items())
            if method == "get":
                statuses = [Visitor(live.port).open(f"{action or page}?{query}").status]
            else:
                path = action or page
                statuses = [
                    send(live, path, query, "application/x-www-form-urlencoded"),
                    send(live, path, parts(values), "multipart/form-data; boundary=x"),
                ]
            wrong += [(page, action, status) for status in statuses if status >= 500]
    assert wrong == [], live.log()[-3000:]


@pytest.mark.parametrize("kind", TEXTS)
def test_every_parameter_and_address_takes_every_text(live, kind):
    paths = [path.replace("{}", escaped(TEXTS[kind])) for path in QUERIES]
    answers = {path: Visitor(live.port).open(path).status for path in paths if len(path) < 4000}
    assert [path for path, status in answers.items() if status >= 500] == [], live.log()[-3000:]


@pytest.mark.parametrize(
    "name", ["content_type", "object_pk", "timestamp", "security_hash", "value"]
)
@pytest.mark.parametrize("path", ["/comment/", "/rating/"])
def test_so_do_the_hidden_fields(live, path, name):
    whole = {"content_type": "blog.blogpost", "object_pk": "1", "value": "1"}
    texts = [*KINDS.values(), "auth.user", "sessions.session", "x.y", "blog.blogpost.x"]
    bodies = [
        "&".join(f"{key}={escaped(value)}" for key, value in (whole | {name: text}).items())
        for text in texts
    ]
    kind = "application/x-www-form-urlencoded"
    wrong = [body for body in bodies if send(live, path, body, kind) >= 500]
    assert wrong == [], live.log()[-3000:]


@pytest.mark.parametrize("charset", CHARSETS)
def test_no_other_encoding_smuggles_in_what_is_no_text(live, forms, charset):
    halves = {
        "q": b"+2AA- \\ud800 \\x00 \xd8\x00",
        "username": b"+2AA- \\ud800 +AAA-",
        "field_1": b"\\ud800",
    }
    for path in ("/every-field/", "/accounts/login/", "/search/?q=%2B2AA-%5Cud800"):
        for kind in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
            body = parts(halves) if "multipart" in kind else "username=%2B2AA-%5Cud800"
            assert send(live, path, body, f"{kind}; charset={charset}") < 500
        headers = {"Content-Type": f"text/plain; charset={charset}"}
        assert Visitor(live.port).open(path, **headers).status < 500


@pytest.mark.parametrize("name", COOKIES)
@pytest.mark.parametrize(
    "value", ['"\\000abcdefgh"', '"\\355\\240\\200abcdefgh"', "\xff" * 20, "%00" * 8]
)
def test_every_cookie_takes_every_text(live, name, value):
    for path in ("/", "/admin/", "/accounts/login/", "/nowhere/"):
        assert Visitor(live.port).open(path, Cookie=f"{name}={value}").status < 500
