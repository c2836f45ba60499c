"""How fast pages come, beside a static file, stock Mezzanine and Wagtail: nox -s bench.

All of them run here, in one run, on the same PostgreSQL, NGINX and gunicorn, one after the other.
The figures are written to docs/speed.md.
"""

import datetime
import gzip
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from servers import DB_PASS, HOST, Visitor, gunicorn, running, unused_port, wait_until
from support import TEMPLATE, program
from webserver import AROUND

SECONDS = os.environ.get("BENCH_SECONDS", "4")
VISITORS = "16"
PAGE = "/about/"

PLAIN = """
server {{
    listen 127.0.0.1:{plain};
    location / {{
        proxy_pass http://127.0.0.1:{gunicorn};
        proxy_set_header Host {host};
        proxy_set_header X-Forwarded-Proto https;
    }}
}}
"""

STOCK = """
DEBUG = False
SECRET_KEY = NEVERCACHE_KEY = "a key for nothing but these figures"
ALLOWED_HOSTS = ["*"]
DATABASES = {{"default": {{
    "ENGINE": "django.db.backends.postgresql", "NAME": "{name}", "USER": "mysite",
    "PASSWORD": {password!r}, "HOST": "127.0.0.1", "PORT": {database},
}}}}
"""

STOCK_CACHE = """
CACHES = {{"default": {{
    "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
    "LOCATION": "127.0.0.1:{memcached}",
}}}}
"""

STOCK_CONTENT = """
from mezzanine.pages.models import RichTextPage
RichTextPage.objects.create(title="About", content="<p>About us</p>")
RichTextPage.objects.create(title="Contact")
RichTextPage.objects.create(title="Home", slug="/")
"""


def requests_per_second(url, **headers):
    """Return what wrk counts, an int; every answer has to be a 200."""
    options = [f"-H{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    command = [program("wrk", "wrk"), "-t1", f"-c{VISITORS}", f"-d{SECONDS}s", *options, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    return int(float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]))


def worker_memory(port):
    """Return the RSS in MB of the largest process that listens at the port."""
    users = subprocess.run(
        ["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True, check=True
    ).stdout
    status = [
        Path(f"/proc/{pid}/status").read_text() for pid in set(re.findall(r"pid=(\d+)", users))
    ]
    return max(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) for text in status) // 1024


@contextmanager
def plainly(folder, port):
    """NGINX in front of a gunicorn, keeping nothing; yields the port."""
    plain = unused_port()
    (folder / "site.conf").write_text(PLAIN.format(plain=plain, gunicorn=port, host=HOST))
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    command = [program("nginx", "nginx"), "-c", folder / "nginx.conf"]
    with running(command, partial(Visitor(plain).open, "/"), folder / "out.log"):
        yield plain


def environment(folder, *packages):
    """Make a virtual environment with these packages; return its Python, a Path."""
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin/python"
    install = [*uv, "pip", "install", "--quiet", "--python", python, "psycopg[binary]", "gunicorn"]
    subprocess.run([*install, *packages], check=True)
    return python


def served(python, package, path, folder, page, **headers):
    """Run a rival's gunicorn; return its requests per second, and MB at rest and under load."""
    port = unused_port()
    command = gunicorn(python, package, port)
    with running(command, partial(Visitor(port).open, page), folder / "log", cwd=path):
        with plainly(folder, port) as plain:
            rest = worker_memory(port)
            rate = requests_per_second(f"http://127.0.0.1:{plain}{page}", **headers)
            return rate, rest, worker_memory(port)


def stock_mezzanine(folder, database, memcached):
    """Measure `mezzanine-project`, with its page cache and without."""
    packages = ["mezzanine==6.1.1", "pymemcache", "setuptools<80"]
    python = environment(folder / "environment", *packages)
    subprocess.run([python.parent / "mezzanine-project", "stock"], cwd=folder, check=True)
    path = folder / "stock"
    database.sql("CREATE DATABASE stock OWNER mysite", "postgres")
    settings = STOCK.format(name="stock", password=DB_PASS, database=database.port)
    local_settings = path / "stock/local_settings.py"
    local_settings.write_text(
        settings + 'CACHES = {"default": {"BACKEND": '
        '"django.core.cache.backends.dummy.DummyCache"}}\n'
    )
    for arguments in (["createdb", "--noinput", "--nodata"], ["shell", "-c", STOCK_CONTENT]):
        subprocess.run([python, "manage.py", *arguments], cwd=path, check=True, capture_output=True)
    database.sql("ANALYZE", "stock")
    uncached = served(python, "stock", path, folder, PAGE)
    local_settings.write_text(settings + STOCK_CACHE.format(memcached=memcached.port))
    return uncached, served(python, "stock", path, folder, PAGE)


def wagtail(folder, database):
    """Measure the page that `wagtail start` begins with."""
    python = environment(folder / "environment", "wagtail")
    path = folder / "rival"
    path.mkdir()
    subprocess.run([python.parent / "wagtail", "start", "rival", path], check=True)
    database.sql("CREATE DATABASE wagtail OWNER mysite", "postgres")
    settings = STOCK.format(name="wagtail", password=DB_PASS, database=database.port)
    settings = settings.replace("NEVERCACHE_KEY = ", "").replace("DEBUG = False\n", "")
    (path / "rival/settings/local.py").write_text(settings)
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "rival.settings.production"}
    for arguments in (["migrate"], ["collectstatic", "--noinput"]):
        command = [python, "manage.py", *arguments]
        subprocess.run(command, cwd=path, env=env, check=True, capture_output=True)
    database.sql("ANALYZE", "wagtail")
    (path / "rival/wsgi.py").write_text(
        (path / "rival/wsgi.py").read_text().replace("settings.dev", "settings.production")
    )
    return served(python, "rival", path, folder, "/")


