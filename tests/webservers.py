"""Several hosts of one site on this machine: an NGINX each, which has the others as its reserve."""

import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

from servers import unused_port
from webserver import folder_of_nginx, nginx_conf, running_nginx

PUT = """
import sys
from pathlib import Path
from deploy.on_host import peers
from deploy.on_host.site import Site
site = Site("mysite", Path(sys.argv[1]))
for directory in (site.state, site.shared, peers.directory(site)):
    directory.mkdir(exist_ok=True)
peers.make(site)
for path, text in peers.texts(site, ["127.0.0.1"]).items():
    path.write_text(text)
"""


def reserve(live, folder, port, others):
    """Write what the project's own program tells NGINX of the other hosts.

    others are the ports at which their NGINX listens.
    """
    command = [sys.executable, "-c", PUT, folder]
    subprocess.run(command, cwd=live.path, check=True)
    servers = "".join(f"server 127.0.0.1:{each} max_fails=1 fail_timeout=5s;" for each in others)
    path = folder / "state/peers/others.conf"
    text = path.read_text()
    for was, becomes in {
        "server 127.0.0.1:443 max_fails=1 fail_timeout=5s;": servers,
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "listen [::]:443 ssl http2;": "",
        "/run/mysite": f"{folder}/run",
        "/var/log/nginx/": f"{folder}/",
    }.items():
        text = text.replace(was, becomes)
    path.write_text(text)


def configure(live, folder, ports, others, proxies=()):
    """Write the configuration of one of several hosts."""
    reserve(live, folder, ports[1], others)
    hosts = len(others) + 1
    site = nginx_conf(live, folder, ports, proxies, hosts=hosts)
    passing = (live.path / "deploy/peers.conf.template").read_text("utf-8") % {
        "project_name": "mysite",
        "gunicorn_port": live.port,
        "root": folder,
        "hosts_to_try": hosts - 2,
    }
    passing = passing.replace("/run/mysite", f"{folder}/run").replace("/var/log/nginx", f"{folder}")
    (folder / "peers.conf").write_text(passing)
    site = site.replace("/etc/nginx/mysite-peers.conf", f"{folder}/peers.conf")
    (folder / "site.conf").write_text(site)


@contextmanager
def running_hosts(lives, tmp_path_factory, proxies=(), silent=(), apart=False):
    """Run an NGINX before each of the live ones; yield them as the fixture nginx is, and .live.

    silent are the ports of further hosts, which do not answer; apart: each has a certificate of its
    own.
    """
    ports = [(unused_port(), unused_port()) for _ in lives]
    with ExitStack() as stack:
        hosts, first = [], None
        for live, own in zip(lives, ports, strict=True):
            folder = folder_of_nginx(live, tmp_path_factory)
            others = [*silent, *(each[1] for each in ports if each != own)]
            configure(live, folder, own, others, proxies)
            pair = folder / "shared/peer.pem"
            first = first or pair
            if first != pair and not apart:
                shutil.copy(first, pair)
            hosts.append((live, folder, own))
        found = []
        for live, folder, own in hosts:
            nginx = stack.enter_context(running_nginx(folder, own))
            found.append(SimpleNamespace(live=live, pair=first, **vars(nginx)))
        yield found
