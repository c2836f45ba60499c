"""Searching with SQLite, as on a laptop: as Mezzanine does it, by the letters of each text.

What a live site finds, by the full text of PostgreSQL, the template tests.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import now
from growing import cost
from mezzanine.blog.models import BlogPost
from mezzanine.core.managers import SearchableQuerySet
from mezzanine.core.models import Displayable
from mezzanine.generic.models import Keyword
from originals import original

from navigation import vectors

pytestmark = pytest.mark.django_db
theirs = original("mezzanine.core.managers.SearchableManager.search")


@pytest.fixture(autouse=True)
def posts(monkeypatch):
    """Posts in a database that is not PostgreSQL, or does as if."""
    monkeypatch.setattr(connection, "vendor", "sqlite")
    for title, content in [
        ("Rye", "<p>Black bread</p>"),
        ("Breadcrumbs", "A thousand of them"),
        ("Butter", "For the bread, and black bread at that"),
    ]:
        fields = {"publish_date": now() - timedelta(days=30), "user_id": 1}
        BlogPost.objects.create(title=title, content=content, **fields)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("bread", {"Rye", "Breadcrumbs", "Butter"}),
        ("crumb", {"Breadcrumbs"}),
        ('"black bread"', {"Rye", "Butter"}),
        ("+black +butter", {"Butter"}),
        ("bread -black", {"Breadcrumbs"}),
        ("-bread", set()),
    ],
)
def test_it_is_as_in_mezzanine(query, found):
    results = Displayable.objects.search(query)
    assert isinstance(results, list)
    assert {post.title for post in results if isinstance(post, BlogPost)} == found
    expected = theirs(Displayable.objects, query)
    assert [(post, post.title) for post in results] == [(post, post.title) for post in expected]


def test_a_model_needs_no_date_of_publication():
    Keyword.objects.create(title="Spelt bread")
    keywords = SearchableQuerySet(Keyword, search_fields={"title": 1}).search("spelt")
    assert [keyword.title for keyword in keywords.annotate_scores()] == ["Spelt bread"]


def test_migrate_makes_nothing_for_it(monkeypatch):
    with cost(monkeypatch) as found:
        vectors.fill("default")
    assert found.statements == []
