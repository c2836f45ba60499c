"""The fixture of NGINX, as the project configures it, in front of a live project."""

import glob
import ssl
import subprocess
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

import pytest
from servers import HOST, Visitor, running, unused_port, wait_until
from support import program, unavailable

AROUND = """
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
include /etc/nginx/modules-enabled/*.conf;
events {{ worker_connections 4096; }}
http {{
    include /etc/nginx/mime.types;
    include {folder}/site.conf;
}}
"""

KEPT = "add_header Kept $upstream_cache_status always;"

CONTENT = """
from mezzanine.forms.models import Field, Form
from mezzanine.pages.models import RichTextPage
RichTextPage.objects.create(title="About", content="<p>About us</p>")
contact = Form.objects.create(title="Contact")
Field.objects.create(form=contact, label="Message", field_type=1)
"""


def nginx_conf(live, folder, ports, proxies=(), in_bucket=False, hosts=1):
    """Return the project's own configuration, with the ports and the paths of the test."""
    uploads = ["", "# in object storage: "]
    of_hosts = ["# with other HOSTS: ", ""]
    template = (live.path / "deploy/nginx.conf.template").read_text("utf-8")
    site = template % {
        "project_name": "mysite",
        "gunicorn_port": live.port,
        "live_hostname": HOST,
        "server_name": HOST,
        "root": folder,
        "default_server": "",
        "ipv6": "",
        "environment": "production",
        "uploads_here": uploads[in_bucket],
        "uploads_there": uploads[not in_bucket],
        "of_one": of_hosts[hosts == 1],
        "of_several": of_hosts[hosts > 1],
        "proxies_known": "".join(f"    {proxy} 1;\n" for proxy in proxies),
        "proxies_believed": "".join(f"    set_real_ip_from {proxy};\n" for proxy in proxies),
    }
    script = (live.path / "deploy/certificates.js.template").read_text("utf-8")
    script %= {"project_name": "mysite", "root": folder, "hsts_by_certificate": "true"}
    (folder / "mysite.js").write_text(script.replace("/etc/nginx/ssl/", f"{folder}/"))
    for was, becomes in {
        "listen 80;": f"listen 127.0.0.1:{ports[0]};",
        "listen [::]:80;": "",
        "listen 443 ": f"listen 127.0.0.1:{ports[1]} ",
        "listen [::]:443 ssl http2;": "",
        "/etc/nginx/mysite.js": f"{folder}/mysite.js",
        "listen 127.0.0.2:": "listen 127.0.0.2:",  # on the port of gunicorn, at another address
        "/run/mysite/edits": f"{live.path}/edits",
        "/run/mysite": f"{folder}/run",
        f"{folder}/run-pages": f"{folder}/pages",
        "/var/log/nginx/": f"{folder}/",
        "    add_header X-Request-ID": f"    {KEPT}\n    add_header X-Request-ID",
    }.items():
        assert was in site, was
        site = site.replace(was, becomes)
    return site


@pytest.fixture(scope="module")
def proxies():
    """The networks whose word NGINX takes for who a visitor is."""
    return []


@pytest.fixture(scope="module")
def nginx(live, proxies, tmp_path_factory):
    """The running NGINX: .open(), .visitor(), and .folder with logs and pages."""
    folder = folder_of_nginx(live, tmp_path_factory)
    live.manage("shell", "-c", CONTENT)
    ports = unused_port(), unused_port()
    (folder / "site.conf").write_text(nginx_conf(live, folder, ports, proxies))
    with running_nginx(folder, ports) as nginx:
        yield nginx


def folder_of_nginx(live, tmp_path_factory):
    """Return a folder with all that the configuration looks for, but for itself."""
    folder = tmp_path_factory.mktemp("nginx")
    if not glob.glob("/etc/nginx/modules-enabled/*brotli-static*"):
        unavailable("NGINX lacks brotli: apt-get install libnginx-mod-http-brotli-static")
    if not glob.glob("/etc/nginx/modules-enabled/*http-js*"):
        unavailable("NGINX lacks njs: apt-get install libnginx-mod-http-js")
    (folder / "current").mkdir()
    (folder / "current/project").symlink_to(live.path)
    (folder / "run").mkdir()
    certificate = ["-keyout", folder / "mysite.key", "-out", folder / "mysite.crt"]
    openssl = [program("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes"]
    openssl += ["-subj", f"/CN={HOST}", *certificate]
    subprocess.run(openssl, check=True, capture_output=True)
    pair = [(folder / f"mysite.{kind}").read_text() for kind in ("key", "crt")]
    (folder / "mysite.pem").write_text("".join(pair))
    return folder


@contextmanager
def running_nginx(folder, ports):
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    visitor = partial(Visitor, ports[1], ssl._create_unverified_context())
    with running(
        [program("nginx", "nginx"), "-c", folder / "nginx.conf"],
        lambda: visitor().open("/robots.txt"),
        folder / "out.log",
    ):
        yield SimpleNamespace(
            open=lambda *path, **options: visitor().open(*path, **options),
            visitor=visitor,
            port=ports[1],
            folder=folder,
            http=Visitor(ports[0]),
        )


def kept(answer):
    """Return what NGINX says of how it came to the answer: HIT, MISS, EXPIRED, STALE and so on."""
    return answer.headers["Kept"]


def new_page(nginx, path="/"):
    """Wait until a second is over and this page is made anew; return it."""
    answers = []

    def is_new():
        answers.append(nginx.open(path))
        return kept(answers[-1]) in ("MISS", "EXPIRED")

    wait_until(is_new)
    return answers[-1]
