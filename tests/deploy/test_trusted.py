"""Every site under a certificate that browsers trust, signed by a real CA that really validates."""

import json
import os
import ssl
import time

import pytest
from chromium import launched
from faults import wait_for
from load import Load
from playwright.sync_api import Error
from sites import ONE_SUITE_IN_CI
from trust import (
    DAY,
    HOST,
    MINUTE,
    ask,
    in_ledger,
    is_trusted,
    key_of,
    over_http,
    own,
    parts,
    shown,
    soon,
    told,
    trusting,
    trusting_home,
    workers,
)


@pytest.fixture(scope="module", params=ONE_SUITE_IN_CI)
def both(request, rig, up_with_packages, template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trusted")
    with trusting(up_with_packages, rig, template, folder, suite=request.param) as both:
        yield both


site, authority = parts()


def insistence(site, authority):
    """Return the HSTS header; a page that is kept has that of before for a second."""
    return ask(site, authority).headers["Strict-Transport-Security"]


# Before the name leads here


def test_until_the_name_leads_here_the_site_works_and_says_what_it_waits_for(site, authority):
    wait_for(lambda: told(site) == "waiting: it has no address in the DNS", 2 * MINUTE)
    authority.lead(**{HOST: "192.0.2.7"})
    soon(site, lambda: "192.0.2.7" in told(site), 2 * MINUTE)
    assert f"✓ trust:       {HOST} waiting: the name leads to 192.0.2.7" in site.status()
    assert f"    {HOST}  waiting: the name leads to 192.0.2.7" in site.fab("sites")
    answer = ask(site, authority, trusting=False)
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] is None
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(site, authority)
    redirect = over_http(site, HOST, "/about/?x=1")
    assert (redirect.status, redirect.headers["Location"]) == (307, f"https://{HOST}/about/?x=1")


def test_the_site_is_trusted_as_soon_as_its_name_leads_here(site, authority, figures):
    before = workers(site)
    started = time.monotonic()
    authority.lead(**{HOST: site.host.address})
    wait_for(lambda: is_trusted(site), 2 * MINUTE)
    figures(f"trusted after its DNS leads here: {time.monotonic() - started:.0f} s")
    assert ask(site, authority).status == 200
    wait_for(lambda: insistence(site, authority) == "max-age=3600", 10)
    assert over_http(site, HOST).status == 308
    assert f"{HOST} trusted until" in site.status()
    assert workers(site) == before


# Every name by itself


def test_a_row_in_the_admin_is_live_and_trusted_without_a_deploy(site, authority, figures):
    before = workers(site)
    authority.lead(**{"two.test": site.host.address, "zwei.test": site.host.address})
    site.fab("manage", "addsite two.test --alias zwei.test")
    started = time.monotonic()
    names = ("two.test", "zwei.test")
    wait_for(lambda: all(is_trusted(site, name) for name in names), 2 * MINUTE)
    figures(f"trusted after its row, two names: {time.monotonic() - started:.0f} s")
    assert ask(site, authority, "two.test").status == 200
    assert ask(site, authority, "zwei.test").status == 301
    assert told(site, "www.two.test") == "waiting: it has no address in the DNS"
    assert over_http(site, "www.two.test").status == 307
    assert workers(site) == before


def test_chromium_shows_them_without_a_warning(site, authority, tmp_path):
    environment = os.environ | {"HOME": str(trusting_home(tmp_path, authority))}
    rules = f"--host-resolver-rules=MAP *.test {site.host.address}"
    with launched(rules, env=environment) as browser:

        def is_shown(address):
            try:
                return browser.new_page().goto(address).status == 200
            except Error as error:  # of a bridge of the rig that came or went
                if "ERR_NETWORK_CHANGED" not in str(error):
                    raise
                return False

        for name in (HOST, "two.test", "zwei.test"):
            wait_for(lambda name=name: is_shown(f"https://{name}/"), 60)
        with pytest.raises(Error, match="ERR_CERT_"):
            browser.new_page().goto("https://www.two.test/")


def test_what_is_no_name_gets_the_sites_own_certificate_and_no_file_of_another(site):
    assert shown(site, "TWO.test") == shown(site, "two.test") != own(site)
    for name in [
        *["nobody.test", "../names/two.test", "../certificates/names/two.test", "two.test/", "."],
        *["%2e%2e/two.test", "two.test.pem", ".two.test", "two.test.", "x" * 255, "\xff.two.test"],
        *["two.test\n", "two..test", "[::1]", "two.test:443", "*.test"],
    ]:
        assert shown(site, name) == own(site), name
    assert ".pem" not in site.host.run("cat /var/log/nginx/mysite.error.log").stdout


def test_nobody_but_the_agent_and_the_web_server_reads_a_key(site, authority):
    for path in ("names/two.test.pem", "private/account.key", "private/ledger.sqlite3"):
        for user in ("mysite", "nobody"):
            words = f"runuser -u {user} -- cat /srv/mysite/certificates/{path}"
            assert "Permission denied" in site.host.run(words, check=False).stderr
    readable = "cd /srv/mysite/certificates; runuser -u mysite -- ls names private"
    assert site.host.run(readable, check=False).stdout == ""
    # The agent is at work: a file may be gone again.
    written = "find / -ignore_readdir_race -xdev -user mysite-acme"
    written += " -not -path '/srv/mysite/certificates/*'"
    assert site.host.run(written).stdout == "/srv/mysite/shared/acme/.well-known/acme-challenge\n"
    for path in [
        *["/certificates/names/two.test.pem", "/.well-known/acme-challenge/%2e%2e/%2e%2e/x"],
        *["/static/../../certificates/status/names.json", "/healthz/names"],
    ]:
        assert ask(site, authority, path=path).status in (301, 400, 404)
        assert over_http(site, HOST, path).status in (307, 308, 400, 404)


