"""What claims to be another encoding, or is no header at all, is answered; nobody sees an error."""

from importlib import import_module

import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.django_db

OTHERS = "hex base64 bz2 zlib quopri uu rot13 idna punycode undefined utf-7 utf-16 latin-1".split()
ODD_TYPES = [
    "text/plain; charset*=hex''x",
    "text/plain; charset*=undefined''x",
    "text/plain; charset*=none''x",
    "text/plain; charset*=utf-8''%00",
    "text/plain; charset*0*=utf-8''h; charset*1=ex",
    "text/plain; charset=\0",
    "text/plain; charset=" + "x" * 3000,
    "multipart/form-data",
    "multipart/form-data; boundary=\xe9",
    "multipart/form-data; boundary*=hex''x",
    "multipart/form-data; boundary=" + "x" * 500,
    ";;=;charset",
    "\xff\xfe",
]
ODD_PARTS = [
    b"Content-Disposition: form-data; name*=hex''x",
    b"Content-Disposition: form-data; name*=undefined''x; filename*=none''x",
    b"Content-Disposition: form-data; name=\"x\"; filename*=utf-8''%00%ff",
    b'Content-Disposition: form-data; name="x"\r\nContent-Transfer-Encoding: base64',
    b'Content-Disposition: form-data; name="x"; filename="y"\r\nContent-Transfer-Encoding: base64',
    b'Content-Disposition: form-data; name="x"; filename="y"\r\nContent-Type: a/b; charset=hex',
    b'Content-Disposition: form-data; name="x"; filename="y"\r\nContent-Length: ' + b"9" * 5000,
    b'Content-Disposition: form-data; name="\xff\xfe"',
    b"Content-Disposition: x" + b"; y" * 500,
]
ODD_HEADERS = {
    "HTTP_ACCEPT_LANGUAGE": ["x" * 3000, "en;q=" + "9" * 5000, "\xff", "de-" * 900, "*;q=nan"],
    "HTTP_REFERER": ["http://[", "//[::1", "\xff", "http://x:99999999/"],
    "HTTP_ORIGIN": ["http://[", "null", "\xff", "http://x:y"],
    "HTTP_COOKIE": ["=;=;\xff=\xff", "django_language=" + "x" * 3000, "messages=[[", "\\;\\"],
    "HTTP_IF_MODIFIED_SINCE": ["Mon, 99 Nov 99999 99:99:99 GMT", "x", "\xff"],
    "HTTP_IF_NONE_MATCH": ['"', "\xff"],
    "CONTENT_LENGTH": ["-1", "9" * 5000, "x", ""],
    "REQUEST_METHOD": ["FOO", "PUT", "OPTIONS", "\xff"],
}
ODD_QUERIES = """
page={} next={} next=http://[ next=//[::1 q=%ff%fe x=%u0041 page=1e999 page=-1 page=NaN
replied_to={} branch={}&from={} %ff=%ff &&&&==== q=%2B&type=%ff.%ff type=a.b.c. {many}
"""


@pytest.fixture
def ask(rf, monkeypatch):
    """Return a function that asks the WSGI application; it returns the status, an int."""
    monkeypatch.setattr(connection, "close", lambda: None)  # as it would after each request
    application = import_module(f"{settings.PROJECT_APP}.wsgi").application

    def ask(address="/?q=x", body=b"", **environ):
        told = []
        request = rf.generic("POST" if body else "GET", address, body, "text/plain")
        headers = {"HTTP_ORIGIN": "http://testserver"}
        answer = application(request.environ | headers | environ, lambda *args: told.append(args))
        answer.close()
        return int(told[0][0].split()[0])

    return ask


@pytest.mark.parametrize("charset", OTHERS)
def test_another_encoding_is_a_bad_request(ask, charset):
    form = f"application/x-www-form-urlencoded; charset={charset}"
    assert ask(CONTENT_TYPE=f"text/plain; charset={charset}") == 400
    assert ask("/search/", CONTENT_TYPE=form) == 400
    assert ask("/search/?q=%2B2AA-%5Cud800%ff%fe", CONTENT_TYPE=form) == 400
    assert ask("/accounts/login/", b"username=x", CONTENT_TYPE=form) in (400, 403)


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "no-such-encoding"])
def test_utf_8_is_none(ask, charset):
    assert ask("/search/?q=x", CONTENT_TYPE=f"text/plain; charset={charset}") == 200
    many = "&".join(map(str, range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)))
    assert ask(f"/search/?{many}", CONTENT_TYPE=f"text/plain; charset={charset}") == 400


@pytest.mark.parametrize("kind", ODD_TYPES, ids=ascii)
def test_no_content_type_is_an_error(ask, kind):
    assert ask(CONTENT_TYPE=kind) < 500
    assert ask("/accounts/login/", b"--x\r\nx", CONTENT_TYPE=kind) < 500


@pytest.mark.parametrize("head", ODD_PARTS, ids=ascii)
def test_no_part_of_a_form_is_an_error(ask, head):
    body = b"--x\r\n" + head + b"\r\n\r\n=\xff=\r\n--x--\r\n"
    for address in ("/accounts/login/", "/search/", "/comment/"):
        assert ask(address, body, CONTENT_TYPE="multipart/form-data; boundary=x") < 500


@pytest.mark.parametrize("header", ODD_HEADERS)
def test_no_other_header_is_an_error(ask, header):
    for value in ODD_HEADERS[header]:
        for address in ("/", "/accounts/login/", "/nowhere/"):
            assert ask(address, **{header: value}) < 500, value


@pytest.mark.parametrize("query", ODD_QUERIES.split())
def test_no_query_is_an_error(ask, query):
    query = query.replace("{}", "9" * 5000).replace("{many}", "&".join(map(str, range(2000))))
    for address in ("/", "/search/", "/accounts/login/", "/admin/login/", "/accounts/logout/"):
        assert ask(f"{address}?{query}") < 500
