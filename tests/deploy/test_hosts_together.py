"""What fab does with several hosts of one site, of which one is away, behind, cut off or new."""

import pytest
from hosts_of_no_machine import common, deploying, three
from invoke import Exit

NOTHING = {"live": "", "made": False, "hosts": [], "alive": [], "common": 0}


@pytest.mark.parametrize("command", [deploying.create, deploying.everything, deploying.deploy])
def test_new_hosts_make_no_secrets_while_one_that_may_have_some_is_away(command):
    hosts = three(away="a", b=NOTHING, c=NOTHING)
    with pytest.raises(Exit, match="a, which is away, may have some"):
        command(hosts)
    assert {name for host in hosts for name, _parameters in host.calls} == {"stand"}


# What is common


def test_a_host_that_cannot_ask_the_database_comes_last():
    hosts = three(a={"asks": False})
    assert hosts.lead.name == "b"


def test_an_old_version_of_what_is_common_is_carried_over_no_newer_one():
    hosts = three(b={"common": 2, "behind": True})
    common.carry(hosts)
    taken = {host.name: host.asked("take_common") for host in hosts}
    assert taken["a"] == [{"things": {"secrets": "of b"}, "given": 2}]  # no settings: a leads
    things = {"secrets": "of b", "settings": "of a"}
    assert taken["b"] == taken["c"] == [{"things": things, "given": 2}]


def test_what_is_common_comes_to_a_host_that_was_away_without_a_new_release():
    hosts = three(c={"common": 2})
    common.carry_newest(hosts)
    assert [len(host.asked("take_common")) for host in hosts] == [1, 1, 0]
    common.carry_newest(hosts := three())
    assert [len(host.asked("take_common")) for host in hosts] == [0, 0, 0]
