"""Tweets on the page: nothing that X sends becomes HTML, and what X asks to be shown is shown."""

import re

import pytest
from bs4 import BeautifulSoup
from django.template.loader import render_to_string
from fake_x import NEW, OLD, load
from polls import EXAMPLE, configure, pass_time, poll, polled, shown

from feeds.x_answers import links

USER = 'tweets_for_user "example_org" 10'


def of(number, tweets):
    """Return the tweet of the fixtures whose ID ends with that number."""
    return next(tweet for tweet in tweets if tweet.remote_id.endswith(f"{number:04}"))


@pytest.fixture(params=[OLD, NEW], ids=["tweets", "posts"])
def tweets(request, site, x):
    """The tweets of the user, from an X that speaks one of its vocabularies only."""
    x.vocabularies = [request.param]
    return polled(USER)


def test_emoji_names_tags_and_links_stand_where_they_stood(tweets):
    assert of(7, tweets).text == (
        '🎪🎪 Spring fair on Saturday! Tickets &amp; map: <a href="https://t.co/AbCdEf1234"'
        ' rel="nofollow noopener">example.org/2026/spring-fa…</a>'
        ' <a href="https://x.com/hashtag/SpringFair" rel="nofollow noopener">#SpringFair</a>'
        ' <a href="https://x.com/hashtag/%C3%A9t%C3%A9" rel="nofollow noopener">#été</a>'
        ' with <a href="https://x.com/ada_example" rel="nofollow noopener">@ada_example</a>'
    )


def test_a_long_post_is_shown_whole_with_its_own_links(tweets):
    text = of(6, tweets).text
    assert "Week 8" in text
    assert 'Details: <a href="https://t.co/AbCdEf1234"' in text
    assert text.endswith(">#opening</a>")
    assert "SelfLink" not in text


def test_a_retweet_shows_the_whole_original_and_its_author(tweets):
    tweet = of(4, tweets)
    assert tweet.is_retweet
    assert (tweet.user_name, tweet.full_name) == ("ada_example", "Ada <Example> & Co")
    assert (tweet.retweeter_user_name, tweet.retweeter_full_name) == (
        "example_org",
        "Example Org 🦉",
    )
    assert tweet.text.startswith("Volunteers wanted")
    assert 'Write to us at <a href="https://t.co/AbCdEf1234"' in tweet.text
    assert tweet.url == "https://x.com/ada_example/status/1990000000000000001"
    assert tweet.created_at < tweet.posted_at


def test_a_retweet_of_what_is_gone_keeps_the_cut_text(site, x):
    x.posts.pop("1990000000000000001")
    tweet = of(4, polled(USER))
    assert tweet.data["truncated"]
    assert (tweet.user_name, tweet.is_retweet) == ("example_org", False)
    assert tweet.text.startswith("RT <a ")
    assert tweet.text.endswith("brin…")


def test_what_looks_like_html_is_shown_as_it_was_typed(tweets):
    assert of(3, tweets).text == (
        "Corrected: the talk starts at 19:00 &lt;not 18:00&gt;, see &quot;programme&quot; &lt;b&gt;"
    )


def test_a_script_stays_text(site):
    tweet = of(12, polled('tweets_for_search "one"'))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in tweet.text
    assert "<script" not in tweet.text


def test_a_picture_is_described(tweets):
    (picture,) = of(5, tweets).data["media"]
    assert picture["url"] == "https://pbs.twimg.com/media/ExampleRoom.jpg"
    assert picture["alt_text"] == 'A bright reading room with "quotes" & plants'


def test_an_edited_post_replaces_the_one_before(site, x):
    first = x.add(EXAMPLE, "Teh news")
    assert polled(USER)[0].body == "Teh news"
    second = x.add(EXAMPLE, "The news")
    x.posts[second]["edit_history_tweet_ids"] = [first, second]
    x.posts.pop(first)
    pass_time(minutes=10)
    bodies = [tweet.body for tweet in polled(USER)]
    assert bodies[0] == "The news"
    assert "Teh news" not in bodies
    assert shown(USER)[0].data["edited"]


def test_a_quoted_post_is_shown_with_its_author(site):
    tweet = of(13, polled('tweets_for_search "one"'))
    assert tweet.quoted.user_name == "example_org"
    assert tweet.quoted.text == of(7, polled(USER)).text


@pytest.mark.parametrize(
    "change",
    [{"withheld": {"country_codes": ["DE"]}}, {"author_id": "5"}, {"edit_history_tweet_ids": 5}],
)
def test_what_may_not_be_shown_or_is_broken_is_left_out(site, x, change):
    x.users["5"] = {"id": "5", "name": "Five", "username": "five", "protected": True}
    x.posts["1990000000000000007"] |= change
    assert len(polled(USER)) == 4


