"""The content of one site comes alone: no row of another site is another one afterwards."""

import shutil
from pathlib import Path

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.generic.models import ThreadedComment
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import override_current_site_id
from travelling_content import PATH, all_rows, comment_on, exported, imported

from transfer.models import Origin

TWO = "two.example"


@pytest.fixture
def two(content, sites):
    return sites[TWO]


def page(site_id, title, **values):
    with override_current_site_id(site_id):
        return RichTextPage.objects.create(title=title, **values)


def of_site(model, site_id):
    return model._base_manager.filter(site_id=site_id)


def rows_of_first():
    return {
        model._meta.label: list(of_site(model, 1).order_by("pk").values())
        for model in (Page, BlogPost, BlogCategory)
    }


def rewind(two, change):
    """Make a file of the site as `change` leaves it, and let the database be as it was before."""
    exported("before.zip")
    change()
    exported(only=TWO)
    imported("before.zip")


def test_what_comes_of_one_site_changes_that_alone(two):
    def change():
        of_site(BlogPost, two).update(content="Edited")
        of_site(Page, two).get(slug="top/child").delete()
        page(two, "New", slug="new", content="Fresh")

    rewind(two, change)
    BlogPost._base_manager.filter(site_id=1).update(content="Edited on the first")
    before = rows_of_first()
    summary = imported()
    assert rows_of_first() == before
    assert of_site(BlogPost, two).get().content == "Edited"
    assert set(of_site(Page, two).values_list("slug", flat=True)) >= {"top", "new"}
    assert not of_site(Page, two).filter(slug="top/child").exists()
    assert summary["changes"]["blog.blogpost"] == {"added": 0, "changed": 1, "removed": 0}
    assert summary["numbers"] == 0
    assert imported()["changes"] == {}


def test_a_new_row_whose_number_another_site_has_by_now_gets_a_free_one(two):
    made = {}

    def change():
        top = page(two, "New", slug="new", content="Fresh")
        child = page(two, "Below", slug="new/below", parent=top)
        with override_current_site_id(two):
            post = BlogPost.objects.create(title="More", slug="more", user_id=1, content="x")
            post.categories.add(BlogCategory.objects.create(title="Extra"))
        made.update(top=top.pk, child=child.pk, post=post.pk)

    rewind(two, change)
    others = [RichTextPage(pk=made[name], title="Of the first", site_id=1) for name in made][:2]
    with override_current_site_id(1):
        for each in others:
            each.save()
        first = BlogPost(pk=made["post"], title="First", slug="first", user_id=1, site_id=1)
        first.save()
    before = rows_of_first()
    assert imported()["numbers"] >= 3
    assert rows_of_first() == before
    child = RichTextPage._base_manager.get(slug="new/below", site_id=two)
    assert child.pk != made["child"]
    assert child.parent.slug == "new"
    post = of_site(BlogPost, two).get(slug="more")
    with override_current_site_id(two):
        assert [category.title for category in post.categories.all()] == ["Extra"]
    assert page(two, "After").pk > child.pk


def test_comments_stay_and_a_post_that_has_some_is_not_taken_away(two):
    exported(only=TWO)
    post = of_site(BlogPost, two).get()
    comment_on(post)
    of_site(BlogPost, two).update(content="Edited here")
    imported()
    assert ThreadedComment.objects.filter(object_pk=post.pk).count() == 1
    exported("before.zip")
    ThreadedComment.objects.all().delete()
    post.delete()
    exported(only=TWO)
    imported("before.zip")
    comment_on(of_site(BlogPost, two).get())
    before = all_rows()
    with pytest.raises(CommandError, match="it would take away what these belong to"):
        imported()
    assert all_rows() == before


def test_a_site_that_is_not_there_yet_is_added(two):
    exported("before.zip")
    exported(only=TWO)
    before = all_rows(everything=False)
    for model in (Page, BlogPost, BlogCategory):
        of_site(model, two).delete()
    Site.objects.filter(pk=two).delete()
    imported()
    assert Site.objects.get(pk=two).domain == TWO
    after = all_rows(everything=False)
    for label in ("pages.page", "pages.richtextpage", "blog.blogpost", "blog.blogcategory"):
        assert after[label] == before[label]


def test_what_is_newer_of_the_site_is_named_and_of_others_is_not(two):
    pulled = exported("pulled.zip", only=TWO)
    assert pulled["site"]["domain"] == TWO
    base = Path("bases")
    base.mkdir()
    shutil.move("pulled.zip", base / f"site-{two}.zip")
    of_site(BlogPost, two).update(content="Edited there")
    exported("there.zip")
    imported(base / f"site-{two}.zip", pulled=True)
    assert Origin.current() is None  # what is here of other sites is of here
    of_site(BlogPost, two).update(content="Edited here")
    exported(only=TWO, bases=str(base))
    imported("there.zip")
    page(1, "Of the first", slug="first")
    newer = imported(look=True)["newer"]
    assert [line for line in newer if "A post (changed)" in line]
    assert not [line for line in newer if "Of the first" in line]


def test_another_site_under_that_number_is_refused_in_one_line(two):
    exported(only=TWO)
    Site.objects.filter(pk=two).update(domain="other.example")
    before = all_rows()
    with pytest.raises(CommandError) as refused:
        imported()
    told = f"two.example is site {two} there, and site {two} is other.example here"
    assert str(refused.value) == f"Nothing was changed: {told}; leave out --site"
    assert all_rows() == before


def test_what_comes_from_the_server_takes_no_number_of_another_site_here(two):
    made = []
    rewind(two, lambda: made.append(page(two, "New", slug="new").pk))
    with override_current_site_id(1):
        RichTextPage(pk=made[0], title="Of the first").save()
    before = all_rows()
    with pytest.raises(CommandError, match="type fab pull, without --site"):
        imported(pulled=True)
    assert all_rows() == before


def test_a_site_that_is_none_is_refused_and_a_live_name_is_understood(two, settings):
    with pytest.raises(CommandError, match="there is no site four.example"):
        exported(only="four.example")
    settings.ENVIRONMENT = "development"
    Site.objects.filter(pk=two).update(domain=f"{TWO}.localhost:8000")
    assert exported(only=TWO)["site"]["id"] == two
    assert exported(PATH, only=str(two))["site"]["id"] == two
