"""Keys in deploy/keys on a real host: who has a file may log in as SSH_USER, others may not."""

import shutil
from dataclasses import dataclass

import pytest
from process import tool
from rig import SUITES
from sites import Site
from support import Baker

pytestmark = pytest.mark.long


@dataclass
class Team:
    """Who deploys a site: each with a key of their own, in a project that they share."""

    site: Site
    folder: object

    def key(self, name):
        """Return the private key of somebody, a Path."""
        path = self.folder / name
        if not path.exists():
            tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name}@desk", "-f", path)
        return path

    def join(self, *names):
        """Put the public keys of somebody into the project."""
        for name in names:
            public = self.key(name).with_suffix(".pub")
            shutil.copy(public, self.site.project / f"deploy/keys/{name}.pub")

    def leave(self, name):
        (self.site.project / f"deploy/keys/{name}.pub").unlink()

    def fab(self, name, *arguments, **options):
        """Run fab as somebody who has no other key."""
        self.site.configure(SSH_KEY_PATH=str(self.key(name)))
        return self.site.fab(*arguments, **options)

    def may_log_in(self, name, user="deploy"):
        known = self.site.home / ".ssh/known_hosts"
        options = ["IdentitiesOnly=yes", "BatchMode=yes", f"UserKnownHostsFile={known}"]
        words = [word for option in options for word in ("-o", option)]
        where = f"{user}@{self.site.host.address}"
        way = ["ssh", "-F", "/dev/null", "-i", str(self.key(name)), *words, where, "id -un"]
        if tool(*way, check=False) == f"{user}\n":
            return True
        self.site.host.run("fail2ban-client unban --all; systemctl restart ssh")  # so we may go on
        return False


@pytest.fixture(scope="module", params=SUITES)
def team(rig, template, tmp_path_factory, request):
    """Two who have secured a new server, on which their provider had put the rig's key."""
    host = rig.up(f"team-{request.param}", suite=request.param)
    folder = tmp_path_factory.mktemp("team")
    shutil.copy(host.key, folder / "founder")
    shutil.copy(host.key.with_suffix(".pub"), folder / "founder.pub")
    team = Team(Site(Baker(template, folder).bake(), host, SSH_USER="deploy"), folder)
    team.join("alice", "bob")
    team.output = team.fab("founder", "secure")
    yield team
    host.down()


def keys_there(team):
    return team.site.host.run("cat ~deploy/.ssh/authorized_keys").stdout.splitlines()


def test_who_has_a_file_may_log_in_and_secure_for_the_others(team):
    assert "key added: alice.pub" in team.output
    assert team.may_log_in("alice")
    assert team.may_log_in("bob")
    assert not team.may_log_in("carol")
    assert "key added" not in team.fab("alice", "secure")
    assert team.site.host.run("stat -c '%a %U:%G' ~deploy/.ssh/authorized_keys").stdout == (
        "600 deploy:deploy\n"
    )


def test_status_says_whose_keys_are_there(team):
    output = team.fab("bob", "status", status=1)  # nothing is live
    assert "✓ keys:        as deploy: alice.pub, bob.pub; not in deploy/keys: " in output
    team.join("carol")
    output = team.fab("bob", "status", status=1)
    assert "✗ keys:        carol.pub may not log in yet; as deploy: alice.pub, bob.pub" in output
    assert "; type fab secure" in output
    team.leave("carol")


def test_a_file_that_is_gone_takes_its_key_away_and_keys_of_others_stay(team):
    host = team.site.host
    host.run("echo '# by hand' >>~deploy/.ssh/authorized_keys")
    zoe = team.key("zoe").with_suffix(".pub").read_text()
    host.run("cat >>~deploy/.ssh/authorized_keys", input=zoe)
    team.leave("bob")
    assert "the file bob.pub is gone, and its key still lets in" in team.fab(
        "alice", "status", status=1
    )
    assert "key removed: bob.pub" in team.fab("alice", "secure")
    assert not team.may_log_in("bob")
    assert team.may_log_in("zoe")
    assert team.may_log_in("alice")
    assert "# by hand" in keys_there(team)


def test_who_removes_their_own_file_is_not_locked_out(team):
    team.join("bob")
    team.fab("alice", "secure")
    team.leave("alice")
    output = team.fab("alice", "secure")
    assert "the key of alice.pub stays: it is the one that you use now" in output
    assert team.may_log_in("alice")
    assert "key removed: alice.pub" in team.fab("bob", "secure")
    assert not team.may_log_in("alice")


