"""What tools for cache poisoning try, on the live site behind its NGINX.

The names and tricks are those of Param Miner, "Practical Web Cache Poisoning" and "Web Cache
Entanglement" (portswigger.net/research), of cpdos.org, and of "Web Cache Deception" (Omer Gil).
"""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from raw_http import http1, http2
from servers import CSRF_COOKIE, HOST, SESSION_COOKIE
from webserver import kept, new_page

NUMBERS = itertools.count()

NAMES = """
    Accept Accept-Charset Accept-Language Base-Url CF-Connecting-IP CF-Visitor Client-IP
    CloudFront-Forwarded-Proto Destination Fastly-Client-IP Fastly-SSL Forwarded From
    Front-End-Https Http-Host Http-Url Max-Forwards Origin PATH_INFO Path-Info Pragma Profile
    Proxy Proxy-Host Proxy-Url Purpose REMOTE_USER Redirect Referer Referrer Remote-User
    Request-Uri SCRIPT_NAME Save-Data Script-Name Script-Url Sec-Fetch-Mode Sec-Fetch-Site
    Surrogate-Capability Surrogate-Control TE Trailer Translate True-Client-IP Upgrade Uri Url
    User-Agent Via X-Accel-Buffering X-Accel-Charset X-Accel-Expires X-Accel-Mapping
    X-Accel-Redirect X-Arbitrary X-Base-Url X-Client-IP X-Cluster-Client-IP X-CSRFToken
    X-Custom-IP-Authorization X-Device X-Forwarded X-Forwarded-By X-Forwarded-For
    X-Forwarded-Host X-Forwarded-Path X-Forwarded-Port X-Forwarded-Prefix X-Forwarded-Proto
    X-Forwarded-Protocol X-Forwarded-Scheme X-Forwarded-Server X-Forwarded-Ssl X-Forwarded-Uri
    X-Forwarded-Url X-Forwarded-User X-Host X-HTTP-DestinationURL X-HTTP-Host-Override
    X-HTTP-Method X-HTTP-Method-Override X-Method-Override X-Moz X-Original-Host X-Original-Uri
    X-Original-URL X-Originating-IP X-ProxyUser-Ip X-Real-IP X-Remote-Addr X-Remote-IP
    X-Requested-With X-Rewrite-URL X-Sendfile-Type X-Site X-URL-Scheme X-Wap-Profile
    X_Forwarded_Host X_Forwarded_Proto
""".split()

VALUES = ["evil.example", "evil.example:1337", "/evil", "http", "off"]