def edits(live, nginx, database, administrator):
    """Edit a page 100 times; return after how many seconds each edit was seen, sorted."""
    edit = {"app": "pages", "model": "richtextpage", "fields": "title"}
    page = database.sql("SELECT id FROM pages_page WHERE slug = 'about'")
    seen = []
    for number in range(100):
        title = f"Title {number}."
        nginx.open(PAGE)
        administrator.open("/edit/", {**edit, "id": page, "title": title})
        begin = time.monotonic()
        wait_until(lambda title=title: title in nginx.open(PAGE).text)
        seen.append(time.monotonic() - begin)
    return sorted(seen)


def our_own(live, nginx, administrator, folder):
    """Return a dict of the requests per second of the project by what is asked for."""
    secure, rates = f"https://127.0.0.1:{nginx.port}", {}
    page = nginx.open(PAGE, **{"Accept-Encoding": "gzip"}).body
    static = live.path / "static/page.html"
    static.write_bytes(gzip.decompress(page))
    Path(f"{static}.gz").write_bytes(page)
    asked = {"Host": HOST, "Accept-Encoding": "gzip"}
    cookies = "; ".join(f"{name}={c.value}" for name, c in administrator.cookies.items())
    rates["static file"] = requests_per_second(f"{secure}/static/page.html", **asked)
    rates["page from NGINX"] = requests_per_second(secure + PAGE, **asked)
    with plainly(folder, live.port) as port:
        plain = f"http://127.0.0.1:{port}"
        rates["page from memcached"] = requests_per_second(plain + PAGE, **asked)
        rates["page, uncached"] = requests_per_second(plain + PAGE, Cookie="just-sent=1")
        rates["page, logged in"] = requests_per_second(plain + PAGE, Cookie=cookies)
        rates["list in the admin"] = requests_per_second(
            f"{plain}/admin/auth/user/", Cookie=cookies
        )
    return rates


def machine():
    (model,) = {
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    }
    return f"{os.cpu_count()} cores of {model}, Linux {platform.release()}"


def table(rows):
    """Return the figures as Markdown: pairs of a name and a rate, beside the first two."""
    static = rows["static file"]
    lines = ["| | requests/s | of a static file |", "|---|---:|---:|"]
    return lines + [f"| {name} | {rate:,} | {rate / static:.1%} |" for name, rate in rows.items()]


def test_bench(live, nginx, administrator, database, memcached, project, tmp_path):
    folders = [tmp_path / name for name in ("own", "stock", "wagtail")]
    for folder in folders:
        folder.mkdir()
    load, _, _ = os.getloadavg()
    database.sql("ANALYZE")
    live.stop()
    command = gunicorn(project.python, "mysite", live.port)
    ask = partial(Visitor(live.port).open, PAGE)
    with running(command, ask, folders[0] / "log", cwd=live.path):
        memory = worker_memory(live.port)
        rows = our_own(live, nginx, administrator, folders[0])
        memories = {"this project": (memory, worker_memory(live.port))}
        seen = edits(live, nginx, database, administrator)
    stock, cached = stock_mezzanine(folders[1], database, memcached)
    rows |= {"stock Mezzanine, uncached": stock[0], "stock Mezzanine, its cache": cached[0]}
    memories["stock Mezzanine"] = stock[1:]
    rows["Wagtail's first page"], *memories["Wagtail"] = wagtail(folders[2], database)
    ratios = {
        "page from NGINX / static file": rows["page from NGINX"] / rows["static file"],
        "page from memcached / Mezzanine's cache": rows["page from memcached"] / cached[0],
        "page, uncached / stock Mezzanine": rows["page, uncached"] / stock[0],
        "memory of a worker / stock Mezzanine": memories["this project"][1] / stock[2],
    }
    lines = [
        "# Speed\n\nWritten by `nox -s bench`, and not by hand.\n",
        f"{datetime.date.today()}, {machine()}; load average before: {load:.1f}. Above 0.5, others",
        "were using the machine, and only the order of magnitude counts.\n",
        f"{VISITORS} connections for {SECONDS} s each, made on the same machine; 1 NGINX worker,",
        "2 gunicorn workers of 4 threads; the first two by HTTPS, the others by HTTP.\n",
        *table(rows),
        "\n| | ratio |\n|---|---:|",
        *[f"| {name} | {ratio:.2f} |" for name, ratio in ratios.items()],
        "\n| memory of a worker, MB | at rest | under load |\n|---|---:|---:|",
        *[f"| {name} | {rest} | {load} |" for name, (rest, load) in memories.items()],
        f"\n100 edits were seen by visitors after {statistics.median(seen):.2f} s (median),"
        f" {seen[-1]:.2f} s at the most.",
    ]
    text = "\n".join(lines) + "\n"
    (TEMPLATE / "docs").mkdir(exist_ok=True)
    (TEMPLATE / "docs/speed.md").write_text(text)
    print(f"\n{text}")
