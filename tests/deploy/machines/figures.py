"""What one site on three hosts promises, measured: nox -s machines.

A site that one host serves gets two more; then each is killed, cut off and frozen in turn, and so
is the host of the database, under readers and writers whose every answer is counted and every row
looked for; then come deploys and a rollback while a host is away, and twenty more deploys. The
figures are printed. What is promised and is no time fails the test, once all figures are there.
"""

import re
import time
from functools import partial
from statistics import median

from load import Connection
from servers import wait_until
from several import NAME, WWW, live
from test_database_elsewhere import sql
from visitors import Visitors

DEPLOYS = 20
REQUESTS, ROUNDS = 400, 3
SENT = "SELECT value FROM forms_fieldentry WHERE value LIKE 'number-%'"
AWAY = 15  # seconds that a host is away
PARTIAL = 4  # the exit status where a host was left out


def cpu(host):
    """Return the seconds of CPU that a host has taken."""
    text = (host.cgroup / "cpu.stat").read_text()
    return int(re.search(r"usage_usec (\d+)", text)[1]) / 1e6


def cost(hosts):
    """Return the seconds of CPU of an uncached page, without what hosts take at rest.

    Each is asked by itself, as on machines of their own: here they share two cores with their
    caches, which those of the others would empty between two pages. It is the median of ROUNDS.
    """
    return median(sum(map(cost_on, hosts)) / len(hosts) for _ in range(ROUNDS))


def cost_on(host):
    ask(host, REQUESTS // 2)  # all processes have what they load once
    begun, before = time.monotonic(), cpu(host)
    ask(host, REQUESTS)
    seconds, used = time.monotonic() - begun, cpu(host) - before
    before = cpu(host)
    time.sleep(seconds)  # what is measured is time
    return (used - (cpu(host) - before)) / REQUESTS


def ask(host, count):
    for number in range(count):
        connection = Connection(host.address, WWW)
        address = f"203.0.113.{number % 250 + 1}"
        headers = {"Host": WWW, "Cookie": "just-sent=1", "X-Forwarded-For": address}
        connection.request("GET", "/", headers=headers)
        assert connection.getresponse().status == 200
        connection.close()


def lost(site, visitors):
    """Return the numbers of what was acknowledged and is not in the database."""
    rows = {line.split("@")[0] for line in sql(site.server, SENT, NAME).splitlines()}
    return [number for number in visitors.written if f"number-{number}" not in rows]


def serves(site, host):
    """Return whether a host answers by its own gunicorn, with what is live."""
    try:
        return site.ask(host)[0] == 200
    except OSError:
        return False


def told(name, visitors, moment, site, broken, promised=("kept", "uncached", "sent")):
    """Return a line; add it to `broken` where what was promised has failed, or rows are lost."""
    failed, missing = visitors.failed(moment), lost(site, visitors)
    of_kinds = (
        f"{len([each for each in failed if each.kind == kind])}"
        f" of {len([each for each in visitors.answers if each.kind == kind])} {kind}"
        for kind in ("kept", "uncached", "sent")
    )
    line = (
        f"{name}: failed {', '.join(of_kinds)}, and {len(visitors.under_way(moment))} that were"
        f" under way; slowest kept {visitors.slowest('kept', moment):.1f} s, uncached"
        f" {visitors.slowest('uncached', moment):.1f} s; {len(visitors.written)} written,"
        f" {len(missing)} lost"
    )
    if missing or any(each.kind in promised for each in failed):
        broken.append(line)
    return line


def harm(site, balancer, host, act, mend, meanwhile=lambda: time.sleep(AWAY)):
    """Let a host be away for a while under load; return the visitors, and when that began."""
    with Visitors(balancer.port, WWW) as visitors:
        wait_until(lambda: len(visitors.answers) > 50)
        moment = time.monotonic()
        act()
        meanwhile()
        mend()
        wait_until(lambda: serves(site, host), 120)
        time.sleep(5)
    return visitors, moment


def test_figures(site, balancer, progress, figures, broken):
    def note(line):
        progress(line)
        figures(line)

    def faults(host, one, name, *promised):
        for word, act, mend in (
            ("killed", host.kill, host.start),
            ("cut off", host.cut, host.join),
            ("frozen", host.freeze, host.thaw),
        ):
            found = harm(site, balancer, one, act, mend)
            note(told(f"{name} {word}", *found, site, broken, *promised))

    site.fab("python", FORM_OF_NUMBERS)
    alone = cost(site.web[:1])
    with Visitors(balancer.port, WWW) as visitors:
        begun = time.monotonic()
        site.serve(*site.web)
        site.fab("all")
    note(told("from one live host to three (fab all)", visitors, begun, site, broken))
    assert len({live(host) for host in site.web}) == 1
    three = cost(site.web)
    note(f"CPU of an uncached page on three hosts against one: {three / alone:.2f}")
    for host, letter in zip(site.web, "abc", strict=True):
        faults(host, host, f"host {letter}")
    faults(site.server, site.web[0], "the database's host", ["kept"])
    with_a_host_away(site, balancer, note, broken)
    deploys(site, balancer, note, broken)


def with_a_host_away(site, balancer, note, broken):
    """Deploy and roll back while a host is split from the others, and while it is gone."""
    host, others = site.web[2], [each.address for each in site.web[:2]]

    def split(verb):
        for address in others:
            host.run(f"ip route {verb} blackhole {address}/32")

    def deploy(status=0):
        (site.project / "theme/static/number.txt").write_text(str(time.monotonic()))
        site.commit()
        site.fab("deploy", status=status)

    apart = partial(split, "add"), partial(split, "del")
    gone = host.kill, host.start
    for name, away, meanwhile in (
        ("host c apart from the others, and a deploy", apart, deploy),
        ("host c killed, and a deploy", gone, partial(deploy, PARTIAL)),
        ("host c killed, and a rollback", gone, partial(site.fab, "rollback", status=PARTIAL)),
    ):
        note(told(name, *harm(site, balancer, host, *away, meanwhile), site, broken))
        site.fab("deploy")
    assert len({live(each) for each in site.web}) == 1


def deploys(site, balancer, note, broken):
    with Visitors(balancer.port, WWW) as visitors:
        begun = time.monotonic()
        for number in range(DEPLOYS):
            (site.project / "theme/static/number.txt").write_text(str(number))
            site.commit()
            site.fab("deploy")
    note(told(f"{DEPLOYS} deploys over three hosts", visitors, begun, site, broken))


FORM_OF_NUMBERS = """
from mezzanine.forms.models import Form
form = Form.objects.create(title="Numbers", slug="numbers")
form.fields.create(label="Number", field_type=1)
"""
