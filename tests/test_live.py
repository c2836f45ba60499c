"""A project under its live settings, on the real PostgreSQL, memcached and gunicorn."""

import glob
import http.client
import itertools
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from support import program, unavailable

HOST = "www.example.com"
DB_PASS = r"""a'b"c $HOME \ é中 %(x)s {{y}}"""


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_until(condition, limit=30):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"waited {limit} seconds in vain"
        time.sleep(0.05)


@contextmanager
def running(command, ask, log, **options):
    """Run a server from the moment that ask() no longer fails to the end of the block."""

    def answers():
        assert server.poll() is None, f"{command} ended by itself:\n{log.read_text()}"
        try:
            ask()
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    with log.open("a") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **options)
    try:
        wait_until(answers)
        yield
    finally:
        server.terminate()
        try:
            server.wait(30)
        finally:
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def database():
    """A PostgreSQL with the project's role and database: .port, and .sql() as its superuser."""
    where = os.pathsep.join([*glob.glob("/usr/lib/postgresql/*/bin"), os.environ["PATH"]])
    names = ("initdb", "postgres", "pg_isready", "psql")
    initdb, postgres, pg_isready, psql = (shutil.which(name, path=where) for name in names)
    if not (initdb and postgres and pg_isready and psql):
        unavailable("PostgreSQL is not installed: apt-get install postgresql")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    # Not below pytest's own directory, which only its owner may enter.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as directory:
        user = os.geteuid() or "nobody"  # it refuses to run as root
        shutil.chown(directory, user)
        port, data = unused_port(), f"{directory}/data"
        options = {"cwd": directory, "env": environment, "user": user}
        here = ["-h", directory, "-p", str(port)]

        def sql(statement, name="mysite", **variables):
            values = [f"--set={key}={value}" for key, value in variables.items()]
            command = [psql, "-XAtq", "--set=ON_ERROR_STOP=1", *here, *values, name]
            return subprocess.check_output(command, input=statement, text=True, **options).strip()

        cluster = ["--no-locale", "-EUTF8", "-N", "--auth-local=peer", "--auth-host=scram-sha-256"]
        subprocess.run([initdb, *cluster, data], stdout=subprocess.DEVNULL, check=True, **options)
        server = [postgres, "-D", data, "-k", directory, "-p", str(port), "-F"]
        ask = partial(subprocess.run, [pg_isready, "-q", *here], check=True)
        with running(server, ask, Path(directory, "log"), **options):
            sql("CREATE ROLE mysite LOGIN PASSWORD :'password'", "postgres", password=DB_PASS)
            sql("CREATE DATABASE mysite OWNER mysite", "postgres")
            yield SimpleNamespace(port=port, sql=sql)


@pytest.fixture(scope="module")
def memcached(tmp_path_factory):
    """A memcached: .port, .start(), .stop(), and .stored(), how much it was ever given to keep."""
    port, log = unused_port(), tmp_path_factory.mktemp("memcached") / "log"
    command = [program("memcached", "memcached"), "-l127.0.0.1", f"-p{port}", "-unobody"]

    def stored():
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"stats\r\nquit\r\n")
            return int(re.search(r"STAT total_items (\d+)", client.makefile().read())[1])

    run = partial(running, command, stored, log)
    with ExitStack() as server:
        server.enter_context(run())
        controls = {"start": lambda: server.enter_context(run()), "stop": server.close}
        yield SimpleNamespace(port=port, stored=stored, **controls)


class Visitor:
    """Someone with a browser, which keeps cookies, behind the proxy that ends TLS."""

    def __init__(self, port):
        self.port, self.cookies = port, {}

    def open(self, path, fields=(), **headers):
        """Ask for a page, or send it a form, and return the answer, with its .text."""
        cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())
        about = {"Host": HOST, "X-Forwarded-Proto": "https", "Cookie": cookies, **headers}
        if fields:
            about |= {"Content-Type": "application/x-www-form-urlencoded"}
            about |= {"Referer": f"https://{HOST}/", "X-CSRFToken": self.cookies["csrftoken"].value}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST" if fields else "GET", path, urlencode(fields), about)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= SimpleCookie(cookie)
        return answer

    def log_in(self):
        self.open("/admin/login/")
        return self.open("/admin/login/", {"username": "editor", "password": DB_PASS})


def render_live_settings(path, database, memcached):
    template = Path(path, "deploy", "local_settings.py.template").read_text(encoding="utf-8")
    answers = {
        "root": str(path),
        "live_hostname": HOST,
        "project_name": "mysite",
        "project_app": "mysite",
    }
    answers |= {name: secrets.token_urlsafe(50) for name in ("secret_key", "nevercache_key")}
    settings = template % (answers | {"db_pass": DB_PASS})
    # The ports of a server, which others may use on this machine.
    settings += f'DATABASES["default"]["PORT"] = {database.port}\n'
    settings += f'CACHES["default"]["LOCATION"] = "127.0.0.1:{memcached.port}"\n'
    Path(path, "mysite", "local_settings.py").write_text(settings, encoding="utf-8")


