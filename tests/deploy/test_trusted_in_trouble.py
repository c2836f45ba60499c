"""Certificates when the CA is slow, has limits, or the DNS, the disk or the clock is wrong."""

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from faults import wait_for
from load import Load
from process import tool
from trust import (
    DAY,
    HOST,
    MINUTE,
    ask,
    in_ledger,
    is_trusted,
    parts,
    paused,
    soon,
    told,
    trusting,
)


@pytest.fixture(scope="module")
def both(rig, up_with_packages, template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trouble")
    with trusting(up_with_packages, rig, template, folder, limits=True, suite="trixie") as both:
        yield both


site, authority = parts()


def trust_ca(site, authority):
    """Trust the root of the CA, which has another one each time that it starts."""
    site.host.run("cat >/etc/nginx/ssl/mysite-acme-root.pem", input=authority.root)


def add(site, authority, *names):
    """Let a site have these names, all of which lead here."""
    authority.lead(**dict.fromkeys(names, site.host.address))
    aliases = "".join(f" --alias {name}" for name in names[1:])
    site.fab("manage", f"addsite {names[0]}{aliases}")


def orders(seen, name):
    return [path for ordered, path in seen if ordered == name]


def limited(detail, minutes, names):
    """Return a mood in which a CA refuses orders of some names until so many minutes later."""

    def mood(name, path):
        if name and names(name):
            until = datetime.now(UTC) + timedelta(minutes=minutes)
            words = f"{detail}, retry after {until:%Y-%m-%d %H:%M:%S} UTC: see https://ca.test/"
            return 429, "rateLimited", words
        return None

    return mood


def test_a_ca_that_takes_its_time_to_look_signs_all_the_same(site, authority):
    authority.start_ca(sleep=15)
    trust_ca(site, authority)
    authority.lead(**{HOST: site.host.address})
    soon(site, lambda: is_trusted(site), 3 * MINUTE)
    assert ask(site, authority).status == 200
    authority.start_ca()
    trust_ca(site, authority)


def test_the_limit_of_a_domain_holds_up_no_other_and_is_told_in_the_words_of_the_ca(
    site, authority
):
    words = 'too many certificates (50) already issued for "limited.test" in the last 168h0m0s'
    with authority.answering(limited(words, 60, lambda name: name.endswith("limited.test"))):
        add(site, authority, "limited.test", "a.limited.test", "free.test")
        wait_for(lambda: is_trusted(site, "free.test"), 2 * MINUTE)
        wait_for(lambda: told(site, "limited.test").startswith("refused since"), MINUTE)
        assert words in told(site, "limited.test")
        assert "it is tried again at" in told(site, "limited.test")
    seen = []
    with authority.answering(lambda name, path: seen.append((name, path))):
        add(site, authority, "other.test")
        wait_for(lambda: is_trusted(site, "other.test"), 2 * MINUTE)
        assert orders(seen, "other.test")
        assert not orders(seen, "limited.test")  # it waits for as long as the CA has said
        assert not orders(seen, "a.limited.test")


def test_a_limit_of_the_account_lets_all_wait_until_the_time_that_it_names(site, authority):
    words = "too many new orders (300) from this account in the last 3h0m0s"
    asked = []

    def mood(name, path):
        asked.append(name)
        return refuse(name, path)

    refuse = limited(words, 1, lambda name: True)
    begun = time.time()
    with authority.answering(mood):
        add(site, authority, "account.test", "account-too.test")
        wait_for(lambda: "account.test" in asked or "account-too.test" in asked, 2 * MINUTE)
        wait_for(lambda: words in paused(site), 50)
        assert words in site.fab("status", status=1)  # of the names that are refused
        assert len([name for name in asked if name]) == 1
        assert ask(site, authority).status == 200
    wait_for(lambda: is_trusted(site, "account.test"), 3 * MINUTE)
    assert time.time() > begun + 30


def test_a_name_that_is_led_elsewhere_while_the_ca_looks_waits_and_no_other_does(site, authority):
    def mood(name, path):
        if name == "moved.test":
            authority.lead(**{name: authority.address})
            time.sleep(1)  # the DNS hears of it by a signal, and does not say when

    with authority.answering(mood):
        add(site, authority, "moved.test", "stays.test")
        wait_for(lambda: told(site, "moved.test").startswith("refused since"), 2 * MINUTE)
        wait_for(lambda: is_trusted(site, "stays.test"), MINUTE)
    authority.lead(**{"moved.test": site.host.address})
    in_ledger(site, "UPDATE name SET next = 0 WHERE name = 'moved.test'")  # a quarter of an hour
    soon(site, lambda: is_trusted(site, "moved.test"), 2 * MINUTE)


SMALL_DISK = """
cd /srv/mysite/certificates
exec 9>private/lock
flock 9  # no run of the agent is at work
cp -a private /root/private
mount -t tmpfs -o size=4m,mode=$(stat -c %a private),uid=mysite-acme,gid=mysite-acme none private
cp -a /root/private/. private/
head -c 4M /dev/zero >private/full || true
"""


# What is on the small disk goes back to where others look for it. It can be looked at in another
# place until then: a run of the agent that ends meanwhile keeps `private` busy.
LARGE_DISK = """
set -eu
cd /srv/mysite/certificates
systemctl stop cron
mkdir /root/small
mount --bind private /root/small
timeout 120 sh -c 'until umount private 2>/dev/null; do sleep 0.2; done'
cp -a /root/small/. private/
umount /root/small
systemctl start cron
"""


def test_on_a_full_disk_nothing_is_ordered_and_what_is_there_goes_on(site, authority):
    site.host.run(SMALL_DISK)
    seen = []
    with authority.answering(lambda name, path: seen.append((name, path))):
        add(site, authority, "disk.test")
        full = "journalctl -t mysite-acme | grep -c 'disk is full'"
        wait_for(lambda: site.host.run(full, check=False).stdout > "0", 2 * MINUTE)
        assert not orders(seen, "disk.test")
        assert ask(site, authority).status == 200
        site.host.run("rm /srv/mysite/certificates/private/full")
        soon(site, lambda: is_trusted(site, "disk.test"), 2 * MINUTE)
        assert len(orders(seen, "disk.test")) == 1
    site.host.run(LARGE_DISK)


NAT = """
table ip nat-of-test {
    chain out {
        type filter hook output priority 0;
        ip daddr %s tcp dport { 80, 443 } reject with tcp reset;
    }
}
"""


def test_behind_a_nat_that_does_not_lead_back_in_an_order_is_tried(site, authority):
    inside = ["ip", "netns", "exec", site.host._machine, "nft"]
    tool(*inside, "-f", "-", input=NAT % site.host.address)
    add(site, authority, "nat.test")
    wait_for(lambda: is_trusted(site, "nat.test"), 2 * MINUTE)
    authority.lead(**{"nowhere.test": site.host.address})
    tool(*inside, "delete", "table", "ip", "nat-of-test")


AHEAD = """
apt-get -qq install --no-install-recommends faketime >/dev/null
systemctl stop cron
flock /srv/mysite/certificates/private/lock true
line=$(grep '"trust"' /etc/cron.d/mysite)
command=${line#*10m }
runuser -u mysite-acme -- faketime -f +30d sh -c "umask 022; ${command%%2>&1*}"
"""


@pytest.mark.long
def test_what_was_noted_while_the_clock_was_ahead_holds_nothing_back(site, authority):
    authority.lead(**{"clock.test": ""})
    site.fab("manage", "addsite clock.test")
    try:
        site.host.run(AHEAD)
        ahead = time.time() + DAY
        assert in_ledger(site, f"SELECT 1 FROM name WHERE asked > {ahead} OR seen > {ahead}")
    finally:
        site.host.run("systemctl start cron")
    authority.lead(**{"clock.test": site.host.address})
    wait_for(lambda: is_trusted(site, "clock.test"), 2 * MINUTE)
    assert not in_ledger(site, f"SELECT 1 FROM name WHERE asked > {ahead} OR seen > {ahead}")


# In numbers

BACKLOG = """
from django.contrib.sites.models import Site
names = ["n%d.backlog%d.test" % (number, number) for number in range(1000)]
Site.objects.bulk_create(Site(domain=name, name=name) for name in names)
"""


@pytest.mark.long
def test_a_new_name_does_not_wait_for_a_thousand_others(site, authority, figures):
    in_ledger(site, "DELETE FROM placed")
    backlog = [f"n{number}.backlog{number}.test" for number in range(1000)]
    authority.lead(**dict.fromkeys(backlog, site.host.address))
    site.fab("python", BACKLOG)
    wait_for(lambda: told(site, backlog[-1]), 2 * MINUTE)
    in_ledger(site, f"UPDATE name SET seen = seen - {DAY} WHERE name LIKE '%backlog%'")
    wait_for(lambda: any(is_trusted(site, name) for name in backlog), 2 * MINUTE)
    add(site, authority, "newest.test")
    begun = time.monotonic()
    wait_for(lambda: is_trusted(site, "newest.test"), 3 * MINUTE)
    behind = sum(not is_trusted(site, name) for name in backlog)
    figures(f"trusted after its row, behind {behind}: {time.monotonic() - begun:.0f} s")
    assert behind > 500


def count(site, where):
    return in_ledger(site, f"SELECT count(*) FROM name {where}")[0][0]


@pytest.mark.long
def test_two_hundred_renewals_fail_no_request(site, authority, figures):
    trusted = "WHERE name LIKE '%backlog%' AND until IS NOT NULL"
    wait_for(lambda: count(site, trusted) >= 200, 10 * MINUTE)
    # Those that wait still would be the first to have what the limits leave.
    in_ledger(site, f"UPDATE name SET next = {time.time() + DAY} WHERE until IS NULL")
    in_ledger(site, "DELETE FROM placed")
    with Load(site, HOST) as load:
        past, near = time.time() - 80 * DAY, time.time() + 10 * DAY
        in_ledger(site, f"UPDATE name SET since = {past}, until = {near} {trusted}")
        wait_for(lambda: count(site, f"{trusted} AND renewals > 0") >= 200, 10 * MINUTE)
    figures(f"200 renewals: {sum(load.answers.values())} requests, {len(load.failures)} failed")
    assert load.failures == []


STATIC = """
server {
    listen 444 ssl;
    ssl_certificate /etc/nginx/ssl/mysite.pem;
    ssl_certificate_key /etc/nginx/ssl/mysite.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets off;
}
"""
CPU = "cat $(pgrep --parent $(cat /run/nginx.pid) | sed 's|.*|/proc/&/stat|') | cut -d' ' -f14,15"


def handshakes(site, port, number=300):
    """Return the CPU of NGINX, in ticks of the kernel, for so many handshakes."""
    context = ssl._create_unverified_context()

    def spent():
        return sum(map(int, site.host.run(CPU).stdout.split()))

    before = spent()
    for _ in range(number):
        with socket.create_connection((site.host.address, port), 30) as raw:
            context.wrap_socket(raw, server_hostname=HOST).close()
    return spent() - before


@pytest.mark.long
def test_a_handshake_costs_little_more_than_with_one_certificate_for_all(site, figures):
    path = "/etc/nginx/conf.d/static-of-test.conf"
    site.host.run(f"cat >{path}; systemctl reload nginx", input=STATIC)
    wait_for(lambda: handshakes(site, 444, 1) >= 0, 30)
    rounds = [(handshakes(site, 443), handshakes(site, 444)) for _ in range(6)]
    by_name, static = (sum(each) for each in zip(*rounds, strict=True))
    site.host.run(f"rm {path}; systemctl reload nginx")
    figures(f"CPU per handshake, certificate by name against a static one: x{by_name / static:.2f}")
