"""What NGINX tells browsers with each answer, whoever gives it: about safety, and about uploads."""

import re
import shutil
from base64 import b64encode
from hashlib import sha256

import pytest
from raw_http import http1
from servers import HOST, wait_until
from webserver import kept, new_page

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SCRIPTS = "<script>document.title = 'evil'</script>"
UPLOADS = {
    "picture.png": "image/png",
    "film.mp4": "video/mp4",
    "paper.pdf": "application/pdf",
    "font.woff2": "font/woff2",
}
DANGEROUS = """
    page.html page.HTM page.xhtml page.shtml drawing.svg drawing.SVG drawing.svgz script.js
    script.mjs style.css data.xml data.json feed.rss applet.swf picture.png.html nothing .htaccess
    page.html. x.php
    page.html%00.png
""".split()


@pytest.fixture(scope="module")
def media(nginx):
    """The folder of uploads, with those of the sites 1 and 2."""
    root = nginx.folder / "shared/media"
    for folder in ("", "uploads/site-1", "uploads/site-2"):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name in [*UPLOADS, *DANGEROUS]:
            (root / folder / name.partition("%")[0]).write_text(SCRIPTS)
    return root


PLACES = {
    "a page": (200, "/about/"),
    "a private page": (200, "/accounts/login/"),
    "the admin": (200, "/admin/login/"),
    "a form": (200, "/contact/"),
    "a page that is not there": (404, "/nowhere/"),
    "a redirect of Django": (302, "/admin/"),
    "another": (301, "/about"),
    "robots.txt": (200, "/robots.txt"),
    "a static file": (200, "/static/css/theme.css"),
    "a static file that is not there": (404, "/static/none.js"),
    "an upload": (200, "/media/picture.png"),
    "an upload that is not there": (404, "/media/none.png"),
    "an upload of another site": (403, "/media/uploads/site-2/picture.png"),
    "what only the server may ask": (404, "/healthz/names"),
    "what only NGINX may ask": (404, "/.nginx/may-send"),
    "a challenge of a CA": (404, "/.well-known/acme-challenge/none"),
}


@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("place", PLACES)
def test_every_answer_says_each_thing_about_safety_once(nginx, place):
    status, path = PLACES[place]
    answer = nginx.open(path)
    assert answer.status == status
    for name, value in FIXED.items():
        assert answer.headers.get_all(name) == [value]
    is_media = path.startswith("/media/")
    resource = answer.headers.get_all("Cross-Origin-Resource-Policy")
    assert resource == ["cross-origin" if is_media else "same-origin"]
    (policy,) = answer.headers.get_all("Content-Security-Policy")
    assert "frame-ancestors '" in policy
    assert len(answer.headers.get_all("X-Frame-Options")) == 1
    assert len(answer.headers.get_all("X-Request-ID")) == 1
    assert len(answer.headers.get_all("Cache-Control", [])) <= 1


@pytest.fixture
def trusted(nginx, live):
    """Browsers trust the certificate of the site, as far as NGINX and Django know."""
    folders = [path / "certificates/trusted" for path in (nginx.folder, live.path)]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / HOST).write_text("3600")
    yield
    for folder in folders:
        shutil.rmtree(folder.parent)


def told_to_insist(answer):
    return answer.headers.get_all("Strict-Transport-Security", [])


@pytest.mark.usefixtures("media", "trusted")
@pytest.mark.parametrize("place", PLACES)
def test_every_answer_keeps_browsers_to_https_where_they_trust_the_name(nginx, place):
    assert told_to_insist(nginx.open(PLACES[place][1])) == ["max-age=3600"]


@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("place", PLACES)
def test_no_answer_does_so_where_they_do_not(nginx, place):
    path = PLACES[place][1]
    wait_until(lambda: told_to_insist(nginx.open(path)) == [])  # of a moment ago, it is kept


@pytest.mark.usefixtures("trusted")
def test_nothing_is_said_of_it_in_the_clear(nginx):
    assert told_to_insist(nginx.http.open("/static/none.js")) == []


def test_so_do_redirects_to_https_and_what_nginx_refuses(nginx):
    redirect = nginx.http.open("/about/", **{"X-Forwarded-Proto": "http"})
    assert redirect.status == 307
    too_large = nginx.open("/about/", method="POST", **{"Content-Length": "99000000"})
    assert too_large.status == 413
    for answer in (redirect, too_large):
        assert FIXED.items() <= dict(answer.headers).items()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    refused = http1(nginx.port, f"GET /%00 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()).decode()
    assert refused.startswith("HTTP/1.1 400 ")
    assert all(f"{name}: {value}\r\n" in refused for name, value in FIXED.items())


@pytest.mark.parametrize(
    "path", ["/", "/about/", "/blog/", "/contact/", "/nowhere/", "/search/?q=x"]
)
def test_no_script_in_a_public_page_runs(nginx, path):
    answer = nginx.open(path)
    policy = dict(
        part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == policy["base-uri"] == "'none'"
    assert "unsafe-eval" not in str(policy)
    assert re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*ld\+json)|\son\w+=|<style", answer.text) == []


def test_a_page_from_memory_says_the_same(nginx):
    first = new_page(nginx, "/about/")
    second = nginx.open("/about/")
    assert kept(second) == "HIT"
    for name in (*FIXED, "Content-Security-Policy", "Cross-Origin-Resource-Policy"):
        assert second.headers[name] == first.headers[name]


def test_the_policy_of_errors_has_the_digest_of_their_style(nginx):
    answer = nginx.open("/static/none.css")
    assert answer.headers["Content-Type"] == "text/html"
    digest = sha256(re.search("<style>(.*?)</style>", nginx.open("/healthz/").text)[1].encode())
    expected = f"'sha256-{b64encode(digest.digest()).decode()}'"
    assert expected in nginx.open("/healthz/").headers["Content-Security-Policy"]


@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("name", DANGEROUS)
def test_an_upload_that_could_run_is_saved_and_no_script_or_style_of_a_page(nginx, name):
    answer = nginx.open(f"/media/uploads/site-1/{name}")
    if answer.status != 200:
        return  # NGINX does not know such a name at all
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] in ("application/octet-stream", "image/svg+xml")


@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("name", UPLOADS)
def test_other_uploads_are_shown_as_what_their_names_say(nginx, name):
    answer = nginx.open(f"/media/uploads/site-1/{name}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, UPLOADS[name])
    assert answer.headers["Content-Disposition"] is None
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/accounts/login/?next=/x", "/admin/login/", "/accounts/signup/"])
def test_a_page_that_holds_a_secret_is_not_compressed(nginx, path):
    """Else its length tells how much of the secret is in the request (BREACH)."""
    for coding in ("gzip", "br", "deflate, gzip;q=1.0, *;q=0.5"):
        answer = nginx.open(path, **{"Accept-Encoding": coding})
        assert "csrfmiddlewaretoken" in answer.text
        assert answer.headers["Content-Encoding"] is None
