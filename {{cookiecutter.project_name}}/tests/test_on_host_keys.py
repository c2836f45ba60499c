"""Whose keys may log in: the lines of authorized_keys."""

import base64
import os
import pwd

import pytest

from deploy.on_host import authorized, key_files, public_keys
from deploy.on_host.site import Refused, Site

ME = pwd.getpwuid(os.getuid()).pw_name
SITE = Site("garden", "/srv/garden")


def public(seed, comment=""):
    """Return a line with a public key, of which nobody has the private one."""
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes([seed]) * 32
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} {comment}".strip()


def blob(line):
    return public_keys.find(line).key


ALICE, BOB, CAROL = public(1, "alice@laptop"), public(2, "bob@desk"), public(3)
OF_ALICE = f"{ALICE} (deploy/keys/alice.pub of garden)"
OF_BOB = f"{BOB} (deploy/keys/bob.pub of garden)"
OF_FAB = f"{BOB} (fab secure of garden)"
OF_OTHERS = [
    "# the team's",
    "",
    f'from="10.0.0.0/8",command="echo \\"a b\\" ssh-rsa AAAAno" {CAROL} carol',
    f"{CAROL} (deploy/keys/carol.pub of orchard)",
    "no key at all \udcff",
    f"{public(9)}\r",
]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home on the server, whose user is whoever runs the tests; there is no other user."""
    rest = (os.getgid(), "", str(tmp_path), "/bin/sh")
    account = pwd.struct_passwd((ME, "x", os.getuid(), *rest))
    listed = [pwd.struct_passwd((ME, "x", 1000, *rest))]
    monkeypatch.setattr(key_files.pwd, "getpwnam", {ME: account}.__getitem__)
    monkeypatch.setattr(key_files.pwd, "getpwall", lambda: listed)
    monkeypatch.setattr(key_files, "patterns", lambda user: [".ssh/authorized_keys", ".ssh/two"])
    monkeypatch.setattr(key_files, "LOCK", tmp_path / "lock")
    return tmp_path


def there(home, *lines):
    """Put lines into authorized_keys, or return those that are there."""
    path = home / ".ssh/authorized_keys"
    if lines:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        text = "\n".join(lines)
        path.write_text(text, "utf-8", "surrogateescape", newline="")
    content = path.read_bytes().decode("utf-8", "surrogateescape")
    return content.removesuffix("\n").split("\n")


def authorize(keys, using=""):
    files = {f"{name}.pub": line for name, line in keys.items()}
    return authorized.authorize(SITE, ME, files, using)["changes"]


# The lines on the server


def test_keys_of_files_are_added_below_what_is_there(home):
    before = there(home, *OF_OTHERS)
    assert authorize({"alice": ALICE, "bob": BOB}) == ["key added: alice.pub", "key added: bob.pub"]
    assert there(home) == [*before, OF_ALICE, OF_BOB]
    assert authorize({"alice": ALICE, "bob": BOB}) == []


def test_a_file_that_is_gone_takes_its_key_away_and_no_other(home):
    there(home, *OF_OTHERS, OF_BOB, OF_ALICE, OF_BOB)
    assert authorize({"alice": ALICE}) == ["key removed: bob.pub", "key removed: bob.pub"]
    assert there(home) == [*OF_OTHERS, OF_ALICE]


def test_the_key_that_is_used_now_is_not_taken_away(home):
    there(home, OF_ALICE, OF_BOB)
    assert authorize({}, using=blob(BOB)) == [
        "key removed: alice.pub",
        "the key of bob.pub stays: it is the one that you use now",
    ]
    assert there(home) == [OF_BOB]


def test_a_key_that_others_put_there_as_well_stays_and_that_is_told(home):
    there(home, BOB, OF_BOB)
    told = authorize({})
    assert told[0] == "key removed: bob.pub"
    assert "is there by other means as well, and stays: bob@desk SHA256:" in told[1]
    assert there(home) == [BOB]


def test_a_file_that_was_renamed_or_whose_key_is_another_changes_its_line(home):
    there(home, OF_ALICE)
    assert authorize({"alicia": ALICE}) == []
    assert there(home) == [OF_ALICE.replace("alice.pub", "alicia.pub")]
    assert authorize({"alicia": CAROL}) == ["key removed: alicia.pub", "key added: alicia.pub"]


def test_a_key_of_fab_secure_stays_until_a_file_had_it(home):
    there(home, OF_FAB)
    assert authorize({}) == []
    assert there(home) == [OF_FAB]
    assert authorize({"bob": BOB}) == []
    assert there(home) == [OF_BOB]
    assert authorize({"alice": ALICE}) == ["key removed: bob.pub", "key added: alice.pub"]


def test_options_that_were_added_by_hand_stay(home):
    options = 'from="10.0.0.0/8",no-pty'
    there(home, f"{options} {OF_ALICE}", f"{options} {OF_FAB}")
    assert authorize({"alice": ALICE, "bob": BOB}) == []
    assert there(home) == [f"{options} {OF_ALICE}", f"{options} {OF_BOB}"]


def test_a_line_of_ours_may_end_with_blanks_or_as_on_windows(home):
    there(home, f"{OF_ALICE} ", f"{OF_BOB}\r")
    assert authorize({}) == ["key removed: alice.pub", "key removed: bob.pub"]


def test_two_projects_with_one_user_leave_each_other_their_keys(home):
    there(home, OF_ALICE)
    orchard = Site("orchard", "/srv/orchard")
    authorized.authorize(orchard, ME, {"alice.pub": ALICE}, "")
    assert len(there(home)) == 2
    authorize({})
    assert there(home) == [OF_ALICE.replace("garden", "orchard")]


def test_the_first_key_of_a_new_user_is_there_with_the_options_that_it_had(home, monkeypatch):
    of_login = ['command="echo no" ' + CAROL, f'from="10.0.0.0/8" {BOB}', "# a comment", ALICE]
    lines_of = key_files.lines
    monkeypatch.setattr(
        key_files, "lines", lambda user: of_login if user == "provider" else lines_of(user)
    )
    changes = authorized.admit(SITE, ME, "provider", [ALICE])["changes"]
    assert [line.split(" SHA256")[0] for line in changes] == [
        "key added: alice@laptop",
        "key added: bob@desk",
    ]
    assert there(home) == [f"{ALICE} (fab secure of garden)", f'from="10.0.0.0/8" {OF_FAB}']
    assert authorized.admit(SITE, ME, "provider", [ALICE])["changes"] == []
    assert (home / ".ssh").stat().st_mode & 0o777 == 0o700
    assert (home / ".ssh/authorized_keys").stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed_and_nothing_is_half_done(home):
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "authorized_keys").write_text(BOB)
    (home / ".ssh").symlink_to(elsewhere)
    with pytest.raises(Refused, match=r"\.ssh is not a directory, or a symbolic link"):
        authorize({"alice": ALICE})
    (home / ".ssh").unlink()
    (home / ".ssh").mkdir()
    (home / ".ssh/authorized_keys").symlink_to(elsewhere / "authorized_keys")
    with pytest.raises(Refused, match="is a symbolic link"):
        authorize({"alice": ALICE})
    assert (elsewhere / "authorized_keys").read_text() == BOB
    assert os.listdir(home / ".ssh") == ["authorized_keys"]


def test_what_is_left_of_a_run_that_was_cut_off_does_no_harm(home):
    there(home, BOB)
    (home / ".ssh/.authorized_keys.new").symlink_to(home / "lock")
    authorize({"alice": ALICE})
    assert there(home) == [BOB, OF_ALICE]
    assert (home / "lock").read_text() == ""


def test_sshd_says_which_file_it_reads(monkeypatch, home):
    monkeypatch.undo()
    root = pwd.getpwnam("root").pw_dir
    monkeypatch.setattr(key_files, "patterns", lambda user: ["none"])
    with pytest.raises(Refused, match="AuthorizedKeysFile"):
        key_files.path_of("root")
    monkeypatch.setattr(key_files, "patterns", lambda user: ["/etc/keys/%u%%", "%h/k"])
    assert [str(path) for path in key_files.paths("root")] == ["/etc/keys/root%", f"{root}/k"]


# Status


def shown(keys):
    return authorized.shown(SITE, ME, {f"{name}.pub": line for name, line in keys.items()})


def test_status_names_whose_keys_are_there(home):
    there(home, OF_ALICE, OF_FAB, f"{CAROL} \x1b[2Jroot")
    (home / ".ssh/two").write_text(public(7, "late"))
    words, wrong = shown({"alice": ALICE})
    assert words.startswith(f"as {ME}: alice.pub; not in deploy/keys: bob@desk SHA256:")
    assert "late SHA256:" in words
    assert words.isprintable()
    assert wrong == []


def test_status_names_what_differs_from_the_files(home):
    assert shown({}) == (f"as {ME}: none", [])
    there(home, OF_ALICE)
    words, wrong = shown({"bob": BOB})
    assert wrong == [
        "the file alice.pub is gone, and its key still lets in",
        "bob.pub may not log in yet",
    ]


def test_a_colleague_with_a_user_of_their_own_is_told_the_keys_of_the_user_of_deploys(home):
    there(home, OF_ALICE)
    assert authorized.users_with_keys(SITE) == [ME]
    assert authorized.users_with_keys(Site("orchard", "/srv/orchard")) == []


def test_the_files_of_colleagues_who_deploy_as_root_are_named_unless_sshd_is_closed_to_root(
    home, monkeypatch
):
    settings = "permitrootlogin without-password\nauthorizedkeysfile .ssh/authorized_keys\n"
    monkeypatch.setattr(key_files, "settings_of_sshd", lambda user: settings)
    lines_of = {"root": [BOB, OF_ALICE, OF_FAB, f"{CAROL} (deploy/keys/carol.pub of orchard)"]}
    monkeypatch.setattr(key_files, "lines", lambda user: lines_of.get(user, []))
    found = authorized.deployers_as_root(SITE)["files"]
    assert found == ["alice.pub of garden", "carol.pub of orchard"]
    settings = "permitrootlogin no\n"
    assert authorized.deployers_as_root(SITE)["files"] == []
