"""The names of a site, and the place of its certificates."""

import pytest
from ledgers import NOW, last_two_labels

from deploy.on_host.acme import place
from deploy.on_host.acme.ledger import Ledger
from deploy.on_host.site import Site


@pytest.fixture
def kept(tmp_path):
    """A ledger that knows the names one.example and two.example, the second the newest."""
    kept = Ledger(tmp_path / "ledger", last_two_labels)
    kept.note_names(["two.example", "one.example"], NOW)
    return kept


@pytest.fixture
def there(tmp_path):
    """The place of a site's certificates."""
    there = place.Place(Site("garden", tmp_path))
    for folder in (there.trusted, there.status.parent, there.challenges):
        folder.mkdir(parents=True)
    return there
