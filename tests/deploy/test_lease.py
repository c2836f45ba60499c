"""The leases of several hosts, one of which is lost while a command is at work."""

from types import SimpleNamespace

import pytest
from hosts_of_no_machine import Hosts, lease
from invoke import Exit


class Channel:
    """To a host: what is sent comes there, or, from `lost` on, no longer does."""

    lost = False

    def sendall(self, data):
        if self.lost:
            raise OSError

    def shutdown_write(self):
        pass

    def recv_exit_status(self):
        return 0


@pytest.fixture
def hosts():
    """Three hosts: .channel."""

    def host(name):
        channel = Channel()
        session = SimpleNamespace(answer={"held": True}, channel=channel)
        return SimpleNamespace(name=name, channel=channel, session=lambda *args, **kwargs: session)

    return Hosts([host(name) for name in "abc"])


def test_what_has_failed_is_told_also_where_a_host_is_lost(hosts):
    told = pytest.raises(Exit, match="b: the old release is live again")
    with told, lease.Leases(hosts, "deploy"):
        hosts[2].channel.lost = True
        raise Exit("c: connection lost\nb: the old release is live again", 255)


def test_a_command_that_has_lost_a_host_at_its_end_is_done_on_the_others(hosts):
    c = hosts[2]
    with lease.Leases(hosts, "deploy"):
        c.channel.lost = True
    assert hosts.away == [c]


def test_a_command_that_has_lost_its_only_host_at_its_end_is_not_done(hosts):
    alone = Hosts(hosts[2:])
    told = pytest.raises(Exit, match="c: connection lost")
    with told, lease.Leases(alone, "deploy"):
        alone[0].channel.lost = True
