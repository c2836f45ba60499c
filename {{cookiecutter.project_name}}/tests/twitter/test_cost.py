"""What X charges, at most, and the budget that it does not exceed."""

import pytest
from fake_x import BEARER
from forms import fields_of
from polls import EXAMPLE, configure, pass_time, poll, polled, shown

from feeds.credentials import Credentials
from feeds.models import Feed
from feeds.questions import LIST, SEARCH, USER
from feeds.sources import Question
from feeds.x import X

EXAMPLE_USER = 'tweets_for_user "example_org" 5'


def spent():
    """Return what all feeds can have cost today, in US dollars."""
    return sum(feed.spent for feed in Feed.objects.all()) / 1000


def test_posts_and_users_are_counted_with_all_that_is_sent_along(site):
    polled(EXAMPLE_USER)
    name, tweets, retweeted, authors = 0.010, 5 * 0.005, 0.005, 2 * 0.010
    assert spent() == pytest.approx(name + tweets + retweeted + authors)


def test_nothing_new_costs_nothing(site):
    polled(EXAMPLE_USER)
    before = spent()
    for _ in range(5):
        pass_time(minutes=10)
        poll()
    assert spent() == before


def test_what_was_paid_for_in_vain_counts_and_is_not_bought_again(site, x):
    x.faults[f"{EXAMPLE}/tweets"] = "error_503_html"
    shown(EXAMPLE_USER)
    for _ in range(3):
        poll()
        pass_time(minutes=10)
    assert spent() == 0.010
    assert x.paths().count("users/by/username/example_org") == 1
    x.faults.clear()
    for raw in x.posts.values():
        raw.pop("created_at")
    assert poll().status == 1
    assert spent() == pytest.approx(0.010 + 2 * 0.050)  # once in each vocabulary


def test_a_list_is_charged_once_a_day_for_what_it_shows_again(site, x):
    polled("tweets_for_list 84 3")
    first = spent()
    pass_time(hours=1)
    poll()
    assert spent() == first
    x.lists["84"].append(x.add(EXAMPLE, "News"))
    pass_time(hours=1)
    poll()
    assert spent() == pytest.approx(first + 0.005 + 0.010)
    pass_time(days=1)
    poll()
    assert spent() > 0.03


def test_the_least_that_x_takes_is_asked_for(site, x):
    shown('tweets_for_user "example_org" 1')
    shown("tweets_for_list 84 2")
    shown('tweets_for_search "one" 3')
    poll()
    sizes = {request.path.split("/")[2]: request.query.get("max_results") for request in x.requests}
    assert sizes == {"users": "5", "lists": "2", "tweets": "10"}


def test_never_more_than_a_page_is_asked_for(site, x):
    configure(DAILY_BUDGET=10)
    for number in range(150):
        x.add(EXAMPLE, f"News {number}")
    assert len(polled('tweets_for_user "example_org" 1000')) == 100
    assert len(x.requests) == 2


def test_the_budget_is_not_exceeded_and_told_of_once_a_day(site, x):
    configure(DAILY_BUDGET=0.5)
    shown('tweets_for_search "one" 3')
    told = []
    for _ in range(60):
        for number in range(10):
            x.found.append(x.add(EXAMPLE, f"News {number}"))
        pass_time(minutes=10)
        told.append(poll())
    assert 0.2 <= spent() <= 0.5
    assert {result.status for result in told} == {0}
    assert not any(result.err for result in told)
    (line,) = "".join(result.out for result in told).splitlines()
    assert "the budget of the day, $0.500" in line
    assert len(x.requests) < 10


def test_the_next_day_has_a_budget_of_its_own(site, x):
    configure(DAILY_BUDGET=0.32)
    shown('tweets_for_search "one" 3')
    poll()
    pass_time(minutes=10)
    poll("--force")
    assert len(x.requests) == 1
    pass_time(days=1)
    poll()
    assert len(x.requests) == 3  # the search, and whether what it found is still there


def test_a_larger_budget_counts_at_once(site, x, browse):
    configure(DAILY_BUDGET=0)
    shown(EXAMPLE_USER)
    poll()
    assert not x.requests
    admin = browse("admin")
    fields = fields_of(admin.get("/admin/conf/setting/"), "#settings-form")
    admin.post("/admin/conf/setting/", fields | {"TWITTER_DAILY_BUDGET": "1.5"})
    poll()
    assert len(x.requests) == 2


def test_neither_purge_nor_force_makes_the_budget_larger(site, x):
    configure(DAILY_BUDGET=0.15)
    shown(EXAMPLE_USER)
    for _ in range(3):
        poll("--force")
        poll("--purge")
    assert len(x.requests) == 2
    assert "is left of the budget" in poll("--dry-run", "--force").out


def test_a_question_costs_no_more_than_was_foreseen(site, x):
    """However the posts refer to others, and whatever is sent along."""
    configure(DAILY_BUDGET=10)
    for number in range(40):
        author = str(5000 + number)
        x.users[author] = {"id": author, "name": author, "username": f"user{number}"}
        quoted = x.add(author, "Quoted")
        reference = [{"type": "quoted", "id": quoted}]
        x.lists["84"].append(x.add(EXAMPLE, "Quotes", referenced_tweets=reference))
        x.found.append(x.lists["84"][-1])
    for type, value in ((USER, "example_org"), (LIST, "84"), (SEARCH, "one")):
        limit = X.limit(type, 10)
        source = X(Credentials(bearer_token=BEARER), x.url)
        page = source.fetch(Question(type, value, limit))
        assert 0 < page.cost <= X.most(Question(type, value, limit))
