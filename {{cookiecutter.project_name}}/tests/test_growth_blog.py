"""The blog, its lists and the site map cost what they show, not what there is."""

import re
from datetime import UTC, datetime

import pytest
from addresses import BLOG
from django.contrib.auth import get_user_model
from django.urls import reverse
from growing import cost, grow_pages, grow_posts
from mezzanine.blog.models import BlogPost
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.generic.models import AssignedKeyword, Keyword
from translated_texts import filled

from navigation import blog
from navigation.blog import blog_authors, blog_months, keywords_for
from navigation.sitemaps import PART

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mezzanines_base")]


def costs(monkeypatch, action):
    """Return the Cost of an action with 30 posts and with 530, after it was done once."""
    found = []
    for number in (30, 500):
        grow_posts(number)
        action()
        with cost(monkeypatch) as each:
            action()
        found.append(each)
    return found


@pytest.mark.parametrize("shown", ["list", "post", "form", "site map"])
def test_the_blog_costs_with_500_posts_what_it_costs_with_30(browse, monkeypatch, shown):
    post = BlogPost.objects.get()
    paths = {
        "list": BLOG,
        "post": post.get_absolute_url(),
        "form": reverse("admin:blog_blogpost_change", args=[post.pk]),
        "site map": "/sitemap.xml",
    }
    monkeypatch.setattr("navigation.sitemaps.PART", 10)
    monkeypatch.setattr("navigation.sitemaps.Published.limit", 10)
    client = browse("admin" if shown == "form" else None)
    few, many = costs(monkeypatch, lambda: client.get(paths[shown]))
    assert len(many.statements) == len(few.statements)
    assert many.rows == few.rows


def test_months_are_those_of_posts_in_the_time_zone_of_the_site(settings):
    settings.TIME_ZONE = "America/New_York"
    BlogPost.objects.all().delete()
    first_of_may = datetime(2025, 5, 1, 3, tzinfo=UTC)
    for moment in (first_of_may, datetime(2025, 5, 2, tzinfo=UTC), None):
        grow_posts(2, publish_date=moment)
    grow_posts(1, status=CONTENT_STATUS_DRAFT)
    assert blog_months() == [
        {"date": datetime(2025, 5, 1), "post_count": 2},
        {"date": datetime(2025, 4, 1), "post_count": 2},
    ]


def test_authors_are_those_with_the_most_posts(monkeypatch, add_site):
    monkeypatch.setattr(blog, "AUTHORS", 2)
    BlogPost.objects.all().delete()
    users = [get_user_model().objects.create_user(f"author{number}") for number in range(4)]
    for number, user in enumerate(users):
        grow_posts(number, user_id=user.pk)
    grow_posts(9, user_id=users[0].pk, status=CONTENT_STATUS_DRAFT)
    grow_posts(9, user_id=users[0].pk, site_id=add_site("two.example").pk)
    found = [(author.username, author.post_count) for author in blog_authors()]
    assert found == [("author2", 2), ("author3", 3)]


def test_tags_are_those_that_are_used_most(monkeypatch):
    monkeypatch.setattr(blog, "TAGS", 3)
    posts = grow_posts(5)
    for number in range(1, 6):
        keyword = Keyword.objects.create(title=f"tag{number}")
        for post in posts[:number]:
            post = BlogPost.objects.get(pk=post.pk)
            post.keywords.add(AssignedKeyword(keyword=keyword), bulk=False)
    found = keywords_for("blog.blogpost")
    assert [(tag.title, tag.item_count) for tag in found] == [("tag3", 3), ("tag4", 4), ("tag5", 5)]
    assert found[0].weight == 1 < found[1].weight < found[2].weight
    assert [tag.title for tag in keywords_for(BlogPost.objects.get(pk=posts[4].pk))] == ["tag5"]
    assert keywords_for("nothing") == []


def test_tags_are_those_of_what_is_published():
    tags = {
        "published": grow_posts(1),
        "draft": grow_posts(1, status=CONTENT_STATUS_DRAFT),
        "future": grow_posts(1, publish_date=datetime(2999, 1, 1, tzinfo=UTC)),
    }
    for title, (post,) in tags.items():
        keyword = Keyword.objects.create(title=title)
        BlogPost.objects.get(pk=post.pk).keywords.add(AssignedKeyword(keyword=keyword), bulk=False)
    assert [tag.title for tag in keywords_for("blog.blogpost")] == ["published"]


def addresses(xml):
    return re.findall(r"<loc>(.*?)</loc>", xml)


def test_a_long_site_map_is_in_parts_that_name_everything_once(browse, monkeypatch):
    short = addresses(browse().get("/sitemap.xml").text)
    assert len(short) == len({*short}) < PART
    monkeypatch.setattr("navigation.sitemaps.PART", 10)
    monkeypatch.setattr("navigation.sitemaps.Published.limit", 10)
    grow_posts(25)
    grow_pages(25, "one parent")
    parts = addresses(browse().get("/sitemap.xml").text)
    assert len(parts) > 6
    found = []
    for part in parts:
        address = re.sub(r"https?://[^/]*", "", part).replace("&amp;", "&")
        found += addresses(browse().get(address).text)
    assert len(found) == len({*found}) == len(short) + 50
    assert {*short} <= {*found}


def test_a_part_of_the_site_map_that_is_not_there_is_404(browse):
    for path in ("/sitemap-nothing.xml", "/sitemap-pages.page.xml?p=9"):
        assert browse().get(path).status_code == 404


def test_related_posts_are_searched_among_those_of_this_site(browse, add_site):
    grow_posts(30)
    grow_posts(1, title="Of another site", site_id=add_site("two.example").pk)
    query = "app_label=blog&model_name=blogpost&field_name=related_posts&term="
    path = reverse("admin:autocomplete")
    found = browse("admin").get(f"{path}?{query}Post 1").json()["results"]
    assert found
    assert all("Post 1" in each["text"] for each in found)
    assert browse("admin").get(f"{path}?{query}Of another").json()["results"] == []


def test_related_posts_are_kept_when_a_post_is_saved(browse):
    from forms import fields_of

    post = BlogPost.objects.get()
    other = BlogPost.objects.get(pk=grow_posts(2)[1].pk)
    post.related_posts.add(other)
    path = reverse("admin:blog_blogpost_change", args=[post.pk])
    fields = fields_of(browse("admin").get(path), "#blogpost_form")
    client = browse("admin")
    assert client.post(path, filled(fields, title="Another title")).status_code == 302
    post = BlogPost.objects.get(pk=post.pk)
    assert post.title == "Another title"
    assert [each.pk for each in post.related_posts.all()] == [other.pk]
