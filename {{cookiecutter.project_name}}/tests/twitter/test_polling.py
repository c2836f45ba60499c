"""From X, by the command that cron runs, into the pages."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.backends.sqlite3.base import DatabaseWrapper
from fake_x import BEARER, CONSUMER, TOKEN
from polls import EXAMPLE, configure, pass_time, poll, polled, shown, statements

from feeds import locking, polling
from feeds.locking import only_one
from feeds.models import Feed, Post

USER = 'tweets_for_user "example_org" 5'


def test_a_feed_that_a_page_shows_is_there_after_the_next_poll(site, x):
    assert shown(USER) == []
    assert poll().status == 0
    assert [tweet.user_name for tweet in shown(USER)] == [*["example_org"] * 3, "ada_example"] + [
        "example_org"
    ]
    assert x.paths() == ["users/by/username/example_org", f"users/{EXAMPLE}/tweets"]


def test_a_list_and_a_search_are_polled_as_well(site, x):
    assert [tweet.remote_id[-2:] for tweet in polled("tweets_for_list 84 3")] == ["07", "10", "01"]
    assert [tweet.remote_id[-2:] for tweet in polled('tweets_for_search "#SpringFair"')] == [
        *["13", "12", "11"]
    ]
    assert x.requests[0].query["max_results"] == "3"
    assert x.requests[1].query["query"] == "#SpringFair"


def test_a_list_shows_one_tweet_of_each_user(site, x):
    newest = x.add(EXAMPLE, "Newer")
    x.lists["84"].append(newest)
    tweets = polled("tweets_for_list 84 4")
    assert [tweet.remote_id for tweet in tweets if tweet.user_name == "example_org"] == [newest]


def test_the_four_keys_are_enough(site, x):
    configure(
        BEARER_TOKEN="",
        CONSUMER_KEY=f" {CONSUMER[0]}\n",
        CONSUMER_SECRET=CONSUMER[1],
        ACCESS_TOKEN_KEY=TOKEN[0],
        ACCESS_TOKEN_SECRET=f"{TOKEN[1]}\t",
    )
    assert len(polled('tweets_for_search "a & b/é*~"')) == 3
    assert x.requests[0].headers["Authorization"].startswith("OAuth ")


def test_the_four_keys_are_preferred_because_they_are_cheaper(site, x):
    keys = ["CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN_KEY", "ACCESS_TOKEN_SECRET"]
    configure(**dict(zip(keys, [*CONSUMER, *TOKEN], strict=True)))
    assert len(polled(USER)) == 5
    assert x.requests[0].headers["Authorization"].startswith("OAuth ")


@pytest.mark.parametrize("pasted", [f"Bearer {BEARER}", f" {BEARER[:4]} \n{BEARER[4:]}\u200b"])
def test_a_token_may_be_pasted_with_white_space(site, pasted):
    configure(BEARER_TOKEN=pasted)
    assert len(polled(USER)) == 5


def test_only_what_is_new_is_asked_for(site, x):
    polled(USER)
    newest = x.add(EXAMPLE, "News")
    pass_time(minutes=10)
    assert polled(USER)[0].remote_id == newest
    assert x.requests[-1].query["since_id"] == "1990000000000000007"
    assert len(x.requests) == 3


def test_the_id_of_a_user_is_asked_for_once(site, x):
    polled(USER)
    for _ in range(3):
        pass_time(hours=1)
        poll()
    assert x.paths().count("users/by/username/example_org") == 1
    assert x.paths().count(f"users/{EXAMPLE}/tweets") == 4


@pytest.mark.parametrize("new", [0, 1, 100])
def test_a_steady_feed_takes_one_request_and_three_statements(site, x, new):
    configure(DAILY_BUDGET=10)
    shown('tweets_for_user "example_org" 100')
    poll()
    pass_time(minutes=10)
    for number in range(new):
        x.add(EXAMPLE, f"News {number}")
    before = len(x.requests)
    _, sql = statements(poll)
    written = [line for line in sql if not line.startswith("SELECT")]
    assert len(x.requests) - before == 1
    assert len(written) <= 3, written
    assert len(sql) - len(written) == 3  # sites, settings, feeds
    assert len(shown('tweets_for_user "example_org" 100')) == min(5 + new, 100)


def test_a_tweet_of_two_feeds_is_stored_once(site):
    polled(USER)
    polled("tweets_for_list 84 3")
    assert Post.objects.filter(remote_id="1990000000000000007").get().feeds.count() == 2


def test_nothing_is_asked_before_the_interval_is_over(site, x):
    polled(USER)
    polled("tweets_for_list 84 3")
    asked = len(x.requests)
    pass_time(minutes=8)
    poll()
    assert len(x.requests) == asked
    pass_time(minutes=1, seconds=55)  # cron is not on time to the second
    poll()
    assert x.paths()[asked:] == [f"users/{EXAMPLE}/tweets"]
    pass_time(minutes=50)
    poll()
    assert x.paths()[asked + 1 :] == ["lists/84/tweets", f"users/{EXAMPLE}/tweets"]


def test_intervals_are_settings(site, x):
    configure(USER_INTERVAL=120)
    polled(USER)
    pass_time(minutes=100)
    poll()
    assert len(x.requests) == 2


def test_what_no_page_shows_any_more_is_left_alone_and_forgotten_after_a_month(site, x):
    polled(USER)
    pass_time(days=4)
    poll()
    assert len(x.requests) == 2
    pass_time(days=27)
    poll()
    assert not Feed.objects.exists()
    assert not Post.objects.exists()


def test_a_feed_that_is_shown_again_is_asked_again(site, x):
    polled(USER)
    pass_time(days=4)
    newest = x.add(EXAMPLE, "News")
    assert polled(USER)[0].remote_id == newest


def test_force_asks_what_is_not_due(site, x):
    polled(USER)
    pass_time(days=4)
    for _ in range(2):
        poll("--force")
    assert x.paths().count(f"users/{EXAMPLE}/tweets") == 3


def test_a_run_that_takes_too_long_leaves_the_rest_to_the_next(site, x, monkeypatch):
    shown(USER)
    monkeypatch.setattr(polling, "LONGEST_RUN", -1)
    assert "the next run goes on" in poll("-v2").out
    assert not x.requests


def test_only_one_of_two_polls_at_a_time_is_let_through(tmp_path, monkeypatch):
    of_a_file = DatabaseWrapper(connection.settings_dict | {"NAME": tmp_path / "dev.db"})
    monkeypatch.setattr(locking, "connection", of_a_file)
    with only_one() as first, only_one() as second:
        assert (first, second) == (True, False)
    with only_one() as third:
        assert third


def test_one_feed_may_be_asked_alone(site, x):
    shown(USER)
    shown("tweets_for_list 84")
    poll("--query", "list:https://x.com/i/lists/84")
    assert x.paths() == ["lists/84/tweets"]


@pytest.mark.parametrize(
    ("query", "status"), [("user", 2), ("people:ada", 2), ("list:owner/slug", 2), ("user:ada", 1)]
)
def test_a_query_that_is_none_is_told_in_one_line(site, x, query, status):
    result = poll("--query", query)
    assert result.status == status
    assert len(result.err.splitlines()) == 1
    assert not x.requests


def test_a_dry_run_tells_the_calls_and_the_cost_and_makes_none(site, x):
    shown(USER)
    configure(DEFAULT_QUERY="spring")
    before = list(Feed.objects.values())
    result = poll("--dry-run")
    assert result.out.splitlines() == [
        "127.0.0.1:8000 user:example_org: GET /2/users/by/username/example_org,"
        " GET /2/users/:id/tweets?max_results=5, $0.120 at most",
        "127.0.0.1:8000 search:spring: GET /2/tweets/search/recent?max_results=10, $0.300 at most",
        "Together $0.420 at most. Nothing was asked.",
    ]
    assert not x.requests
    assert list(Feed.objects.values()) == before


def test_purge_deletes_all_tweets_and_the_next_poll_brings_them_back(site, x):
    polled(USER)
    assert poll("--purge").out == "5 tweets deleted.\n"
    assert not Post.objects.exists()
    assert len(x.requests) == 2
    assert len(polled(USER)) == 5


def test_purge_leaves_what_another_feed_shows(site):
    polled(USER)
    polled("tweets_for_list 84 3")
    poll("--purge", "--query", "user:example_org")
    assert not shown(USER)
    assert len(shown("tweets_for_list 84 3")) == 3


def test_a_site_without_keys_is_silent(db, x):
    configure(DEFAULT_QUERY="spring")
    result = poll()
    assert (result.status, result.out, result.err) == (0, "", "")
    assert not x.requests


def test_a_page_with_tweets_of_a_site_without_keys_is_told_once(db, x):
    shown(USER)
    result = poll()
    assert result.status == 0
    assert "no keys of X" in result.out
    assert poll().out == ""
    assert not x.requests


def test_the_default_query_is_asked_although_no_page_was_visited_yet(site, x):
    configure(DEFAULT_QUERY_TYPE="user", DEFAULT_QUERY="https://x.com/Example_Org?s=20")
    poll()
    assert len(shown("tweets_default")) == 3
    assert x.requests[-1].query["max_results"] == "5"


def test_another_default_query_is_used_by_the_next_poll(site, x):
    configure(DEFAULT_QUERY_TYPE="search", DEFAULT_QUERY="one")
    poll()
    configure(DEFAULT_QUERY="two")
    poll()
    assert [request.query["query"] for request in x.requests] == ["one", "two"]


def test_a_wrong_type_in_settings_py_is_told_by_the_checks(site, settings, browse):
    settings.TWITTER_DEFAULT_QUERY_TYPE = "people"
    settings.TWITTER_DEFAULT_QUERY = "anything"
    with pytest.raises(SystemCheckError, match="user, list or search"):
        call_command("check")
    assert browse().get("/").status_code == 200
    assert poll().status == 0


def test_what_settings_py_takes_from_an_environment_without_it_is_nothing(db, x, settings):
    settings.TWITTER_BEARER_TOKEN = None
    settings.TWITTER_DAILY_BUDGET = "2.5"
    shown(USER)
    assert "no keys of X" in poll().out


@pytest.mark.parametrize(
    "url",
    [
        *["http://api.x.com", "http://127.0.0.1.example.com", "http://localhost@example.com"],
        *["ftp://127.0.0.1", "api.x.com", "", "https://me:secret@example.com"],
    ],
)
def test_keys_are_not_sent_unencrypted_to_another_machine(site, settings, url):
    settings.TWITTER_API_URL = url
    result = poll()
    assert result.status == 1
    assert "TWITTER_API_URL" in result.err
