"""One site on two hosts: each with NGINX, gunicorn and memcached; the database in common."""

import shutil
import time
from types import SimpleNamespace

import pytest
from servers import running_gunicorn, running_memcached, wait_until
from test_database_silent import SOON, database, silent, visit  # noqa: F401  (it may fall silent)
from test_nginx_edits import edit_about
from webserver import CONTENT, new_page
from webservers import running_hosts

A_SECOND = 1.2
AN_HOUR = 3600
FORM = "SELECT count(*) FROM forms_fieldentry WHERE value = 'Hello'"


@pytest.fixture(scope="module")
def several_hosts():
    return True


@pytest.fixture(scope="module")
def other(live, memcached, tmp_path_factory):
    """The same release on another host, whose pages end by what is written alone, .memcached."""
    path = tmp_path_factory.mktemp("other") / "mysite"
    shutil.copytree(live.path, path)
    (path / "gunicorn.log").unlink()
    settings = path / "mysite/local_settings.py"
    text = settings.read_text("utf-8")
    with running_memcached(path / "memcached.log") as its_own:
        for was, becomes in {
            str(live.path): str(path),
            f"127.0.0.1:{memcached.port}": f"127.0.0.1:{its_own.port}",
        }.items():
            assert was in text
            text = text.replace(was, becomes)
        settings.write_text(f"{text}PAGE_CACHE_SECONDS = {AN_HOUR}\n", "utf-8")
        with running_gunicorn(live.python, path) as live:
            live.memcached = its_own
            yield live


@pytest.fixture(scope="module")
def hosts(live, other, tmp_path_factory):
    live.manage("shell", "-c", CONTENT)
    with running_hosts([live, other], tmp_path_factory) as found:
        yield SimpleNamespace(one=found[0], two=found[1])


@pytest.fixture
def editor(administrator, hosts):
    """The administrator, with the same browser at each host."""
    browsers = [hosts.one.visitor(), hosts.two.visitor()]
    for browser in browsers:
        browser.cookies = administrator.cookies
    return SimpleNamespace(one=browsers[0], two=browsers[1])


def keep_in_memcached(host):
    """Let the memcached of a host have a page: Django shows that from there, and stores nothing."""

    def is_kept():
        stored = host.live.memcached.stored()
        new_page(host, "/about/")
        return host.live.memcached.stored() == stored

    wait_until(is_kept, 60)


def see(host, words, since):
    """Ask a host for a page until it has these words: no request of a second later lacks them."""
    while True:
        begun = time.monotonic()
        if words in host.open("/about/").text:
            return
        assert begun - since < A_SECOND


def test_an_edit_on_one_host_is_seen_on_another_within_a_second(hosts, editor, database):  # noqa: F811
    for number in range(4):
        keep_in_memcached(hosts.two)
        edit_about(editor.one, database, f"Edited {number}.")
        edited = time.monotonic()
        assert f"Edited {number}." in editor.two.open("/about/").text  # who edits sees it at once
        see(hosts.two, f"Edited {number}.", edited)


def generation(host):
    """Return the generation of the content, as a host knows it."""
    asked = "from page_cache import generation; print(generation.current_with()[0])"
    return host.manage("shell", "-v0", "-c", asked).stdout


def test_what_a_command_writes_is_seen_on_all_hosts(hosts, live, other):
    before = generation(other)
    new_page(hosts.one, "/about/")
    keep_in_memcached(hosts.two)
    edit = "from mezzanine.pages.models import RichTextPage as P; P.objects.filter(slug='about')"
    live.manage("shell", "-c", f"{edit}.update(content='<p>By a command</p>')")
    edited = time.monotonic()
    for host in (hosts.one, hosts.two):
        see(host, "By a command", edited)
    assert before != generation(other) == generation(live)


def test_who_logs_out_on_one_host_is_logged_out_on_the_other(hosts):
    one, two = hosts.one.visitor(), hosts.two.visitor()
    two.cookies = one.cookies
    assert one.log_in().status == 302
    assert [browser.open("/admin/").status for browser in (one, two, one)] == [200] * 3
    session = dict(one.cookies)
    assert one.open("/admin/logout/", {"x": "y"}).status in (200, 302)
    one.cookies |= session
    two.cookies |= session
    assert [browser.open("/admin/").status for browser in (two, one)] == [302, 302]


def test_a_host_without_a_gunicorn_serves_the_site_by_the_other(hosts, live, database):  # noqa: F811
    live.stop()
    try:
        visitor = hosts.one.visitor()
        assert visitor.open("/search/?q=about").status == 200
        assert visitor.log_in().status == 302
        answer = hosts.one.open("/contact/", {"field_1": "Hello"})
        assert answer.status in (200, 302)
        assert database.sql(FORM) == "1"
    finally:
        live.start()


def test_kept_pages_are_shown_at_once_while_the_database_does_not_respond(
    hosts,
    database,  # noqa: F811
    figures,
):
    good, found = new_page(hosts.two).text, []
    with silent(database, hosts.two):
        end = time.monotonic() + 4
        while time.monotonic() < end:
            found.append(visit(hosts.two, "/"))
            time.sleep(0.1)
    assert {(status, text) for status, text, _ in found} == {(200, good)}
    longest = max(waited for *_, waited in found)
    figures(f"longest wait for a kept page of several hosts, no database: {longest:.2f} s")
    assert longest < SOON