def test_the_first_key_goes_as_well_once_it_has_had_a_file(team):
    team.join("founder")
    team.fab("founder", "secure")
    team.leave("founder")
    team.fab("bob", "secure")
    assert not team.may_log_in("founder")
    assert team.may_log_in("bob")


def test_a_colleague_with_a_user_of_their_own_breaks_nothing_for_the_others(team):
    host = team.site.host
    host.run("useradd --create-home --shell /bin/bash carol; install -d -o carol ~carol/.ssh")
    host.run("echo 'carol ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/carol")
    carol = team.key("carol").with_suffix(".pub").read_text()
    host.run("cat >~carol/.ssh/authorized_keys", input=carol)
    team.site.configure(SSH_USER="carol")
    assert "as deploy: bob.pub" in team.fab("carol", "status", status=1)
    team.fab("carol", "secure")
    team.site.configure(SSH_USER="deploy")
    assert "already so" in team.fab("bob", "secure")
    assert "root" in team.fab("bob", "sudo", "id -un")


def test_a_password_in_the_settings_of_one_changes_nothing_for_the_others(team):
    """deploy uses sudo without a password, as CI does; so does a user of nearly that name."""
    host = team.site.host
    sudo = "runuser -u deploy -- sudo -kn id -un"
    host.run("echo 'dXploy ALL=(ALL:ALL) NOPASSWD: ALL' >>/etc/sudoers.d/mysite")
    before = host.run("cat /etc/sudoers.d/mysite; getent shadow deploy").stdout
    team.site.configure(SSH_PASS="of bob alone")
    output = team.fab("bob", "secure")
    assert "the password stays, SSH_PASS is another: deploy uses sudo already, without a" in output
    assert host.run("cat /etc/sudoers.d/mysite; getent shadow deploy").stdout == before
    assert host.run(sudo).stdout == "root\n"

    host.run("mv /etc/sudoers.d/mysite /root/rule; echo deploy:secret | chpasswd")
    before = host.run("getent shadow deploy").stdout
    team.site.configure(SSH_USER="root")
    host.run("rm /etc/ssh/sshd_config.d/00-mysite.conf; systemctl reload ssh")
    host.run("cat >>~/.ssh/authorized_keys", input=team.key("bob").with_suffix(".pub").read_text())
    team.fab("bob", "secure")
    team.site.configure(SSH_USER="deploy")
    output = team.fab("bob", "secure", status=3)
    assert "That has to work first: nothing was closed" in output
    assert host.run("getent shadow deploy").stdout == before
    assert not (host.root / "etc/sudoers.d/mysite").exists()
    host.run("mv /root/rule /etc/sudoers.d/mysite; passwd -qd deploy; passwd -ql deploy")
    team.site.configure(SSH_PASS="")

    output = team.fab("bob", "secure")  # with a user of their own, while others deploy as root
    told = output.partition("root may still log in, as colleagues deploy as root: ")[2]
    assert "bob.pub of mysite" in told.partition("\n")[0]
    assert team.may_log_in("bob", user="root")
    command = output.partition('fab sudo "')[2].partition('" secure')[0]
    team.fab("bob", "sudo", command, "secure")
    assert "deploy/keys" not in host.run("cat ~/.ssh/authorized_keys").stdout
    assert not team.may_log_in("bob", user="root")


def test_a_file_that_is_no_key_is_refused_before_contact(team):
    file = team.site.project / "deploy/keys/dave.pub"
    file.write_bytes(team.key("dave").read_bytes())
    before = keys_there(team)
    host = team.site.host
    team.site.configure(HOSTS=["192.0.2.1"])
    (line,) = team.fab("bob", "secure", status=2).splitlines()[1:]
    assert line.startswith("deploy/keys/dave.pub: it is a private key")
    team.site.configure(HOSTS=[host.address])
    file.unlink()
    assert keys_there(team) == before


def test_a_link_in_the_place_of_the_file_is_not_followed(team):
    host = team.site.host
    host.run("cd ~deploy/.ssh; mv authorized_keys kept; ln -s kept authorized_keys")
    team.join("erin")
    output = team.fab("bob", "secure", status=1)
    assert "authorized_keys is a symbolic link" in output
    assert not team.may_log_in("erin")
    host.run("cd ~deploy/.ssh; mv kept authorized_keys")
