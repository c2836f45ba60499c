"""What is deleted at X is deleted here the next day."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from polls import EXAMPLE, pass_time, poll, polled, shown

from feeds.models import Post

USER, LIST, SEARCH = (
    'tweets_for_user "example_org" 5',
    "tweets_for_list 84 3",
    'tweets_for_search "a"',
)


def endings(tag):
    return [tweet.remote_id[-4:] for tweet in shown(tag)]


@pytest.mark.parametrize(
    ("tag", "gone"),
    [(USER, "0007"), (USER, "0003"), (LIST, "0010"), (LIST, "0001"), (SEARCH, "0012")],
)
def test_a_deleted_tweet_is_gone_the_next_day(site, x, tag, gone):
    before = [tweet.remote_id[-4:] for tweet in polled(tag)]
    x.posts.pop(f"199000000000000{gone}")
    pass_time(hours=2)
    poll()
    if tag != LIST:
        assert endings(tag) == before
    pass_time(days=1)
    poll()
    assert endings(tag) == [ending for ending in before if ending != gone]
    assert not Post.objects.filter(remote_id__endswith=gone).exists()


def test_the_check_is_made_once_a_day(site, x):
    polled(USER)
    polled(SEARCH)
    pass_time(days=1)
    for _ in range(5):
        poll()
        pass_time(minutes=10)
    assert x.paths().count("tweets") == 1
    timelines = [request for request in x.requests if request.path.endswith(f"{EXAMPLE}/tweets")]
    assert ["since_id" in request.query for request in timelines] == [False] * 2 + [True] * 4


def test_nothing_vanishes_when_nothing_was_deleted(site, x):
    before = [len(polled(tag)) for tag in (USER, LIST, SEARCH)]
    for _ in range(3):
        pass_time(days=1)
        poll()
    assert [len(shown(tag)) for tag in (USER, LIST, SEARCH)] == before


def test_a_user_without_tweets_has_none_here(site, x):
    polled(USER)
    x.timelines[EXAMPLE].clear()
    pass_time(days=1)
    poll()
    assert shown(USER) == []


def test_what_x_has_not_shown_for_a_day_is_not_shown_here(site, x):
    """A tweet that is too old for the newest page could be deleted without our notice."""
    polled(USER)
    for number in range(5):
        x.add(EXAMPLE, f"News {number}")
    pass_time(hours=12)
    poll()
    assert len(shown('tweets_for_user "example_org"')) == 10
    pass_time(days=1)
    poll()
    assert [tweet.body[:4] for tweet in shown('tweets_for_user "example_org"')] == ["News"] * 5


def test_a_tweet_that_another_feed_shows_is_left_to_it(site, x):
    polled(USER)
    polled(LIST)
    x.timelines[EXAMPLE].remove("1990000000000000007")
    pass_time(days=1)
    poll()
    assert "0007" not in endings(USER)
    assert "0007" in endings(LIST)


def test_a_search_is_stored_although_x_does_not_say_what_is_gone(site, x):
    polled(SEARCH)
    x.faults["tweets[?]ids"] = "error_403_client_not_enrolled"
    x.found.append(x.add(EXAMPLE, "News"))
    pass_time(days=1)
    poll()
    assert len(shown(SEARCH)) == 4
    x.faults.clear()
    x.posts.pop("1990000000000000012")
    pass_time(minutes=10)
    poll()
    assert len(shown(SEARCH)) == 3


def test_a_member_who_left_a_list_is_not_shown_in_it(site, x):
    polled(LIST)
    x.lists["84"].remove("1990000000000000010")
    pass_time(days=1)
    poll()
    assert endings(LIST) == ["0007", "0001"]


def test_a_page_that_x_cuts_short_deletes_nothing_below_it(site, x):
    polled(USER)

    def cut_short(handler):
        parts = urlsplit(handler.path)
        status, body = handler.server.answer(parts.path, dict(parse_qsl(parts.query)))
        body |= {"data": body["data"][:2], "meta": {"result_count": 2, "next_token": "more"}}
        handler.reply(status, body)

    x.faults[f"{EXAMPLE}/tweets"] = cut_short
    pass_time(hours=13)
    poll()
    assert "since_id" not in x.requests[-1].query
    assert len(shown(USER)) == 5
