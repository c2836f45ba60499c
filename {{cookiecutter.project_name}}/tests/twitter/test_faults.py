"""What X answers when it does not answer: each told once, and the tweets stay where they may."""

import logging

import pytest
from django.db import DatabaseError
from fake_x import BEARER, CONSUMER, TOKEN
from forms import fields_of
from polls import EXAMPLE, configure, pass_time, poll, polled, shown

from feeds import storing
from feeds.models import Feed, Post

USER, LIST = 'tweets_for_user "example_org" 5', "tweets_for_list 84 3"


NEED_A_PERSON = {
    "error_401": "Unauthorized",
    "error_402_credits_depleted": "credits depleted",
    "error_403_client_not_enrolled": "attached to a Project",
    "error_429_usage_cap": "Usage cap exceeded",
}


@pytest.mark.parametrize(("fault", "reason"), NEED_A_PERSON.items())
def test_refused_keys_are_told_once_for_all_feeds_and_not_used_for_an_hour(site, x, fault, reason):
    polled(USER)
    polled(LIST)
    pass_time(hours=1)
    asked = len(x.requests)
    x.faults["tweets"] = fault
    result = poll()
    assert result.status == 1
    (line,) = result.err.splitlines()
    assert reason in line
    assert "user:example_org" in line
    assert "list:84" in line
    pass_time(minutes=50)
    result = poll()
    assert (result.status, result.err, result.out) == (1, "", "")
    assert len(x.requests) - asked == 1
    pass_time(minutes=10)
    assert poll().err == ""
    assert len(x.requests) - asked == 2
    assert len(shown(USER)) == 5
    x.faults.clear()
    pass_time(hours=1)
    result = poll()
    assert (result.status, result.out.count("works again")) == (0, 1)


def test_new_keys_are_tried_at_once(site, x, browse):
    x.bearers.clear()
    shown(USER)
    assert poll().status == 1
    x.bearers.add("another")
    page = "/admin/conf/setting/"
    admin = browse("admin")
    fields = fields_of(admin.get(page), "#settings-form") | {"TWITTER_BEARER_TOKEN": "another"}
    admin.post(page, fields)
    pass_time(minutes=10)
    assert poll().status == 0
    assert len(shown(USER)) == 5


@pytest.mark.parametrize("missing", range(4))
def test_keys_that_are_not_all_there_are_named(site, x, missing):
    names = ["CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN_KEY", "ACCESS_TOKEN_SECRET"]
    keys = dict(zip(names, [*CONSUMER, *TOKEN], strict=True)) | {names[missing]: "  "}
    configure(BEARER_TOKEN="", **keys)
    shown(USER)
    result = poll()
    assert result.status == 1
    assert f"TWITTER_{names[missing]}" in result.err
    assert not x.requests


def test_a_key_that_cannot_be_one_is_not_sent(site, x):
    configure(BEARER_TOKEN="bäarer\x7f")
    shown(USER)
    assert "paste it again" in poll().err
    assert not x.requests


def test_too_many_questions_wait_until_x_says_and_nobody_is_told(site, x):
    shown('tweets_for_search "one"')
    shown('tweets_for_search "two"')
    shown(LIST)
    x.faults["search"] = "error_429_rate"
    result = poll()
    assert (result.status, result.out, result.err) == (0, "", "")
    assert sorted(x.paths()) == ["lists/84/tweets", "tweets/search/recent"]
    x.faults.clear()
    pass_time(minutes=9)
    poll()
    assert x.paths().count("tweets/search/recent") == 1
    pass_time(minutes=2)
    poll()
    assert x.paths().count("tweets/search/recent") == 3
    assert Feed.objects.filter(error="").count() == 3


@pytest.mark.parametrize("reset", ["99999999999999", "-5", "0"])
def test_a_reset_that_makes_no_sense_is_kept_within_a_minute_and_a_day(site, x, reset):
    shown(USER)
    headers = {"X-Rate-Limit-Reset": reset}
    x.faults["tweets"] = lambda handler: handler.reply(429, {"title": "Too Many"}, headers)
    poll()
    pass_time(days=1, minutes=1)
    x.faults.clear()
    poll()
    assert len(shown(USER)) == 5


