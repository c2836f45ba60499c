"""Uploads in object storage, as NGINX asks for them: a server of S3, and one that misbehaves."""

import json
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from object_store import KEYS, ObjectStore
from servers import Visitor, running, unused_port, wait_until
from support import Baker, program
from webserver import AROUND, nginx_conf

NAMES = [
    *["lake.jpg", "summer 2026/Täg.jpg", "a#b.jpg", "a%2Fb.jpg", "a+b.jpg", "é=&;,@:$!'()*~.jpg"],
    *["ä" * 120 + ".jpg", "[x]{y}?.jpg", '"<quoted>".jpg', "empty.jpg"],
]
# What a bucket may say beside a file.
SAID = {
    "Strict-Transport-Security": "max-age=99999999; includeSubDomains",
    "Content-Security-Policy": "block-all-mixed-content",
    "X-Xss-Protection": "1; mode=block",
    "X-Content-Type-Options": "",
    "Cache-Control": "public, max-age=99999999, immutable",
    "Set-Cookie": "bucket=1",
    "X-Amz-Request-Id": "1",
    "x-amz-meta-mtime": "1",
    "Access-Control-Allow-Origin": "*",
    "Content-Disposition": "inline",
    "Content-Type": "text/html",
}


class Bucket:
    """What stands for a bucket that does as a test wants: .status, .wait in seconds, .asked."""

    def __init__(self):
        self.status, self.wait, self.asked = 200, threading.Event(), []
        self.wait.set()
        bucket = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                bucket.asked.append((self.path, dict(self.headers)))
                bucket.wait.wait(20)
                self.send_response(bucket.status)
                for name, value in SAID.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"bytes")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def nginx(template, tmp_path_factory):
    """A running NGINX: .get(name) asks for an upload, .use(endpoint) says where they are."""
    command, folder = program("nginx", "nginx"), tmp_path_factory.mktemp("nginx")
    for name in ("run", "current", "state"):
        (folder / name).mkdir()
    key, crt = folder / "mysite.key", folder / "mysite.crt"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x"]
    openssl = [program("openssl", "openssl"), *words, "-keyout", key, "-out", crt]
    subprocess.run(openssl, check=True, capture_output=True)
    (folder / "mysite.pem").write_text(key.read_text() + crt.read_text())
    path = Baker(template, tmp_path_factory.mktemp("project")).bake()
    live = SimpleNamespace(path=path, port=unused_port())
    ports = unused_port(), unused_port()
    values = {"project_name": "mysite", "root": folder, "resolvers": "127.0.0.1:1"}
    site = nginx_conf(live, folder, ports, in_bucket=True)
    site = site.replace("/etc/nginx/mysite-uploads", f"{folder}/mysite-uploads")
    for kind in ("js", "conf"):
        text = (path / f"deploy/uploads.{kind}.template").read_text("utf-8") % values
        text = text.replace("resolver_timeout 3s", "resolver_timeout 1s")
        (folder / f"mysite-uploads.{kind}").write_text(text.replace("/run/mysite", f"{folder}/run"))
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    visitor = Visitor(ports[1], ssl._create_unverified_context())

    def use(endpoint):
        keys = {"id": KEYS["AWS_ACCESS_KEY_ID"], "secret": KEYS["AWS_SECRET_ACCESS_KEY"]}
        place = {"bucket": "garden", "endpoint": endpoint, "region": "eu-central-1"} | keys
        (folder / "state/uploads.json").write_text(json.dumps(place))

    use("http://127.0.0.1:1")
    get = SimpleNamespace(
        get=lambda name, **options: visitor.open(f"/media/{name}", **options), use=use
    )
    with running(
        [command, "-c", folder / "nginx.conf"], lambda: visitor.open("/healthz/"), folder / "log"
    ):
        yield get


@pytest.fixture
def bucket(nginx):
    bucket = Bucket()
    nginx.use(bucket.endpoint)
    yield bucket
    bucket.wait.set()
    bucket.server.shutdown()
    bucket.server.server_close()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = ObjectStore(tmp_path_factory.mktemp("store"), port=unused_port())
    for name in NAMES:
        path = store.folder / "media" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if name.startswith("empty") else name)
    (store.folder / "private").mkdir()
    (store.folder / "private/letter.txt").write_text("secret")
    store.start()
    yield store
    store.stop()


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_whatever_an_upload_is_called_it_is_shown(nginx, store, name):
    nginx.use(store.endpoint)
    answer = nginx.get(quote(name))
    assert answer.status == 200
    assert answer.text == ("" if name.startswith("empty") else name)


@pytest.mark.parametrize(
    "way", ["../", "%2e%2e/", "..%2f", "x/..%2f../", "%2e%2e%2f", "..%5c", "./../"]
)
def test_no_way_leads_to_what_is_private(nginx, store, way):
    nginx.use(store.endpoint)
    answer = nginx.get(f"{way}private/letter.txt")
    assert answer.status >= 300
    assert "secret" not in answer.text


def test_what_a_bucket_says_of_safety_and_of_keeping_is_not_passed_on(nginx, bucket):
    answer = nginx.get("said.jpg")
    assert (answer.status, answer.text) == (200, "bytes")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert headers["content-type"] == "image/jpeg"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age" not in headers.get("cache-control", "")
    names = {"strict-transport-security", "x-xss-protection", "set-cookie", "content-disposition"}
    names |= {"access-control-allow-origin"} | {name for name in headers if "amz" in name}
    assert names & headers.keys() == set()


def test_the_bucket_learns_nothing_of_the_visitor(nginx, bucket):
    nginx.get("who.jpg", Cookie="sessionid=1", Referer="https://x/", **{"X-Amz-Date": "x"})
    path, headers = bucket.asked[-1]
    assert path == "/garden/media/who.jpg"
    assert {name.lower() for name in headers} <= {
        *("host", "authorization", "x-amz-date", "x-amz-content-sha256", "connection"),
        "content-length",
        *("if-modified-since", "if-none-match"),
    }


@pytest.mark.parametrize("status", [403, 500, 503])
def test_while_the_bucket_refuses_what_is_kept_is_shown(nginx, bucket, status):
    name = f"kept-{status}.jpg"
    assert nginx.get(name).status == 200
    bucket.status = status
    asked = len(bucket.asked)
    wait_until(lambda: nginx.get(name).status != 200 or len(bucket.asked) > asked)
    assert (nginx.get(name).status, nginx.get(name).text) == (200, "bytes")
    answer = nginx.get(f"new-{status}.jpg")
    assert answer.status == status
    assert "bytes" not in answer.text


def test_what_is_gone_from_the_bucket_is_gone(nginx, bucket):
    assert nginx.get("gone.jpg").status == 200
    bucket.status = 404
    wait_until(lambda: nginx.get("gone.jpg").status == 404)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_while_the_bucket_is_not_found_at_all_what_is_kept_is_shown(nginx, bucket, endpoint):
    assert nginx.get("far.jpg").status == 200
    nginx.use(endpoint)
    wait_until(lambda: is_stale(nginx.get("far.jpg")))
    assert nginx.get("far.jpg").text == "bytes"
    answer = nginx.get("further.jpg")
    assert answer.status == 502
    assert "Back soon" in answer.text


def is_stale(answer):
    assert answer.status == 200
    return answer.headers["Kept"] == "STALE"
