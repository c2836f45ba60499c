"""The template tags: those of Mezzanine, which read the database and nothing else."""

import sys
from pathlib import Path
from subprocess import run

import mezzanine
import pytest
from bs4 import BeautifulSoup
from django.conf import settings as django_settings
from django.template import Context, Template, TemplateSyntaxError
from polls import configure, pass_time, poll, polled, shown, statements

from feeds.models import Feed

USER = 'tweets_for_user "example_org" 10'
# As projects have copied and changed it.
OF_MEZZANINE = Path(mezzanine.__file__).parent / "twitter/templates/twitter/tweets.html"


def test_a_page_costs_one_statement(site):
    polled(USER)
    tweets, sql = statements(shown, USER)
    assert len(tweets) == 5
    assert len(sql) == 1
    _, sql = statements(lambda: [(t.text, t.full_name, t.quoted, t.is_retweet) for t in tweets])
    assert sql == []


def test_a_page_never_calls_x(site, x, browse, settings):
    settings.ROOT_URLCONF = "site_urls"
    configure(DEFAULT_QUERY="one")
    browse().get("/tweets/")
    assert shown(USER) == []
    assert not x.requests


def test_a_visit_is_noted_once_an_hour(site):
    polled(USER)
    pass_time(minutes=61)
    assert len(statements(shown, USER)[1]) == 2
    assert len(statements(shown, USER)[1]) == 1


def test_more_tweets_than_before_are_asked_for_at_the_next_poll(site, x):
    polled(USER)
    shown('tweets_for_user "example_org" 20')
    pass_time(minutes=10)
    poll()
    assert [request.query.get("max_results") for request in x.requests] == [None, "10", "20"]


@pytest.mark.parametrize(
    "tag",
    [
        *['tweets_for_user "@Example_Org" 3', "tweets_for_user example_org 3"],
        'tweets_for_user "https://twitter.com/example_org/" "anything" 3',
    ],
)
def test_the_arguments_of_mezzanine_are_understood(site, tag):
    assert len(polled(tag)) == 3


@pytest.mark.parametrize(
    "tag", ["tweets_for_user as tweets", 'tweets_for_user "a"', "tweets_default"]
)
def test_a_tag_that_lacks_something_says_how_it_is_written(tag):
    with pytest.raises(TemplateSyntaxError, match="as tweets"):
        Template("{% load twitter_tags %}{% " + tag + " %}")


def test_what_a_visitor_may_have_typed_is_not_remembered(site):
    assert shown("tweets_for_search q", q="anything") == []
    assert not Feed.objects.exists()


def test_a_variable_shows_a_feed_that_is_known(site):
    polled(USER)
    assert len(shown("tweets_for_user name 3", name="example_org")) == 3


def test_a_site_has_so_many_feeds_and_no_more(site):
    for number in range(105):
        shown(f'tweets_for_user "user{number}"')
    assert Feed.objects.count() == 100


def test_the_template_of_mezzanine_works_unchanged(site):
    configure(DEFAULT_QUERY_TYPE="user", DEFAULT_QUERY="example_org", DEFAULT_NUM_TWEETS=5)
    poll()
    html = Template(OF_MEZZANINE.read_text("utf-8")).render(Context())
    tweets = BeautifulSoup(html, "html.parser").select(".tweet")
    assert len(tweets) == 5
    assert tweets[0].img["src"].endswith("/1000000000000000001/owl_bigger.jpg")
    assert "🎪🎪 Spring fair on Saturday!" in tweets[0].p.text
    assert tweets[0].p.a["href"] == "https://t.co/AbCdEf1234"
    assert "http://twitter.com/ada_example" in [link["href"] for link in tweets[3].select("a")]
    assert tweets[3].h6.text.strip() == "Example Org 🦉"


def test_pages_do_not_load_the_client_of_x():
    code = (
        "import django; django.setup(); import feeds.admin, feeds.templatetags.twitter_tags, sys;"
    )
    code += "sys.exit('tweepy' in sys.modules)"
    settings = f"{django_settings.PROJECT_APP}.settings"
    command = [sys.executable, "-c", code]
    environment = {"DJANGO_SETTINGS_MODULE": settings}
    assert run(command, cwd=django_settings.BASE_DIR, env=environment).returncode == 0
