"""The names of the sites as NGINX has them, without it."""

from types import SimpleNamespace

import pytest

from deploy.on_host import files, server_names
from deploy.on_host.site import Refused, Site


@pytest.fixture
def nginx(monkeypatch, tmp_path):
    """What each command of the system answers, by its first words: a status and its words."""
    answers = {"nginx -t": (0, ""), "systemctl reload": (0, "")}

    def run(words, **options):
        status, said = answers.get(" ".join(words[:2]), (0, ""))
        return SimpleNamespace(returncode=status, stderr=said, stdout=b"")

    monkeypatch.setattr(server_names.subprocess, "run", run)
    for name in ("fchown", "fsync"):
        monkeypatch.setattr(files.os, name, lambda *_: None)
    monkeypatch.setattr(server_names, "is_alone", lambda site: False)
    monkeypatch.setattr(server_names, "answers_tls", lambda names: True)
    monkeypatch.setattr(server_names, "names_of_others", lambda name: {})
    monkeypatch.setattr(server_names, "workers", iter(lambda: {object()}, None).__next__)
    return answers


@pytest.mark.parametrize(
    ("command", "said", "told"),
    [
        ("nginx -t", "[warn] x\n[emerg] no memory\n", "NGINX refuses the names: .emerg. no memory"),
        ("systemctl reload", "nginx.service is not active,\ncannot reload.\n", "active, cannot"),
    ],
)
def test_names_that_nginx_does_not_take_are_told_and_all_is_as_before(
    nginx, tmp_path, command, said, told
):
    site = Site("garden", tmp_path)
    site.state.mkdir()
    server_names.update(site, ["www.garden.example"])
    kept = site.state / "nginx/server_names.conf"
    before = kept.read_text()
    assert before == "server_name www.garden.example;\n"
    nginx[command] = (1, said)
    with pytest.raises(Refused, match=told):
        server_names.update(site, ["www.garden.example", "two.example"])
    assert kept.read_text() == before
