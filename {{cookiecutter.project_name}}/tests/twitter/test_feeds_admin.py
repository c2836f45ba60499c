"""The keys and the feeds in the admin."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.sites.models import Site
from fake_x import BEARER
from forms import fields_of
from mezzanine.conf import settings as mezzanine_settings
from mezzanine.conf.models import Setting
from polls import configure, poll, polled, shown
from translated_texts import filled

from feeds.credentials import NAMES
from feeds.models import Feed, Post

pytestmark = pytest.mark.usefixtures("mezzanines_defaults")

SETTINGS, FEEDS = "/admin/conf/setting/", "/admin/feeds/feed/"
USER = 'tweets_for_user "example_org" 5'


@pytest.fixture
def admin(browse):
    return browse("admin")


def stored(name):
    return Setting.objects.get(name=name).value


def save(admin, **fields):
    """Send the form of settings with other values for these fields; return the page."""
    page = admin.get(SETTINGS)
    return admin.post(SETTINGS, filled(fields_of(page, "#settings-form"), **fields), follow=True)


def test_every_setting_is_on_the_page(admin):
    page = BeautifulSoup(admin.get(SETTINGS).content, "html.parser")
    names = {field["name"] for field in page.select("[name^=TWITTER_]")}
    assert names == {
        *["TWITTER_CONSUMER_KEY", "TWITTER_CONSUMER_SECRET", "TWITTER_ACCESS_TOKEN_KEY"],
        *["TWITTER_ACCESS_TOKEN_SECRET", "TWITTER_BEARER_TOKEN", "TWITTER_DEFAULT_QUERY_TYPE"],
        *["TWITTER_DEFAULT_QUERY", "TWITTER_DEFAULT_NUM_TWEETS", "TWITTER_DAILY_BUDGET"],
        *["TWITTER_USER_INTERVAL", "TWITTER_LIST_INTERVAL", "TWITTER_SEARCH_INTERVAL"],
    }
    assert {field["name"] for field in page.select("[type=password]")} == set(NAMES)


def test_a_key_is_not_shown_and_stays_when_other_settings_are_saved(site, admin):
    assert BEARER not in admin.get(SETTINGS).content.decode()
    save(admin, SITE_TITLE="Another")
    assert stored("TWITTER_BEARER_TOKEN") == BEARER


def test_a_key_is_replaced_and_removed(site, admin):
    save(admin, TWITTER_BEARER_TOKEN="another")
    assert stored("TWITTER_BEARER_TOKEN") == "another"
    save(admin, **{"TWITTER_BEARER_TOKEN-remove": "on"})
    assert stored("TWITTER_BEARER_TOKEN") == ""
    assert "-remove" not in admin.get(SETTINGS).content.decode()


def test_a_key_that_settings_py_has_is_not_on_the_page(site, admin, settings, monkeypatch):
    """Mezzanine decides that when it starts."""
    from mezzanine.conf import registry

    monkeypatch.setitem(registry["TWITTER_BEARER_TOKEN"], "editable", False)
    assert "TWITTER_BEARER_TOKEN" not in admin.get(SETTINGS).content.decode()
    save(admin, SITE_TITLE="Another")
    assert stored("SITE_TITLE") == "Another"


@pytest.mark.parametrize(
    ("type", "query"), [("user", "two words"), ("list", "owner/slug"), ("search", "x" * 513)]
)
def test_a_query_that_is_none_is_refused(site, admin, type, query):
    page = save(admin, TWITTER_DEFAULT_QUERY_TYPE=type, TWITTER_DEFAULT_QUERY=query)
    assert "errorlist" in page.content.decode()
    assert not Setting.objects.filter(name="TWITTER_DEFAULT_QUERY").exists()


def test_what_is_saved_is_what_the_next_poll_asks(site, x, admin):
    save(admin, TWITTER_DEFAULT_QUERY_TYPE="list", TWITTER_DEFAULT_QUERY="https://x.com/i/lists/84")
    poll()
    assert x.paths() == ["lists/84/tweets"]
    save(admin, TWITTER_DEFAULT_QUERY_TYPE="user", TWITTER_DEFAULT_QUERY="@example_org")
    poll()
    assert x.paths()[1] == "users/by/username/example_org"


def test_settings_are_those_of_the_site(site, admin):
    other = Site.objects.create(domain="other.example")
    configure(other, BEARER_TOKEN="of the other")
    save(admin, TWITTER_BEARER_TOKEN="of this one")
    rows = Setting._base_manager.filter(name="TWITTER_BEARER_TOKEN")
    assert sorted(row.value for row in rows) == ["of the other", "of this one"]


def test_templates_cannot_read_the_keys(site):
    assert mezzanine_settings.TWITTER_BEARER_TOKEN == BEARER
    assert not set(NAMES) & set(mezzanine_settings.TEMPLATE_ACCESSIBLE_SETTINGS)


def add(admin, **fields):
    return admin.post(f"{FEEDS}add/", {"wanted": 5, **fields}, follow=True)


def test_a_feed_is_added_as_it_was_pasted_and_polled(site, admin):
    add(admin, type="user", value="https://twitter.com/Example_Org")
    assert str(Feed.objects.get()) == "user:example_org"
    assert len(polled(USER)) == 5


@pytest.mark.parametrize(("type", "value"), [("list", "owner/slug"), ("user", "example_org")])
def test_a_feed_that_is_wrong_or_there_already_is_refused(site, admin, type, value):
    shown(USER)
    assert "errorlist" in add(admin, type=type, value=value).content.decode()
    assert Feed.objects.count() == 1


def test_the_last_error_and_the_cost_are_shown(site, x, admin):
    polled(USER)
    shown('tweets_for_user "no_such_user"')
    poll()
    html = admin.get(FEEDS).content.decode()
    assert "Could not find user" in html
    assert "$0.060" in html


def test_a_feed_of_another_site_is_not_shown(site, admin):
    feed = Feed.objects.create(site=Site.objects.create(domain="b.example"), type="list", value="9")
    assert "<td>9" not in admin.get(FEEDS).content.decode()
    assert admin.get(f"{FEEDS}{feed.pk}/change/").status_code == 302


def test_a_feed_with_another_query_starts_from_nothing(site, admin):
    polled(USER)
    feed = Feed.objects.get()
    admin.post(f"{FEEDS}{feed.pk}/change/", {"type": "search", "value": "spring", "wanted": 3})
    feed = Feed.objects.get()
    assert (feed.type, feed.newest_id, feed.remote_id) == ("search", "", "")
    assert not feed.posts.exists()
    assert feed.spent == 60


def test_a_deleted_feed_takes_its_tweets_along(site, admin):
    polled(USER)
    feed = Feed.objects.get()
    admin.post(f"{FEEDS}{feed.pk}/delete/", {"post": "yes"})
    assert not Post.objects.exists()
    polled(USER)
    action = {"action": "delete_selected", "_selected_action": Feed.objects.get().pk, "post": "yes"}
    admin.post(FEEDS, action)
    assert not Post.objects.exists()
