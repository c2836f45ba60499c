"""Fixtures that give a test real Debian hosts.

Where they cannot be booted, the tests that ask for one are skipped with the reason. With CI set
they fail with it: CI runs everything, and skips nothing in silence.
"""

import pytest
from machine import missing
from rig import SUITES, Rig
from support import unavailable

HOSTS = pytest.StashKey()
FIGURES = []


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="make each fault at each point: hours")


@pytest.fixture
def full(request):
    """Whether each fault is to be made at each point."""
    return request.config.getoption("--full")


@pytest.fixture
def figures():
    """A function that takes a line for the table at the end of the run."""
    return FIGURES.append


def pytest_terminal_summary(terminalreporter):
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def rig():
    """The rig of this run. All that it made is gone when the run ends, also by Ctrl-C."""
    reason = missing()
    if reason:
        unavailable(f"no hosts can be booted here: {reason}")
    with Rig() as rig:
        yield rig


@pytest.fixture
def make_host(rig, request):
    """A function that boots a fresh host, as `rig.up` does; the test's end takes it down."""
    hosts = request.node.stash[HOSTS] = []

    def make(name, **options):
        hosts.append(rig.up(name, **options))
        return hosts[-1]

    yield make
    for host in hosts:
        host.down()


@pytest.fixture(params=SUITES)
def debian(request, make_host):
    """A fresh host, once of each suite."""
    return make_host("debian", suite=request.param)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Add the end of its hosts' consoles to the report of a test that failed."""
    report = yield
    if report.failed:
        for host in item.stash.get(HOSTS, []):
            report.sections.append((f"console of {host.name}", host.console()[-3000:]))
    return report