LINKS = """
cd /srv/mysite/shared
for place in media static; do
    runuser -u mysite -- ln -s /srv/mysite/certificates/names/two.test.pem $place/key.txt
    runuser -u mysite -- ln -s /etc/nginx/ssl/mysite.pem $place/own.txt
done
echo plain >media/plain.txt
"""


def test_a_link_of_the_sites_user_leads_to_no_key(site, authority):
    site.host.run(LINKS)
    for path in ("media/key.txt", "media/own.txt", "static/key.txt", "static/own.txt"):
        assert ask(site, authority, path=f"/{path}").status in (403, 404)
    assert ask(site, authority, path="/media/plain.txt").status == 200
    site.host.run("cd /srv/mysite/shared; rm media/*.txt static/*.txt")


def test_what_the_ca_refuses_is_one_names_and_tried_later(site, authority):
    authority.start_ca(refused=["bad.test"])
    site.host.run("cat >/etc/nginx/ssl/mysite-acme-root.pem", input=authority.root)
    authority.lead(**{"bad.test": site.host.address, "good.test": site.host.address})
    site.fab("manage", "addsite bad.test --alias good.test")
    wait_for(lambda: is_trusted(site, "good.test"), 2 * MINUTE)
    wait_for(lambda: told(site, "bad.test").startswith("refused since"), MINUTE)
    assert "policy" in told(site, "bad.test")
    assert "it is tried again at" in told(site, "bad.test")
    output = site.fab("status", status=1)
    assert "1 are refused, such as bad.test refused since" in output
    site.fab("manage", "removesite bad.test --force")


def test_your_own_certificate_serves_what_it_covers_and_the_others_keep_theirs(site, authority):
    folder = site.project / "deploy"
    authority.sign("DNS:two.test,DNS:*.two.test", folder / "own.key", folder / "own.crt")
    before = shown(site, "zwei.test")
    site.fab("create")
    for path in (folder / "own.key", folder / "own.crt"):
        path.unlink()
    wait_for(lambda: "your own certificate" in told(site, "two.test"), 2 * MINUTE)
    assert not (site.certificates / "names/two.test.pem").exists()
    assert shown(site, "two.test") == shown(site, "www.two.test") == own(site)
    assert ask(site, authority, "www.two.test").headers["Strict-Transport-Security"]
    assert over_http(site, "www.two.test").status == 308
    assert shown(site, "zwei.test") == before
    assert is_trusted(site)


# In the course of time


def test_a_renewal_keeps_the_key_and_fails_no_request(site, authority):
    before = shown(site, HOST), key_of(site, HOST)
    now = time.time()
    with Load(site, HOST) as load:
        changed = f"UPDATE name SET since = {now - 80 * DAY}, until = {now + 10 * DAY}"
        in_ledger(site, f"{changed} WHERE name = '{HOST}'")
        wait_for(lambda: shown(site, HOST) != before[0], 2 * MINUTE)
    assert load.failures == []
    assert key_of(site, HOST) == before[1]
    wait_for(lambda: insistence(site, authority) == "max-age=86400", 10)


def test_while_the_ca_is_down_all_goes_on_and_says_so(site, authority):
    authority.stop("ca")
    authority.lead(**{"late.test": site.host.address})
    site.fab("manage", "addsite late.test")
    path = site.certificates / "status/names.json"
    wait_for(lambda: json.loads(path.read_text())["paused"], 2 * MINUTE)
    assert "orders wait: " in site.status()
    assert ask(site, authority, "two.test", trusting=False).status == 200
    assert told(site, "late.test").startswith("waiting: ")
    authority.start_ca()
    site.host.run("cat >/etc/nginx/ssl/mysite-acme-root.pem", input=authority.root)
    in_ledger(site, "UPDATE pause SET until = until - 60")  # seconds, and more each time
    soon(site, lambda: is_trusted(site, "late.test"), 4 * MINUTE)


def test_a_certificate_stays_through_a_deploy_a_rollback_a_restore_and_a_reboot(site, authority):
    site.fab("deploy", "--force", "--yes")  # the root of the CA is another one now
    site.fab("rollback")
    backup = site.fab("backup").split()[-1]
    site.fab("restore", backup, "--yes", backup)
    assert ask(site, authority, "late.test").status == 200
    site.fab("maintenance", "on")
    assert ask(site, authority, "late.test").status == 503
    site.fab("maintenance", "off")
    site.host.reboot()
    wait_for(lambda: site.get("/")[0] == 200, 60)
    assert ask(site, authority, "late.test").status == 200


def test_what_is_no_sites_name_any_more_goes_after_a_day_and_not_before(site):
    file = site.certificates / "names/late.test.pem"
    site.fab("manage", "removesite late.test --force")
    wait_for(lambda: told(site, "late.test") == "", 2 * MINUTE)
    assert file.exists()
    in_ledger(site, f"UPDATE name SET gone = gone - {DAY} WHERE name = 'late.test'")
    wait_for(lambda: not file.exists(), 2 * MINUTE)
    assert is_trusted(site)


def test_with_the_project_all_of_it_goes(site):
    site.fab("remove", "--yes", "mysite")
    left = "ls -d /srv/mysite /etc/nginx/ssl/* /etc/nginx/*.js; getent passwd mysite-acme"
    assert site.host.run(left, check=False).stdout == ""