@pytest.mark.parametrize("fault", ["error_200_protected", "error_404_empty"])
def test_tweets_of_a_user_who_is_gone_are_deleted(site, x, fault):
    polled(USER)
    polled('tweets_for_search "#SpringFair"')
    x.faults[f"users/{EXAMPLE}/tweets"] = fault
    pass_time(minutes=10)
    result = poll()
    assert result.status == 1
    assert "user:example_org" in result.err
    assert shown(USER) == []
    assert len(shown('tweets_for_search "#SpringFair"')) == 3
    x.faults.clear()
    pass_time(hours=1)
    poll()
    assert x.paths().count("users/by/username/example_org") == 2
    assert len(shown(USER)) == 5


def test_a_user_who_never_was_is_told_once(site, x):
    shown('tweets_for_user "no_such_user"')
    result = poll()
    assert result.status == 1
    assert "Could not find user with username: [no_such_user]" in result.err
    pass_time(hours=1)
    assert poll().err == ""


def test_a_list_that_only_its_owner_knows_by_name_is_told_once(site, x):
    shown('tweets_for_list "owner/slug" 3')
    result = poll()
    assert result.status == 1
    assert "https://x.com/i/lists/NUMBER" in result.err
    pass_time(minutes=20)
    assert poll().err == ""
    assert not x.requests


def test_a_search_that_stood_still_for_a_week_begins_anew(site, x):
    polled('tweets_for_search "one"')
    x.faults["since_id"] = "error_400_since_id_too_old"
    pass_time(hours=1)
    result = poll()
    assert (result.status, result.err) == (0, "")
    assert [("since_id" in request.query) for request in x.requests] == [False, True, False]


def test_a_query_that_x_refuses_is_told_and_stops_no_other(site, x):
    shown('tweets_for_search "(("')
    shown(USER)
    x.faults["search"] = lambda handler: handler.reply(400, {"detail": "mismatched brackets"})
    result = poll()
    assert result.status == 1
    assert "mismatched brackets" in result.err
    assert len(shown(USER)) == 5


def test_an_answer_that_cannot_be_stored_stops_no_other(site, x, monkeypatch):
    shown(LIST)
    shown(USER)
    store = storing.store

    def fail_once(feeds, *arguments):
        if feeds[0].type == "list":
            raise DatabaseError("disk full")
        return store(feeds, *arguments)

    monkeypatch.setattr(storing, "store", fail_once)
    assert poll().status == 0
    assert len(shown(USER)) == 5
    assert "disk full" in Feed.objects.get(type="list").error


def test_no_key_appears_in_a_log_or_an_error(site, x, caplog):
    keys = {"CONSUMER_KEY": CONSUMER[0], "CONSUMER_SECRET": CONSUMER[1]}
    keys |= {"ACCESS_TOKEN_KEY": TOKEN[0], "ACCESS_TOKEN_SECRET": TOKEN[1]}
    x.faults["."] = lambda handler: handler.reply(
        400, {"detail": f"You sent {handler.headers['Authorization']} {BEARER}"}
    )
    with caplog.at_level(logging.DEBUG):
        shown(USER)
        bearer = poll("-v3")
        configure(**keys)
        signed = poll("--force", "-v3")
    said = [caplog.text, bearer.out, bearer.err, signed.out, signed.err, Feed.objects.get().error]
    assert "You sent" in said[2]
    for key in (BEARER, *CONSUMER, *TOKEN):
        assert not [line for line in said if key in line]


def test_only_whole_posts_are_stored(site, x):
    x.add(EXAMPLE, None)
    x.add(EXAMPLE, "No date", created_at="yesterday")
    x.add("5", "Nobody's")
    x.timelines[EXAMPLE].insert(0, next(iter(x.timelines["5"])))
    x.add(EXAMPLE, "Whole")
    tweets = polled('tweets_for_user "example_org" 20')
    assert len(tweets) == 6
    assert tweets[0].body == "Whole"


def test_answers_without_the_fields_of_a_post_are_told_and_nothing_is_stored(site, x):
    for raw in x.posts.values():
        raw.pop("created_at")
    shown(USER)
    result = poll()
    assert result.status == 1
    assert "created_at" in result.err
    assert not Post.objects.exists()
    assert Feed.objects.get().newest_id == ""


def test_an_odd_character_is_stored_all_the_same(site, x):
    x.add(EXAMPLE, "a\0b \ud83d c", entities={"hashtags": [{"start": float("nan")}]})
    assert polled(USER)[0].text == "a\ufffdb ? c"
