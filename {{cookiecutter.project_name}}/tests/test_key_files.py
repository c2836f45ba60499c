"""The public keys of colleagues in deploy/keys: which files are taken, and why one is not."""

import base64
import shutil
import subprocess
from types import SimpleNamespace

import pytest
from test_on_host_keys import ALICE, BOB, CAROL, blob, public

from deploy import colleagues, hardening
from deploy.on_host import public_keys
from deploy.on_host.public_keys import Malformed


def read(monkeypatch, tmp_path, **files):
    monkeypatch.setattr(colleagues, "DIRECTORY", tmp_path)
    for name, content in files.items():
        path = tmp_path / name.replace("_", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return colleagues.read()


def test_a_file_of_one_key_is_read_with_its_comment(monkeypatch, tmp_path):
    keys, wrong = read(
        monkeypatch, tmp_path, alice_pub=f"{ALICE}\n", bob_pub=public(2, "José (his MacBook)")
    )
    assert wrong == []
    assert keys == {"alice.pub": ALICE, "bob.pub": public(2, "José (his MacBook)")}


@pytest.mark.parametrize(
    "content", [f"{ALICE}\n\n", f" {ALICE} ", ALICE.replace(" ", "\t"), f"\n\t{ALICE}\n \n"]
)
def test_white_space_around_the_words_of_a_key_is_no_matter(monkeypatch, tmp_path, content):
    assert read(monkeypatch, tmp_path, alice_pub=content) == ({"alice.pub": ALICE}, [])


def test_the_key_of_whoever_secures_may_have_a_comment_in_any_encoding(tmp_path):
    (tmp_path / "key.pub").write_bytes(f"{CAROL} jos\xe9\n".encode("latin-1"))
    config = SimpleNamespace(ssh_key_path=str(tmp_path / "key"))
    connection = SimpleNamespace(connect_kwargs={})
    (line,) = hardening.public_keys(SimpleNamespace(config=config, connection=connection))
    assert blob(line) == blob(CAROL)


def test_what_explains_the_directory_is_no_key(monkeypatch, tmp_path):
    assert read(monkeypatch, tmp_path, README_md="who is who", _gitkeep="") == ({}, [])
    monkeypatch.setattr(colleagues, "DIRECTORY", tmp_path / "none")
    assert colleagues.read() == ({}, [])


def rsa(bits):
    number = (1 << (bits - 1) | 1).to_bytes(bits // 8 + 1, "big")
    fields = (b"ssh-rsa", b"\1\0\1", number)
    made = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    return f"ssh-rsa {base64.b64encode(made).decode()} x"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3\n", "it is a private key"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMI\n", "it is a private key"),
        (f"{ALICE}\n{BOB}\n", "it has 2 lines"),
        (f"{ALICE}\r\n", r"sed -i 's/\r$//' deploy/keys/alice.pub"),
        (f'from="10.0.0.1" {ALICE}', "it begins with options"),
        (f"restrict {ALICE}", "it begins with options"),
        (f"\ufeff{ALICE}", "it is not a public key"),
        (ALICE.encode("utf-16"), "it is not in UTF-8"),
        (f"# alice\n{ALICE}\n", "it has 2 lines"),
        ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", "ssh-keygen -i -f deploy/keys/alice.pub"),
        (ALICE.split()[1], "it is not a public key"),
        (ALICE.replace("ssh-ed25519", "ssh-rsa", 1), "its key is damaged"),
        (ALICE.replace("ssh-ed25519", "ssh-dss", 1), "it is not a public key"),
        (ALICE.split()[0] + " " + ALICE.split()[1][:-8], "its key is damaged"),
        (public(1) + "AAAA", "its key is damaged"),
        ("ssh-ed25519-cert-v01@openssh.com AAAAIHNz c", "it is a certificate"),
        (rsa(1024), "an RSA key of 1024 bits is too weak"),
        (f"{ALICE} \x1b[2J", "odd characters"),
        (f"{ALICE} $(id)", "odd characters"),
        (f"{ALICE} `id`; \\", "odd characters"),
        (f"{ALICE} \u202eexe", "odd characters"),
    ],
)
def test_a_file_that_is_no_public_key_is_one_line_with_its_name(
    monkeypatch, tmp_path, content, words
):
    keys, (line,) = read(monkeypatch, tmp_path, alice_pub=content)
    assert keys == {}
    assert line.startswith("deploy/keys/alice.pub: ")
    assert words in line
    assert line.isprintable()


def test_a_key_of_which_ssh_knows_the_kind_is_taken():
    assert public_keys.parse(f"{rsa(2048)}\n".encode()).comment == "x"


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="there is no ssh-keygen")
@pytest.mark.parametrize("kind", [["rsa", "-b", "2048"], ["ecdsa"], ["ecdsa", "-b", "521"]])
def test_what_ssh_keygen_makes_is_taken_and_has_its_fingerprint(tmp_path, kind):
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", *kind, "-N", "", "-C", "a b", "-f", path], check=True)
    key = public_keys.parse(path.with_suffix(".pub").read_bytes())
    shown = subprocess.check_output(["ssh-keygen", "-l", "-f", path], text=True)
    assert key.fingerprint in shown
    assert key.comment == "a b"


def test_one_key_in_two_files_and_odd_names_are_refused(monkeypatch, tmp_path):
    wrong = read(monkeypatch, tmp_path, alice_pub=ALICE, zoe_pub=ALICE)[1]
    assert wrong == ["deploy/keys/zoe.pub: it is the key of alice.pub; remove one of the two"]
    (tmp_path / "zoe.pub").unlink()
    (tmp_path / "a\n(b).pub").write_text(BOB)
    (tmp_path / "bob.txt").write_text(BOB)
    (tmp_path / "id_ed25519").write_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    (tmp_path / "link.pub").symlink_to("/nowhere")
    (tmp_path / "tree.pub").mkdir()
    wrong = colleagues.read()[1]
    assert len(wrong) == 5
    assert all(line.isprintable() for line in wrong)
    assert "id_ed25519: it is a private key" in "\n".join(wrong)


def test_a_file_is_refused_where_it_stands_alone():
    with pytest.raises(Malformed):
        public_keys.parse(b"ssh-ed25519 AAAA")
