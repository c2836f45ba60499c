"""Faults of Mezzanine's lists: they load all there is."""

from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils.xmlutils import SimplerXMLGenerator, UnserializableContentError
from growing import cost, grow_posts
from mezzanine.blog.models import BlogPost
from mezzanine.core.managers import SearchableQuerySet
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.core.sitemaps import DisplayableSitemap
from mezzanine.generic.forms import KeywordsWidget
from mezzanine.generic.models import AssignedKeyword, Keyword
from originals import original

from navigation.admin import SearchedBlogPostAdmin

User = get_user_model()
pytestmark = pytest.mark.django_db


def test_the_archive_loads_the_date_of_each_post(monkeypatch):
    blog_months = original("mezzanine.blog.templatetags.blog_tags.blog_months")
    grow_posts(30)
    with cost(monkeypatch) as found:
        assert len(blog_months()) <= 2
    assert found.rows > 30


def test_a_list_counts_all_that_there_is_each_time(monkeypatch):
    paginate = original("mezzanine.utils.views.paginate")
    with cost(monkeypatch) as found:
        for _ in range(2):
            paginate(BlogPost.objects.published(), 1, 5, 10)
    assert len(found.statements) == 2
    assert all("COUNT(*)" in statement for statement in found.statements)


def test_authors_and_tags_have_no_bound(post):
    blog_authors = original("mezzanine.blog.templatetags.blog_tags.blog_authors")
    keywords_for = original("mezzanine.generic.templatetags.keyword_tags.keywords_for")
    for number in range(120):
        keyword = Keyword.objects.create(title=f"tag{number}")
        post.keywords.add(AssignedKeyword(keyword=keyword), bulk=False)
        grow_posts(1, user_id=User.objects.create_user(f"author{number}").pk)
    assert len(keywords_for("blog.blogpost")) >= 120
    assert len(blog_authors()) >= 120


def test_visitors_see_the_tags_of_drafts(post):
    keywords_for = original("mezzanine.generic.templatetags.keyword_tags.keywords_for")
    keyword = Keyword.objects.create(title="secret")
    post.keywords.add(AssignedKeyword(keyword=keyword), bulk=False)
    BlogPost.objects.filter(pk=post.pk).update(status=CONTENT_STATUS_DRAFT)
    assert keyword in keywords_for("blog.blogpost")


def test_the_form_of_a_post_lists_all_others():
    assert "related_posts" in SearchedBlogPostAdmin.__base__.filter_horizontal


def test_forms_list_all_keywords():
    render = original("mezzanine.generic.forms.KeywordsWidget.render")
    for number in range(120):
        Keyword.objects.create(title=f"tag{number}")
    assert render(KeywordsWidget(), "keywords", None).count("<a ") >= 120


def test_a_search_loads_all_that_it_finds(monkeypatch):
    grow_posts(30, content="needle")
    search = original("mezzanine.core.managers.SearchableManager.search")
    with cost(monkeypatch) as found:
        assert isinstance(search(BlogPost.objects, "needle"), list)
    assert found.rows >= 30
    assert "LIKE" in found.statements[-1].upper()


def test_a_model_without_a_date_of_publication_cannot_be_searched():
    annotate_scores = original("mezzanine.core.managers.SearchableQuerySet.annotate_scores")
    Group.objects.create(name="Bakers")
    groups = SearchableQuerySet(Group, search_fields={"name": 1}).search("baker")
    with pytest.raises(AttributeError, match="publish_date"):
        annotate_scores(groups)


def test_the_site_map_is_in_one_part():
    assert isinstance(DisplayableSitemap().items(), list)


def test_a_feed_cannot_have_control_characters():
    with pytest.raises(UnserializableContentError):
        SimplerXMLGenerator(StringIO()).characters("\x0b")
