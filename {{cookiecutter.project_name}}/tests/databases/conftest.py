"""A site whose database is on another host; PostgreSQL stands aside."""

from types import SimpleNamespace

import pytest
from garden_elsewhere import URL

from deploy.on_host import deployed, postgres
from deploy.on_host.site import Site


@pytest.fixture
def site(tmp_path):
    site = Site("garden", tmp_path)
    site.releases.mkdir()
    site.current.symlink_to("releases/2")
    site.state.mkdir()
    site.shared.mkdir()
    (site.shared / "secrets.json").write_text('{"db_pass": "kept here"}')
    deployed.keep(site, "1", {"GUNICORN_PORT": 8000})
    deployed.keep(site, "2", {"DATABASE": URL, "ENVIRONMENT": "production"})
    return site


@pytest.fixture
def sent(monkeypatch):
    """What programs of PostgreSQL were run, a list of (user, words, SQL, environment).

    Those whose SQL has a word of .refused fail with its text; the others answer .answer.
    """

    class Sent(list):
        @property
        def statements(self):
            return [sql for _user, _words, sql, _environment in self]

    sent = Sent()
    sent.refused, sent.answer = {}, "1\0"

    def run(words, input=None, env=None, **_):
        assert words[:2] == ["runuser", "-u"]
        sent.append((words[2], words[4:], input, env))
        told = [told for word, told in sent.refused.items() if word in (input or "")]
        return SimpleNamespace(returncode=bool(told), stdout=sent.answer, stderr="".join(told))

    monkeypatch.setattr(postgres.subprocess, "run", run)
    return sent