# Of an HTTP/1 request for {target}: all that follows the method. H is the right Host.
H = f"Host: {HOST}\r\n"
TRICKS = {
    "a whole URL of another host": f"{{target}} HTTP/1.1\r\n{H}",
    "another host in the URL": f"https://evil.example{{target}} HTTP/1.1\r\n{H}",
    "another host than in the URL": f"https://{HOST}{{target}} HTTP/1.1\r\nHost: evil.example\r\n",
    "a URL of plain HTTP": f"http://{HOST}{{target}} HTTP/1.1\r\n{H}",
    "a URL with a port": f"https://{HOST}:1337{{target}} HTTP/1.1\r\n{H}",
    "a URL with a user": f"https://evil@{HOST}{{target}} HTTP/1.1\r\n{H}",
    "two hosts": f"{{target}} HTTP/1.1\r\n{H}Host: evil.example\r\n",
    "two hosts, the right one last": f"{{target}} HTTP/1.1\r\nHost: evil.example\r\n{H}",
    "hosts in a list": f"{{target}} HTTP/1.1\r\nHost: {HOST}, evil.example\r\n",
    "a host with a user": f"{{target}} HTTP/1.1\r\nHost: evil@{HOST}\r\n",
    "a host with a path": f"{{target}} HTTP/1.1\r\nHost: {HOST}/evil\r\n",
    "a host with words for a port": f"{{target}} HTTP/1.1\r\nHost: {HOST}:evil\r\n",
    "a host with a port": f"{{target}} HTTP/1.1\r\nHost: {HOST}:1337\r\n",
    "a host with a dot at its end": f"{{target}} HTTP/1.1\r\nHost: {HOST}.\r\n",
    "a host with two dots": f"{{target}} HTTP/1.1\r\nHost: {HOST}..\r\n",
    "a host with a space before the colon": "{target} HTTP/1.1\r\nHost : evil.example\r\n",
    "a host on a folded line": f"{{target}} HTTP/1.1\r\n{H} evil.example\r\n",
    "a host that ends with a null": f"{{target}} HTTP/1.1\r\nHost: {HOST}\0evil\r\n",
    "no host": "{target} HTTP/1.1\r\n",
    "HTTP/1.0 without a host": "{target} HTTP/1.0\r\n",
    "HTTP/1.0 with another host": "{target} HTTP/1.0\r\nHost: evil.example\r\n",
    "no version": "{target}",
    "HTTP/2.0": f"{{target}} HTTP/2.0\r\n{H}",
    "a body in chunks": f"{{target}} HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n"
    "4\r\nevil\r\n0\r\n\r\n",
    "a body in no chunks": f"{{target}} HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": f"{{target}} HTTP/1.1\r\n{H}Content-Length: 4\r\nContent-Length: 0\r\n\r\nevil",
    "a length and chunks": f"{{target}} HTTP/1.1\r\n{H}Content-Length: 4\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nevil",
    "an unknown coding": f"{{target}} HTTP/1.1\r\n{H}Transfer-Encoding: xchunked\r\n\r\nevil",
    "a request within a body": f"{{target}} HTTP/1.1\r\n{H}Content-Length: 34\r\n\r\n"
    "GET /evil HTTP/1.1\r\nHost: evil\r\n\r\n",
    "parameters in a body": f"{{target}} HTTP/1.1\r\n{H}Content-Length: 6\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n\r\nq=evil",
    "a promise to go on": f"{{target}} HTTP/1.1\r\n{H}Expect: 100-continue\r\n"
    "Content-Length: 4\r\n\r\nevil",
    "what it expects": f"{{target}} HTTP/1.1\r\n{H}Expect: evil\r\n",
    "a part": f"{{target}} HTTP/1.1\r\n{H}Range: bytes=0-3\r\n",
    "a part of a version": f'{{target}} HTTP/1.1\r\n{H}Range: bytes=0-3\r\nIf-Range: "evil"\r\n',
    "many parts": f"{{target}} HTTP/1.1\r\n{H}Range: bytes=0-,0-,0-,0-\r\n",
    "a version that it has": f"{{target}} HTTP/1.1\r\n{H}If-Match: evil\r\n",
    "a header for one hop": f"{{target}} HTTP/1.1\r\n{H}Connection: Host, X-Forwarded-Proto\r\n",
    "another protocol": f"{{target}} HTTP/1.1\r\n{H}Connection: Upgrade\r\nUpgrade: h2c\r\n",
    "more headers than gunicorn takes": f"{{target}} HTTP/1.1\r\n{H}"
    + "".join(f"X-{number}: evil\r\n" for number in range(120)),
    "a header as long as NGINX takes": f"{{target}} HTTP/1.1\r\n{H}X: {'e' * 8180}\r\n",
    "a header that is too long": f"{{target}} HTTP/1.1\r\n{H}X: {'e' * 40_000}\r\n",
    "a bell in a header": f"{{target}} HTTP/1.1\r\n{H}X: \x07evil\r\n",
    "a null in a header": f"{{target}} HTTP/1.1\r\n{H}X: evil\0\r\n",
    "a line in a header": f"{{target}} HTTP/1.1\r\n{H}X: a\rHost: evil.example\r\n",
    "cookies of Django and others": f"{{target}} HTTP/1.1\r\n{H}Cookie: a=b\r\n"
    f"Cookie: {SESSION_COOKIE}=evil\r\n",
    "a cookie in quotes": f'{{target}} HTTP/1.1\r\n{H}Cookie: "{SESSION_COOKIE}"=evil\r\n',
}

AUTHORITY = [(b":authority", HOST.encode())]
HTTP2_TRICKS = {
    "another host": [*AUTHORITY, (b"host", b"evil.example")],
    "another host first": [(b"host", b"evil.example"), *AUTHORITY],
    "another authority": [(b":authority", b"evil.example"), (b"host", HOST.encode())],
    "two authorities": [*AUTHORITY, (b":authority", b"evil.example")],
    "no authority": [(b"host", HOST.encode())],
    "no host": [],
    "a port": [(b":authority", f"{HOST}:1337".encode())],
    "another scheme": [(b":scheme", b"http"), *AUTHORITY],
    "another path": [(b":path", b"/evil"), *AUTHORITY],
    "a body in chunks": [*AUTHORITY, (b"transfer-encoding", b"chunked")],
    "a length": [*AUTHORITY, (b"content-length", b"4")],
    "lines in a header": [*AUTHORITY, (b"x", b"a\r\nhost: evil.example\r\n")],
    "a colon in a name": [*AUTHORITY, (b"host: evil.example\r\nx", b"a")],
    "capital letters": [*AUTHORITY, (b"Host", b"evil.example")],
    "a cookie in crumbs": [
        *AUTHORITY,
        (b"cookie", b"a=b"),
        (b"cookie", f"{SESSION_COOKIE}=evil".encode()),
    ],
}

# A page of the site written otherwise, or what looks like a file, and is none, of a private page.
PATHS = """
    /about/style.css /about/;x.css /about;x.css /about.css /about/%00 /about/%00.css /about/%0a
    /about/%0a.css /about%0d%0aX-Evil:evil/ /about/%3fx.css /about/%23x.css /about/%253f /about?
    /about/? /about/??a /about/?a=1&a=2 /about/?a=1;a=2 /about/?_method=POST /about/#/../evil
    /about/?a#b /about%2f /%2fabout/ /about%5c /%5cabout/ /./about/ /about/. /about/..
    /evil/../about/ /evil/%2e%2e/about/ /evil/..%2fabout/ //evil.example/about/ ///evil.example
    /%2f/evil.example /static/../about/ /static/%2e%2e/about/ /static/..%2fabout/ /media/../about/
    /favicon.ico/../about/ /%c0%af /%ff /about/%ff /about/?q=%ff /about/?q=a%0d%0aX-Evil:evil
    /blog/?page=evil /blog/?page=-1 /blog/?page=99999999999999999999 /search/?q=evil&type=evil
    /accounts/login/;x.css /accounts/login/x.css /accounts/login%2fx.css /accounts/update/x.css
    /admin/%2e%2e/ /admin/..%2f /admin/;x.css /admin/x.css /admin/login/%2e%2e/x.js
    /admin/jsi18n/x.css
""".split()

