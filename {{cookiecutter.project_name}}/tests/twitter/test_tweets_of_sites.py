"""Many sites, one poll: each with its own keys, feeds and tweets."""

import pytest
from django.contrib.sites.models import Site
from django.test import Client
from fake_x import BEARER
from polls import configure, pass_time, poll, shown, statements

from feeds.models import Feed, Post


def make_sites(x, number):
    """Return so many sites, of which half share a token and the others have each its own."""
    sites = [Site.objects.create(domain=f"site{n}.example", name=str(n)) for n in range(number)]
    for n, site in enumerate(sites):
        token = BEARER if n < number / 2 else f"token-{n}"
        x.bearers.add(token)
        configure(site, BEARER_TOKEN=token, DEFAULT_QUERY_TYPE="user", DEFAULT_QUERY="example_org")
    return sites


@pytest.fixture
def sites(db, x, settings):
    settings.ROOT_URLCONF = "site_urls"
    return make_sites(x, 6)


def tokens(x):
    return [request.headers["Authorization"].removeprefix("Bearer ") for request in x.requests]


def page(site):
    """Return what that site shows where a template includes the tweets."""
    return Client(HTTP_HOST=site.domain).get("/tweets/").content.decode()


def test_equal_feeds_of_fifty_sites_are_asked_once_for_each_key(db, x):
    make_sites(x, 50)
    poll()
    assert len(x.requests) == 1 + 26  # the ID of the user, and the tweets for each key
    assert tokens(x).count(BEARER) == 2
    assert Feed.objects.exclude(newest_id="").count() == 50
    assert Post.objects.count() == 5
    pass_time(minutes=10)
    poll()
    assert len(x.requests) == 1 + 2 * 26


def test_what_many_sites_share_is_stored_in_three_statements(sites):
    Feed.objects.all().delete()
    for site in sites[3:]:
        configure(site, BEARER_TOKEN="")
    poll()
    pass_time(minutes=10)
    _, sql = statements(poll)
    assert len(sql) <= 6


def test_what_all_sites_cost_together_is_one_budget(sites):
    poll()
    spent = [feed.spent for feed in Feed.objects.order_by("site_id")]
    assert sorted(spent[:3]) == [0, 0, 60]
    assert spent[3:] == [50, 50, 50]  # without that of the ID


def test_bad_keys_of_one_site_stop_no_other(sites, x):
    x.bearers.remove("token-3")
    result = poll()
    assert result.status == 1
    (line,) = result.err.splitlines()
    assert line.startswith("site3.example user:example_org: 401")
    assert Feed.objects.exclude(newest_id="").count() == 5


def test_bad_keys_of_many_sites_are_told_in_one_line(db, x):
    make_sites(x, 20)
    x.bearers.remove(BEARER)
    (line,) = poll().err.splitlines()
    assert "site0.example user:example_org, site1.example" in line
    assert "and 7 more" in line
    assert tokens(x).count(BEARER) == 1


def test_one_site_may_be_polled_alone(sites, x):
    poll("--site", str(sites[4].id))
    assert set(tokens(x)) == {"token-4"}
    assert list(Feed.objects.exclude(newest_id="").values_list("site", flat=True)) == [sites[4].id]


def test_a_site_of_the_environment_is_polled_alone(sites, x, monkeypatch):
    monkeypatch.setenv("MEZZANINE_SITE_ID", str(sites[5].id))
    poll()
    assert set(tokens(x)) == {"token-5"}


@pytest.mark.parametrize("site", ["999", "abc", "-1"])
def test_a_site_that_there_is_not_is_told_in_one_line(site, x, db):
    result = poll(f"--site={site}")
    assert result.status == 1
    assert f"There is no site {site}. Sites: 1 127.0.0.1:8000" in result.err


def test_a_site_sees_its_own_feeds_only(sites, x):
    configure(sites[2], DEFAULT_QUERY="ada_example")
    x.add("1000000000000000002", "Only of Ada")
    poll()
    assert "Only of Ada" not in page(sites[1])
    assert "Spring fair on Saturday" in page(sites[1])
    assert "Only of Ada" in page(sites[2])
    assert "Spring fair on Saturday" not in page(sites[2])


def test_keys_that_settings_py_fixes_are_those_of_all_sites(db, x, settings):
    settings.TWITTER_BEARER_TOKEN = BEARER
    settings.TWITTER_DEFAULT_QUERY = "spring"
    other = Site.objects.create(domain="other.example")
    configure(other, BEARER_TOKEN="never used", DEFAULT_QUERY="never asked")
    poll()
    assert tokens(x) == [BEARER]
    assert Feed.objects.count() == 2
    assert shown("tweets_default")


def test_purge_of_one_site_leaves_the_others(sites):
    poll()
    poll("--purge", "--site", str(sites[0].id))
    assert "Spring fair" not in page(sites[0])
    assert "Spring fair" in page(sites[1])


def test_a_site_that_is_deleted_takes_its_feeds_along(sites):
    poll()
    sites[0].delete()
    pass_time(minutes=10)
    assert poll().status == 0
    assert Feed.objects.count() == 5