@pytest.fixture(scope="module")
def live(project, database, memcached, tmp_path_factory):
    """The running site: .path, .port, .manage(), and .log(), what gunicorn said."""
    path = tmp_path_factory.mktemp("live") / "mysite"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".git"))
    render_live_settings(path, database, memcached)
    every_warning = "always::DeprecationWarning,always::PendingDeprecationWarning"
    environment = os.environ | {"PYTHONWARNINGS": every_warning}

    def manage(*arguments, **variables):
        command, env = [project.python, "manage.py", *arguments], environment | variables
        run = subprocess.run(command, cwd=path, env=env, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr
        return run

    manage("createdb", "--noinput", "--nodata")
    manage("collectstatic", "--noinput")
    port, log = unused_port(), path / "gunicorn.log"
    gunicorn = [project.python, "-m", "gunicorn", "mysite.wsgi", f"--bind=127.0.0.1:{port}"]
    gunicorn += ["--workers=2", "--threads=4", "--no-control-socket"]
    ask = partial(Visitor(port).open, "/robots.txt")
    with running(gunicorn, ask, log, cwd=path, env=environment):
        yield SimpleNamespace(
            path=path, python=project.python, port=port, manage=manage, log=log.read_text
        )


@pytest.fixture
def visitor(live):
    return Visitor(live.port)


@pytest.fixture(scope="module")
def administrator(live):
    """A visitor who has logged in."""
    account = ["--noinput", "--username=editor", "--email=editor@example.com"]
    live.manage("createsuperuser", *account, DJANGO_SUPERUSER_PASSWORD=DB_PASS)
    visitor = Visitor(live.port)
    assert visitor.log_in().status == 302
    return visitor


def test_djangos_checks_for_a_live_site_find_nothing(live):
    run = live.manage("check", "--deploy", "--fail-level=WARNING")
    assert run.stdout.startswith("System check identified no issues")


def test_no_migration_is_waiting_or_missing(live):
    live.manage("migrate", "--check")
    live.manage("makemigrations", "--check", "multisite", "theme", "feeds")


def test_createdb_run_again_changes_nothing(live):
    before = live.manage("dumpdata", "--all").stdout
    live.manage("createdb", "--noinput", "--nodata")
    assert live.manage("dumpdata", "--all").stdout == before


def test_the_home_page_has_the_title_of_the_site(visitor):
    assert re.search(r"<title>[^<]*Mysite[^<]*</title>", visitor.open("/").text)


def test_browsers_are_sent_to_https_and_told_to_keep_to_it(visitor):
    answer = visitor.open("/blog/?page=2", **{"X-Forwarded-Proto": "http"})
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/blog/?page=2")
    assert visitor.open("/").headers["Strict-Transport-Security"].startswith("max-age=")


def test_another_host_name_is_refused(visitor):
    assert visitor.open("/", Host="evil.example.net").status == 404


@pytest.mark.parametrize("page", ["/", "/blog/", "/admin/login/"])
def test_static_files_are_linked_under_hashed_names_and_exist(live, visitor, page):
    links = re.findall(r"""(?:href|src)=["']/static/([^"'?#]+)""", visitor.open(page).text)
    assert links
    assert [link for link in links if not re.search(r"\.[0-9a-f]{12}\.", link)] == []
    assert [link for link in links if not Path(live.path, "static", link).is_file()] == []


def test_cookies_are_only_sent_over_https(administrator):
    secure = {name: cookie["secure"] for name, cookie in administrator.cookies.items()}
    assert secure == {"csrftoken": True, "sessionid": True}


def test_robots_and_search_engines_are_given_addresses_of_the_live_site(visitor):
    assert f"Sitemap: https://{HOST}/sitemap.xml\n" in visitor.open("/robots.txt").text
    locations = re.findall(r"<loc>(.*?)</loc>", visitor.open("/sitemap.xml").text)
    assert {url.partition(HOST)[0] for url in locations} == {"https://"}


def test_an_edited_page_is_seen_at_once(administrator, database, visitor):
    edit = {"app": "pages", "model": "richtextpage", "fields": "title", "title": "Zuhause, 家"}
    home = database.sql("SELECT id FROM pages_page WHERE slug = '/'")
    answer = administrator.open("/edit/", {**edit, "id": home})
    assert (answer.status, answer.text) == (200, "")
    assert "Zuhause, 家" in visitor.open("/").text


def test_connections_to_postgresql_are_kept_and_replaced_when_it_restarts(visitor, database):
    assert visitor.open("/").status == 200
    kept = "SELECT count(*) > 0 FROM pg_stat_activity WHERE usename = 'mysite' AND state = 'idle'"
    wait_until(lambda: database.sql(kept) == "t")
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mysite'")
    assert [visitor.open("/").status for _ in range(16)] == [200] * 16


def test_many_visitors_are_served_at_the_same_time(live):
    pages = ["/", "/blog/", "/admin/login/", "/sitemap.xml"] * 8
    with ThreadPoolExecutor(16) as visitors:
        answers = list(visitors.map(lambda page: Visitor(live.port).open(page), pages))
    assert [answer.status for answer in answers] == [200] * 32


def test_nobody_notices_that_memcached_is_away(visitor, administrator, database, memcached):
    kept = "SELECT count(*) FROM django_session WHERE session_key = :'key'"
    assert database.sql(kept, key=administrator.cookies["sessionid"].value) == "1"
    assert memcached.stored() > 0
    memcached.stop()
    try:
        assert visitor.open("/").status == 200
        assert visitor.log_in().status == 302
        assert visitor.open("/admin/logout/", {"log": "out"}).status == 200
        assert administrator.open("/admin/").status == 200  # 302 when not logged in
    finally:
        memcached.start()

    def is_used_again():
        assert administrator.open("/admin/").status == 200
        return memcached.stored() > 0

    wait_until(is_used_again)


def seen_at(port, host):
    """Return the statuses of many answers, so of each worker, for a host: a set."""
    return {Visitor(port).open("/sitemap.xml", Host=host).status for _ in range(24)}


def test_sites_come_change_and_go_under_load_without_a_restart_or_an_error(live):
    paths = ["/", "/sitemap.xml", "/blog/feeds/rss/", "/robots.txt"]
    hosts = [HOST, "two.example", "three.example", "zwei.example", "four.example"]
    done, statuses = Event(), Counter()

    def visit(number):
        while not done.is_set():
            for path, host in itertools.product(paths, hosts):
                statuses[Visitor(live.port).open(path, Host=host).status] += 1

    rename = (
        "from django.contrib.sites.models import Site as S; s = S.objects.get(domain='two.example')"
    )
    with ThreadPoolExecutor(4) as visitors:
        visits = [visitors.submit(visit, number) for number in range(4)]
        try:
            live.manage("addsite", "two.example", "--alias", "zwei.example")
            wait_until(lambda: seen_at(live.port, "two.example") == {200})
            wait_until(lambda: seen_at(live.port, "zwei.example") == {301})
            live.manage("shell", "-c", f"{rename}; s.domain = 'three.example'; s.save()")
            wait_until(lambda: seen_at(live.port, "three.example") == {200})
            wait_until(lambda: seen_at(live.port, "two.example") == {404})
            live.manage("removesite", "three.example")
            wait_until(lambda: seen_at(live.port, "three.example") == {404})
        finally:
            done.set()
        assert [visit.result() for visit in visits] == [None] * 4
    assert statuses.keys() == {200, 301, 404}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        *[
            ({"Host": f"{HOST}:80"}, 200),
            ({"Host": f"{HOST}."}, 200),
            ({"Host": HOST.upper()}, 200),
        ],
        *[({"Host": "evil.example"}, 404), ({"Host": f"{HOST}.evil.example"}, 404)],
        *[({"Host": "127.0.0.1"}, 404), ({"Host": "xn--tda.example"}, 404)],
        *[({"Host": "a b"}, 400), ({"Host": f"{HOST}/"}, 400), ({"Host": "ü.example"}, 400)],
        ({"Host": "evil.example", "X-Forwarded-Host": HOST}, 404),
        ({"X-Forwarded-Host": "evil.example"}, 200),
    ],
)
def test_a_forged_host_is_shown_no_site(visitor, headers, status):
    headers = {name: value.encode() for name, value in headers.items()}
    assert visitor.open("/", **headers).status == status


def test_no_code_of_the_project_is_deprecated(live, administrator):
    for page in ("/", "/blog/", "/search/?q=home", "/admin/", "/admin/pages/page/"):
        assert administrator.open(page).status == 200
    own_code = re.compile(rf"{re.escape(str(live.path))}/.*Warning: .*")
    assert own_code.findall(live.manage("check").stderr + live.log()) == []


def test_neither_django_nor_gunicorn_had_an_error(live):
    errors = re.compile(r"Internal Server Error.*|\[(?:ERROR|CRITICAL|WARNING)\].*")
    assert errors.findall(live.log()) == []


def test_errors_are_written_where_they_can_be_read(live):
    code = "import logging; logging.getLogger('django.request').error('seen')"
    assert "seen" in live.manage("shell", "-c", code).stderr
