"""`fab install` and `fab create`: what is missing comes, what is there stays as it is."""

import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from cgroup import wait_for
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from process import tool
from securing import hardening, server
from sites import BY_PASSWORD, HOST, PASSWORD, USER_BY_PASSWORD, Site
from support import Baker

# What `fab install` says that it did.
STEPS = ["Debian packages", "Mail to root", "Locale en_US.utf8", "uv", "Services"]

# All that was written since the marker, but for what servers write by themselves.
CHANGED = """
find / -xdev -newer /root/marker -type f -not -path '/proc/*' -not -path '/var/log/*' \
    -not -path '/var/lib/postgresql/*' -not -path '/run/*' -not -path '/sys/*' \
    -not -path '/var/lib/systemd/*' -not -path '/tmp/*'
"""


# What a new server's own first update holds, until the standard input ends.
HOLD_LOCKS = """
exec perl -e 'use Fcntl;
    my $whole = pack("s s l! l! i", F_WRLCK, 0, 0, 0, 0);
    for my $file ("/var/lib/apt/lists/lock", "/var/lib/dpkg/lock-frontend") {
        open(my $lock, ">>", $file);
        fcntl($lock, F_SETLK, $whole) or die;
        push @locks, $lock;
    }
    $| = 1; print "held\\n"; <STDIN>'
"""


@pytest.fixture(scope="module")
def installed(rig, template, tmp_path_factory):
    """A new server on which `fab install` has run, with the .output of that."""
    host = rig.up("new", password=PASSWORD)
    host.run(USER_BY_PASSWORD)
    host.run("chpasswd", input=f"deploy:{PASSWORD}\n")
    site = Site(Baker(template, tmp_path_factory.mktemp("installed")).bake(), host, **BY_PASSWORD)
    with host.popen(HOLD_LOCKS, stdin=-1, stdout=-1, text=True) as locks:
        assert locks.stdout.readline() == "held\n"
        install = site.start("install")
        # It has tried for the lists of packages: an apt-get has come and gone while they are held.
        wait_for(lambda: host.run("pgrep -fx '[s]leep 5'", check=False).returncode == 0, 120)
        locks.stdin.close()
    host.output = install.communicate(timeout=600)[0]
    assert install.returncode == 0, host.output
    yield host
    host.down()


@pytest.fixture(scope="module")
def site(installed, template, tmp_path_factory):
    """A project that has been created on the server, and not deployed."""
    project = Baker(template, tmp_path_factory.mktemp("install")).bake(live_hostname=HOST)
    site = Site(project, installed, **BY_PASSWORD)
    site.configure(PROJECT_NAME="created", DB_PASS=PASSWORD)
    site.created = site.fab("create")
    return site


def test_the_lock_of_a_server_that_updates_itself_is_waited_for(installed):
    first, *steps = installed.output.splitlines()
    assert first == f"install on {installed.address}"
    titles = [re.fullmatch(r"✓ (.+) \(\d+\.\d s\)", line)[1] for line in steps]
    assert titles == STEPS


def test_what_a_site_needs_is_there_and_starts_at_boot(installed):
    services = "cron nginx postgresql supervisor"
    assert set(installed.run(f"systemctl is-enabled {services}").stdout.split()) == {"enabled"}
    assert set(installed.run(f"systemctl is-active {services}").stdout.split()) == {"active"}
    assert "en_US.utf8" in installed.run("locale -a").stdout
    assert installed.run("/opt/uv/bin/uv --version").stdout.startswith("uv ")


def test_a_second_run_changes_nothing(installed, site):
    packages = installed.run("dpkg-query -W").stdout
    installed.run("touch /root/marker; sleep 0.01")
    assert site.fab("install", "create").count("✓") == site.created.count("✓") + len(STEPS)
    assert installed.run("dpkg-query -W").stdout == packages
    assert installed.run(CHANGED).stdout == ""


def test_a_locale_that_debian_does_not_know_is_one_line(site):
    site.configure(LOCALE="xx_XX.utf8")
    try:
        output = site.fab("install", status=1)
    finally:
        site.configure(LOCALE="en_US.utf8")
    assert "LOCALE: Debian knows no xx_XX.utf8; see /usr/share/i18n/SUPPORTED" in output
    assert "stopped at: Locale xx_XX.utf8" in output


@pytest.mark.parametrize("locale", ["C.UTF-8", "en_US.UTF-8"])
def test_a_locale_may_be_written_either_way(site, locale):
    site.configure(LOCALE=locale)
    try:
        assert f"✓ Locale {locale}" in site.fab("install")
    finally:
        site.configure(LOCALE="en_US.utf8")