def test_what_is_kept_from_the_public_is_not_shown_by_those_who_refer_to_it(site, x):
    x.posts["1990000000000000001"]["withheld"] = {"country_codes": ["DE"]}
    x.users[EXAMPLE]["protected"] = True
    quoting = of(13, polled('tweets_for_search "one"'))
    assert quoting.quoted is None
    x.users[EXAMPLE]["protected"] = False
    assert "Volunteers" not in str([tweet.text for tweet in polled(USER)])


@pytest.mark.usefixtures("in_english")
def test_a_page_shows_the_default_feed_as_x_wants_it(site, browse, settings):
    settings.ROOT_URLCONF = "site_urls"
    configure(DEFAULT_QUERY_TYPE="user", DEFAULT_QUERY="example_org", DEFAULT_NUM_TWEETS=5)
    poll()
    page = BeautifulSoup(browse().get("/tweets/").content, "html.parser")
    newest, *_others = tweets = page.select(".tweet")
    assert len(tweets) == 5
    assert newest.select_one(".tweeter-image")["src"].startswith("https://pbs.twimg.com/")
    assert newest.select_one(".tweet-author a")["href"] == "https://x.com/example_org"
    assert "Example Org 🦉" in newest.text
    assert newest.time.parent["href"] == "https://x.com/example_org/status/1990000000000000007"
    assert "View on X" in newest.text
    assert newest.select_one("svg[aria-label=X]")
    assert "Reposted by Example Org" in page.text
    assert "Edited" in page.text
    picture = page.select_one(".tweet-picture")
    assert picture["alt"] == 'A bright reading room with "quotes" & plants'
    outside = {link["href"].split("/")[2] for link in page.select(".tweets a")}
    assert outside == {"x.com", "t.co"}


def test_a_quoted_post_is_part_of_the_page(site):
    configure(DEFAULT_QUERY="one")
    poll()
    quoted = BeautifulSoup(render_to_string("twitter/tweets.html"), "html.parser").blockquote
    assert "Spring fair on Saturday" in quoted.text
    assert quoted.select_one(".tweet-author a")["href"] == "https://x.com/example_org"


def test_pictures_that_are_not_for_everyone_are_not_shown(site, x):
    configure(DEFAULT_QUERY_TYPE="user", DEFAULT_QUERY="example_org", DEFAULT_NUM_TWEETS=5)
    x.posts["1990000000000000005"]["possibly_sensitive"] = True
    poll()
    html = render_to_string("twitter/tweets.html")
    assert "ExampleRoom" not in html
    assert "Our new reading room" in html


NASTY = "\"><script>alert(1)</script>'&lt;i&gt;"


def test_nothing_nasty_gets_through_any_field(site, x):
    configure(DEFAULT_QUERY_TYPE="user", DEFAULT_QUERY="example_org")
    x.users[EXAMPLE] |= {"name": NASTY, "profile_image_url": "javascript:alert(1)"}
    url = {"start": 0, "end": 18, "url": "https://t.co/\"'><i>", "display_url": NASTY}
    x.media["3_1990000000000000099"] |= {"url": "http://x.example/", "alt_text": NASTY}
    x.media["4"] = {"media_key": "4", "type": NASTY, "url": f"https://x.example/{NASTY}"}
    x.media["4"] |= {"alt_text": NASTY, "width": NASTY, "height": 5}
    x.add(
        EXAMPLE,
        "https://t.co/\"'><i>" + NASTY,
        lang=NASTY,
        attachments={"media_keys": ["3_1990000000000000099", "4"]},
        entities={"urls": [url | {"end": 19}], "hashtags": [{"start": 1, "end": 2}], "mentions": 5},
    )
    poll()
    html = render_to_string("twitter/tweets.html")
    page = BeautifulSoup(html, "html.parser")
    assert not page.select("script, i")
    assert not re.search(r"javascript:|http://", html)
    allowed = {"class", "src", "alt", "width", "height", "loading", "referrerpolicy", "href", "rel"}
    allowed |= {"dir", "lang", "title", "datetime", "viewbox", "role", "aria-label", "aria-hidden"}
    allowed |= {"fill", "stroke", "stroke-width", "d"}
    assert {name for tag in page.find_all(True) for name in tag.attrs} <= allowed


TEXT = load("users_id_tweets")["data"][0]["text"]


@pytest.mark.parametrize("shift", [0, 2, 7, -100, 10**9])
def test_an_offset_is_believed_only_where_the_text_agrees(shift):
    """Two emoji before it: in units of UTF-16 the offset is larger by two."""
    tag = {"start": 71 + shift, "end": 82 + shift, "tag": "SpringFair"}
    found = links(TEXT, {"hashtags": [tag]})
    assert [TEXT[start:end] for start, end, *_ in found] == (
        ["#SpringFair"] if shift in (0, 2) else []
    )


def test_links_that_overlap_are_shown_once():
    tag = {"start": 71, "end": 82, "tag": "SpringFair"}
    assert len(links(TEXT, {"hashtags": [tag, tag]})) == 1