# Files of the server that a path might lead to.
FILES = """
    mysite/settings.py mysite/local_settings.py deploy/nginx.conf.template manage.py gunicorn.log
""".split()
CLIMBING = """
    /static/{} /static../{} /static/../{} /static/%2e%2e/{} /static/..%2f{} /static/..;/{}
    /static/css/../../{} /media../{} /media/../{} /media/..%2f{} /media/%2e%2e/current/project/{}
    /favicon.ico/../{} /.well-known/acme-challenge/../../{} //{} /%2e/{}
""".split()


def unseen():
    """Return the address of a page that nobody has asked for yet, the same as /about/."""
    return f"/about/?{next(NUMBERS)}"


@pytest.fixture(scope="module")
def wanted(nginx):
    """What every visitor is to read at /about/."""
    page = nginx.open("/about/")
    assert (page.status, "evil" in page.text) == (200, False)
    return page.text


@pytest.mark.parametrize("name", NAMES)
def test_no_header_leaves_anything_in_the_page_of_the_next(nginx, wanted, name):
    targets = [unseen() for value in VALUES]
    with ThreadPoolExecutor(len(VALUES)) as enemies:
        answers = enemies.map(
            lambda target, value: nginx.open(target, **{name: value}), targets, VALUES
        )
        assert [answer.status for answer in answers if answer.status >= 500] == []
    assert {nginx.open(target).text for target in targets} == {wanted}


def test_whether_it_is_tls_is_what_nginx_has_seen_and_not_what_a_header_says(nginx, wanted):
    for scheme in ("http", "", "evil"):
        answer = nginx.open(unseen(), **{"X-Forwarded-Proto": scheme})
        assert (answer.status, answer.text) == (200, wanted)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_of_http_changes_the_page_of_the_next(nginx, wanted, trick, method):
    target = unseen()
    head, separator, body = TRICKS[trick].format(target=target).partition("\r\n\r\n")
    request = f"{method} {head.rstrip()}\r\nConnection: close\r\n\r\n{body}"
    answer = http1(nginx.port, request.encode("latin-1"))
    assert b"HTTP/1.1 500" not in answer
    assert nginx.open(target).text == wanted
    assert nginx.open(target, Host="evil.example").text != wanted


@pytest.mark.parametrize("method", ["get", "EVIL", "OPTIONS", "PURGE", "PUT", "TRACE", "POST"])
def test_no_other_method_changes_the_page_of_the_next(nginx, wanted, method):
    target = unseen()
    assert nginx.open(target, method=method).status < 500
    assert nginx.open(target).text == wanted


@pytest.mark.parametrize("trick", HTTP2_TRICKS)
def test_no_trick_of_http2_changes_the_page_of_the_next(nginx, wanted, trick):
    target = unseen()
    address = [(b":method", b"GET"), (b":scheme", b"https"), (b":path", target.encode())]
    fields = HTTP2_TRICKS[trick]
    names = {name for name, value in fields if name in (b":scheme", b":path")}
    http2(nginx.port, [pair for pair in address if pair[0] not in names] + fields)
    assert nginx.open(target).text == wanted
    assert http2(nginx.port, address + AUTHORITY).decode() == wanted


@pytest.mark.parametrize("path", PATHS)
def test_no_address_shows_a_private_page_or_changes_another(nginx, wanted, administrator, path):
    editor = nginx.visitor()
    editor.cookies = dict(administrator.cookies)
    assert editor.open(path).status < 500
    stranger = nginx.open(path)
    assert stranger.status < 500
    assert stranger.headers["X-Evil"] is None
    for secret in ("editor", "sessionid", administrator.cookies[CSRF_COOKIE].value):
        assert secret not in stranger.text
    assert "evil.example" not in stranger.headers.get("Location", "").partition("?")[0][:14]
    assert nginx.open("/about/").text == wanted


@pytest.mark.parametrize("path", CLIMBING)
def test_no_address_leads_to_a_file_of_the_project(nginx, live, path):
    for file in FILES:
        inside = (live.path / file).read_text()[:40]
        assert inside not in nginx.open(path.format(file)).text


def test_a_page_is_not_made_anew_for_each_way_to_write_what_a_browser_unpacks(nginx):
    ways = ["gzip", "br, gzip", "gzip;q=0.5", "deflate", "*", "identity", "gzip, evil", "", "GZIP"]
    new_page(nginx, "/about/")
    answers = [nginx.open("/about/", **{"Accept-Encoding": way}) for way in ways]
    assert "MISS" not in [kept(answer) for answer in answers]
