"""How new what several hosts have in common is, as each of them knows it."""

import pytest

from deploy.on_host import common, standing
from deploy.on_host.site import Refused, Site


@pytest.fixture
def site(tmp_path, monkeypatch):
    for folder in ("state", "shared"):
        (tmp_path / folder).mkdir()

    def take(site, things):
        (site.shared / "secrets.json").write_text(things["secrets"])
        return {"changed": list(things)}

    monkeypatch.setattr(common, "take", take)
    monkeypatch.setattr(standing, "write", lambda path, text, **_options: path.write_text(text))
    return Site("garden", tmp_path)


def test_each_change_of_what_is_common_is_a_version_more(site):
    assert standing.version(site) == 0
    (site.shared / "secrets.json").write_text("one")
    assert [standing.version(site), standing.version(site)] == [1, 1]
    (site.state / "backup-keys.json").write_text("two")
    assert standing.version(site) == 2


def test_a_host_takes_the_version_with_what_is_given_and_none_that_is_older(site):
    standing.take(site, {"secrets": "newer"}, 3)
    assert standing.version(site) == 3
    with pytest.raises(Refused, match="newer here: version 3, not 2"):
        standing.take(site, {"secrets": "older"}, 2)
    assert (site.shared / "secrets.json").read_text() == "newer"
