"""A run with many feeds plans each once, and finds the tweets of none by an anti-join."""

import pytest
from django.utils import timezone
from polls import configure, statements

from feeds import storing
from feeds.models import Feed, Post
from feeds.plan import Plan


def plan(number):
    """Plan a run with that many feeds as poll_twitter --dry-run does; return its cost."""
    counted = {"feeds looked at": 0}
    spent_today = Feed.spent_today

    def count(feed, now):
        counted["feeds looked at"] += 1
        return spent_today(feed, now)

    names = [f"user{index}" for index in range(Feed.objects.count(), number)]
    Feed.objects.bulk_create(
        [Feed(site_id=1, type="user", value=name, asked_at=timezone.now()) for name in names]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Feed, "spent_today", count)
        planned = Plan(timezone.now(), force=True)
        for group in planned.groups():
            planned.over_budget(group, planned.question(group))
    return counted["feeds looked at"] / number


@pytest.mark.usefixtures("site")
def test_planning_looks_at_each_feed_as_often_with_200_as_with_20():
    few = plan(20)
    assert plan(200) == pytest.approx(few, abs=1)


@pytest.mark.usefixtures("site")
def test_what_a_run_spends_counts_for_its_later_questions():
    configure(DAILY_BUDGET="1.00")
    Feed.objects.all().delete()
    Feed.objects.bulk_create(
        [Feed(site_id=1, type="user", value=f"u{n}", asked_at=timezone.now()) for n in range(3)]
    )
    planned = Plan(timezone.now(), force=True)
    spent = []
    for group in planned.groups():
        spent.append(planned.spent(group))
        storing.charge(group.feeds, 300, planned.now)
    assert spent == [0, 300, 600]


@pytest.mark.usefixtures("site")
def test_tweets_of_no_feed_are_found_by_not_exists():
    _, found = statements(storing.delete_orphans)
    assert found
    assert all("NOT IN" not in statement for statement in found)
    assert any("EXISTS" in statement for statement in found)
    assert not Post.objects.exists()
