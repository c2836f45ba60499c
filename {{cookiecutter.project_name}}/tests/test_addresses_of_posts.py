"""Whatever a post is called, it has an address, and the pages that name it open."""

import pytest
from django.urls import reverse
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.generic.models import Keyword
from page_tree import errors_at, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mezzanines_defaults")]

ADD = reverse("admin:blog_blogpost_add")
CONTENT = "<p>Rye</p>"


def lists():
    """Return the paths of what names all posts."""
    feeds = [reverse("blog_post_feed", args=[format]) for format in ("rss", "atom")]
    return [reverse("blog_post_list"), reverse("home"), "/sitemap.xml", *feeds]


@pytest.mark.parametrize("title", ["!!!", "…", "🥖", "パン屋" * 60, "Хлеб" * 100])
def test_any_title_makes_an_address(browse, title):
    category, keyword = (each.objects.create(title=title[:99]) for each in (BlogCategory, Keyword))
    assert send(browse("admin"), ADD, "blogpost", {"title": title, "content": CONTENT}).url
    post = BlogPost.objects.get(title=title)
    post.categories.add(category)
    post.keywords.create(keyword=keyword)
    of_keyword = reverse("blog_post_list_tag", args=[keyword.slug])
    for path in (post.get_absolute_url(), category.get_absolute_url(), of_keyword, *lists()):
        assert browse().get(path).status_code == 200, path
    assert title in browse().get(post.get_absolute_url()).text


def test_a_page_may_have_a_long_address(browse):
    fields = {"title": "パン屋", "slug": "パン屋" * 60, "content": CONTENT}
    path = reverse("admin:pages_richtextpage_add")
    assert send(browse("admin"), path, "richtextpage", fields).status_code == 302
    assert "Rye" in browse().get(f"/{'パン屋' * 60}/").text


@pytest.mark.parametrize("slug", ["news/first", "/first", "first/", ".", ".."])
def test_an_address_that_there_cannot_be_is_told(in_english, browse, slug):
    answer = send(
        browse("admin"), ADD, "blogpost", {"title": "First", "content": CONTENT, "slug": slug}
    )
    assert f"No page can have an address with “{slug}”" in errors_at(answer, "slug")
    assert not BlogPost.objects.filter(title="First").exists()


@pytest.mark.parametrize("slug", ["été", "one two", "50%", "what?", "a#b", "...", "~"])
def test_an_address_may_be_odd(browse, slug):
    fields = {"title": "Odd", "content": CONTENT, "slug": slug}
    assert send(browse("admin"), ADD, "blogpost", fields).status_code == 302
    post = BlogPost.objects.get(title="Odd")
    for path in (post.get_absolute_url(), *lists()):
        assert browse().get(path).status_code == 200, path


def test_a_draft_without_a_date_may_have_an_address(browse, settings):
    settings.BLOG_URLS_DATE_FORMAT = "day"
    fields = {"title": "Draft", "content": CONTENT, "slug": "draft", "status": "1"}
    fields |= {"publish_date_0": "", "publish_date_1": ""}
    assert send(browse("admin"), ADD, "blogpost", fields).status_code == 302
    assert BlogPost.objects.get(title="Draft").slug == "draft"