def test_any_password_opens_the_database_and_is_seen_nowhere(installed, site):
    login = "PGPASSWORD=$P psql -h 127.0.0.1 -U created created -Atc 'SELECT 42'"
    assert installed.run(login, env={"P": PASSWORD}).stdout == "42\n"
    assert installed.run(login, env={"P": "wrong"}, check=False).returncode
    logs = installed.run("journalctl --no-pager; cat /var/log/postgresql/*").stdout
    assert "HOME \\ é中" not in logs + site.created


# Keys of colleagues: on a new server they are in secure/test_colleagues.py


def test_keys_of_files_let_in_and_are_told_and_one_without_its_file_does_not(
    site, installed, developers_home, tmp_path
):
    tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "alice@desk", "-f", tmp_path / "key")
    public = (tmp_path / "key.pub").read_text().strip()
    host = server(installed, ssh_pass=PASSWORD, project_name="created").fabric_host()
    host.connect()
    hardening.let_colleagues_in(host, "deploy", {"alice.pub": public})
    as_alice = server(installed, ssh_key_path=str(tmp_path / "key"))
    with_her_key = as_alice.fabric_host()
    with_her_key.connect()
    with_her_key.connection.close()
    file = site.project / "deploy/keys/alice.pub"
    file.write_text(f"{public}\n")
    output = site.fab("status", status=1)  # nothing is live
    assert "✓ keys:        as deploy: alice.pub\n" in output
    file.write_text(f"restrict {public}\n")
    (line,) = site.fab("secure", status=2).splitlines()[1:]
    assert line.startswith("deploy/keys/alice.pub: it begins with options")
    file.unlink()
    assert "the file alice.pub is gone" in site.fab("status", status=1)
    hardening.let_colleagues_in(host, "deploy", {})
    with pytest.raises(hardening.Refused):
        as_alice.fabric_host().connect()
    host.connection.close()


# The certificate


@pytest.fixture
def pair(site):
    """A function that puts a new certificate and its key into deploy/ of the project."""

    def make(name=HOST, days=9):
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1)
        builder = builder.not_valid_before(now - timedelta(days=30))
        builder = builder.not_valid_after(now + timedelta(days=days))
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        own = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
        (folder / "own.key").write_bytes(pem(key, NoEncryption()))
        (folder / "own.crt").write_bytes(own.public_bytes(Encoding.PEM))
        return (folder / "own.crt").read_text()

    folder = site.project / "deploy"
    yield make
    for path in [*folder.glob("*.crt"), *folder.glob("*.key")]:
        path.unlink()


def pem(key, encryption):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def certificate(site):
    return site.host.run("cat /etc/nginx/ssl/created.crt").stdout


def test_without_one_of_your_own_the_server_signs_one(site):
    signed = x509.load_pem_x509_certificate(certificate(site).encode())
    assert signed.subject.rfc4514_string() == "CN=created"
    names = signed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST]
    modes = site.host.run("stat -c '%a %U:%G' /etc/nginx/ssl/created.*").stdout
    assert modes == "644 root:root\n600 root:root\n640 root:www-data\n"


def test_your_own_takes_its_place_and_so_does_the_renewed_one(site, pair):
    for _ in range(2):
        own = pair()
        site.fab("create")
        assert own.strip() in certificate(site)
    site.host.run("touch /root/marker; sleep 0.01")
    site.fab("create")
    assert site.host.run(CHANGED).stdout == ""


def test_a_certificate_for_another_name_is_warned_of(site, pair):
    pair(name="www.two.example")
    told = f"your certificate is not for {HOST}, which gets one of its own"
    assert told in site.fab("create")


def test_a_pair_that_would_break_the_site_is_refused(site, pair, tmp_path):
    folder = site.project / "deploy"
    pair()
    site.fab("create")
    before = certificate(site)

    shutil.copy(folder / "own.key", tmp_path)
    pair()
    shutil.copy(tmp_path / "own.key", folder)
    assert "  | the key is of another certificate\n" in site.fab("create", status=1)

    pair(days=-1)
    assert "  | the certificate has expired: notAfter=" in site.fab("create", status=1)

    pair()
    (folder / "own.key").write_bytes(b"\xff\xfe no key")
    assert "  | the key is not in PEM, or has a passphrase\n" in site.fab("create", status=1)
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "own.key").write_bytes(pem(key, BestAvailableEncryption(b"x")))
    assert "  | the key is not in PEM, or has a passphrase\n" in site.fab("create", status=1)

    pair()
    (folder / "own.crt").write_text("no certificate")
    assert "  | the certificate is not in PEM\n" in site.fab("create", status=1)

    (folder / "own.crt").unlink()
    assert "has to hold one *.crt and one *.key" in site.fab("create", status=2)
    assert certificate(site) == before
