"""Fixtures that give a test real Debian hosts.

Where they cannot be booted, the tests that ask for one are skipped with the reason. With CI set
they fail with it: CI runs everything, and skips nothing in silence.
"""

import shutil
from types import SimpleNamespace

import pytest
import rootfs
from faults import STEPS, answers, edit, make_harmable, wait_for
from machine import missing
from prepared import with_packages
from rig import Rig
from sites import HOST, ONE_SUITE_IN_CI, PASSWORD, USER_BY_PASSWORD, Site
from support import Baker, unavailable

HOSTS = pytest.StashKey()


LONG = pytest.mark.long
STORAGE = "{{cookiecutter.project_name}}/{{cookiecutter.project_name}}/storage.py"


# The first waits more than it works, so others work beside it. The second is on the other Debian:
# each worker prepares one. Were the third the last, one worker would have nothing to do.
BEGUN_FIRST = ["test_trusted_in_trouble", "test_migrations", "test_uploads_elsewhere"]


def pytest_collection_modifyitems(items):
    """Let the modules follow in the order of the alphabet, but for those of BEGUN_FIRST."""
    order = {name: number for number, name in enumerate(BEGUN_FIRST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


# In the steps in which most can break, nox alone makes faults too.
@pytest.fixture(params=[pytest.param(s, marks=[] if s == "restart_main" else LONG) for s in STEPS])
def step(request):
    """A step of the relay, a str."""
    return request.param


@pytest.fixture(params=["some", pytest.param("rest", marks=LONG)])
def points(request):
    """A function that returns at which of a deploy's commands, counted from 1, to make a fault.

    It takes the number of commands and the first that matters; nox alone has the one half way from
    there. In the long sessions the test runs a second time, with all the others.
    """

    def choose(last, first):
        some = [(first + last) // 2]
        rest = [number for number in range(1, last + 1) if number not in some]
        return some if request.param == "some" else rest

    return choose


# Who may log in with the rig's key, and use sudo without a password, with one, or not at all.
USERS = """
apt-get -qq update && apt-get -qq install --no-install-recommends sudo >/dev/null
for user in deploy typist guest; do
    useradd --create-home --shell /bin/bash $user
    install -d -o $user -m 700 /home/$user/.ssh
    install -o $user -m 600 ~/.ssh/authorized_keys /home/$user/.ssh/
done
echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy
usermod --append --groups sudo typist
echo Port 2222 >/etc/ssh/sshd_config.d/port.conf
systemctl restart ssh
"""


@pytest.fixture(scope="session")
def template(plain_template, tmp_path_factory):
    """The template, whose projects compress static files in haste, five seconds less for each site.

    test_deploy.py, and what measures, makes projects of the plain one.
    """
    hasty = shutil.copytree(plain_template, tmp_path_factory.mktemp("hasty") / "template")
    edit(hasty / STORAGE, "quality=10", "quality=1")
    return hasty


@pytest.fixture(scope="session")
def rig():
    """The rig of this run. All that it made is gone when the run ends, also by Ctrl-C."""
    reason = missing()
    if reason:
        unavailable(f"no hosts can be booted here: {reason}")
    with Rig() as rig:
        yield rig


@pytest.fixture
def site_of_no_server(template, tmp_path):
    """A project for a server that is nowhere; nothing may try to reach it."""
    for name in ("key", "known_hosts"):
        (tmp_path / name).touch()
    host = SimpleNamespace(
        address="192.0.2.1", key=tmp_path / "key", known_hosts=tmp_path / "known_hosts"
    )
    return Site(Baker(template, tmp_path).bake(), host)


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


@pytest.fixture(scope="module")
def developers_home(tmp_path_factory):
    """A home of a developer's own for the tests that run the project's code in this process."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("DEPLOY_RIG_CACHE", str(rootfs.cache_folder()))
        patch.setenv("HOME", str(folder))
        patch.delenv("SSH_AUTH_SOCK", raising=False)
        yield folder


@pytest.fixture(scope="session")
def up_with_packages(rig, template, tmp_path_factory):
    """A function that boots a host, as `rig.up` does, on which `fab install` has run, as root."""

    def up(name, suite="bookworm", **options):
        home = tmp_path_factory.mktemp("packages")
        return rig.up(name, suite, written=with_packages(rig, template, suite, home), **options)

    return up


@pytest.fixture(scope="session")
def installed(up_with_packages):
    """A server on which `fab install` has run, with a user whose sudo wants a password.

    A host of the rig that several modules share, with the .accounts that were there then; projects
    come and go.
    """
    host = up_with_packages("installed", password=PASSWORD)
    host.run(USER_BY_PASSWORD)
    host.run("chpasswd", input=f"deploy:{PASSWORD}\n")
    host.accounts = host.run("getent passwd; getent group").stdout
    yield host
    host.down()


@pytest.fixture(scope="session")
def web(rig):
    """A server whose sshd is at port 2222 only."""
    host = rig.up("web")
    host.run(USERS)
    host.run("chpasswd", input=f"typist:{PASSWORD}\nguest:{PASSWORD}\n")
    keys = host.known_hosts.read_text()
    host.known_hosts.write_text(keys.replace(host.address, f"[{host.address}]:2222"))
    yield host
    host.down()


@pytest.fixture(scope="session")
def bare(rig):
    """A server as a provider leaves it: root, and no sudo."""
    host = rig.up("bare", suite="trixie")
    host.run("useradd --create-home guest && cp -r ~/.ssh ~guest && chown -R guest: ~guest/.ssh")
    yield host
    host.down()


@pytest.fixture(scope="session")
def shared_site(web, bare, template, tmp_path_factory):
    site = Site(Baker(template, tmp_path_factory.mktemp("connections")).bake(), web)
    with (site.home / ".ssh/known_hosts").open("a") as file:
        file.write(bare.known_hosts.read_text())
    site.configure(HOSTS=[f"{web.address}:2222"], SSH_USER="deploy")
    return site


@pytest.fixture
def site_of_two_servers(shared_site):
    """A project that knows the keys of both servers; what a test changes is put back."""
    ssh = shared_site.home / ".ssh"
    fabric, known = shared_site.fabric, (ssh / "known_hosts").read_text()
    yield shared_site
    shared_site.fabric = {}
    shared_site.configure(**fabric)
    shutil.rmtree(ssh)
    ssh.mkdir(mode=0o700)
    (ssh / "known_hosts").write_text(known)


@pytest.fixture(params=ONE_SUITE_IN_CI)
def debian(request, make_host):
    """A fresh host, in the long session once of each suite."""
    return make_host("debian", suite=request.param)


@pytest.fixture(scope="session")
def live_site(up_with_packages, template, tmp_path_factory):
    """What `site` switches on and off."""
    project = Baker(template, tmp_path_factory.mktemp("live")).bake(live_hostname=HOST)
    make_harmable(project)
    host = up_with_packages("live", suite="trixie")
    site = Site(project, host, SSH_USER="root", ADMIN_PASS=PASSWORD)
    site.commit()
    site.root = host.root / "srv/mysite"
    site.fab("all")
    yield site
    host.down()


@pytest.fixture(scope="module")
def site(live_site):
    """A live site whose deploys can be harmed: see faults.py.

    Its host is off when no module needs it: what cron runs there takes the time of others.
    """
    if live_site.host.state == "stopped":
        live_site.host.start()
        wait_for(lambda: answers(live_site))
    yield live_site
    live_site.host.kill()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Add the end of its hosts' consoles to the report of a test that failed."""
    report = yield
    if report.failed:
        for host in item.stash.get(HOSTS, []):
            report.sections.append((f"console of {host.name}", host.console()[-3000:]))
    return report
