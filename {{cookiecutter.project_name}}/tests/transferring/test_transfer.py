"""Content goes from one database into another: what travels, and what stays."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.sites.models import Site
from django.core.management import CommandError
from django.utils import timezone
from django_comments.models import Comment
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.forms.models import Form, FormEntry
from mezzanine.generic.models import Rating, ThreadedComment
from mezzanine.pages.models import Page, RichTextPage
from travelling_content import PATH, all_rows, comment_on, empty, exported, imported, text_of

from multisite.models import SiteAlias
from transfer import sites
from transfer.tables import in_english


def test_what_is_brought_back_is_what_it_was(content):
    before = all_rows()
    exported()
    BlogPost.objects.filter(title="A post").update(title="Another")
    RichTextPage.objects.filter(title="Child").delete()
    RichTextPage.objects.create(title="New", slug="new")
    Setting.objects.filter(name="SITE_TITLE").update(value="x")
    summary = imported()
    assert all_rows() == before
    assert summary["changes"]["blog.blogpost"] == {"added": 0, "changed": 1, "removed": 0}


def test_an_empty_database_has_all_of_it_afterwards(content):
    before = all_rows()
    exported()
    ids = Page.objects.order_by("id").values_list("id", flat=True)
    last = max(ids)
    empty()
    imported()
    assert all_rows() == before
    assert RichTextPage.objects.create(title="Next", slug="next").pk > last


def test_a_second_time_nothing_changes(content):
    exported()
    assert imported()["changes"] == {}


def test_the_same_content_is_the_same_file(content):
    first = exported()["sha256"]
    assert exported()["sha256"] == first


def test_comments_ratings_entries_and_their_counts_stay(content):
    exported()
    comment_on(content)
    Rating.objects.create(content_object=content, value=5)
    form = Form.objects.first()
    FormEntry.objects.create(form=form, entry_time=timezone.now())
    BlogPost.objects.filter(pk=content.pk).update(title="Another")
    imported()
    post = BlogPost.objects.get(pk=content.pk)
    assert post.title == "A post"
    assert (post.comments_count, post.rating_count, post.rating_sum) == (1, 1, 5)
    assert FormEntry.objects.count() == 1


def test_counts_do_not_travel_without_what_they_count(content):
    comment_on(content)
    exported()
    ThreadedComment._base_manager.all()._raw_delete("default")
    empty()
    imported()
    assert BlogPost.objects.get(pk=content.pk).comments_count == 0


def test_what_would_take_a_comment_away_is_refused_and_touches_nothing(content):
    exported()
    later = BlogPost.objects.create(title="Later", user=content.user)
    comment_on(later)
    before = all_rows()
    comments = in_english(Comment._meta.verbose_name_plural)
    with pytest.raises(CommandError, match=f"Nothing was changed: .*{comments}: 1"):
        imported()
    assert all_rows() == before
    imported(pulled=True)
    assert not ThreadedComment.objects.exists()


def test_a_comment_does_not_move_to_another_post_of_the_same_number(content):
    exported()
    created = content.created + timedelta(days=1)
    BlogPost.objects.filter(pk=content.pk).update(title="Somebody else's", created=created)
    comment_on(content)
    with pytest.raises(CommandError, match=f"{in_english(Comment._meta.verbose_name_plural)}: 1"):
        imported()


def test_a_right_that_is_not_here_comes_with_who_has_it(content):
    about = {"codename": "bake", "name": "Can bake", "content_type_id": 1}
    bakers = Group.objects.create(name="Bakers")
    bakers.permissions.add(Permission.objects.create(**about))
    exported(everything=True)
    Permission.objects.filter(codename="bake").delete()
    imported()
    assert Permission.objects.get(codename="bake") in bakers.permissions.all()


def test_passwords_and_addresses_do_not_travel(content, place):
    get_user_model().objects.filter(username="member").update(first_name="Ann")
    comment_on(content)
    exported()
    text = text_of(PATH)
    assert "A post" in text
    for private in ("member@example.com", "eve@example.com", "Nice", "pbkdf2", "md5$"):
        assert private not in text
    get_user_model().objects.get(username="member").delete()
    imported()
    author = BlogPost.objects.get(pk=content.pk).user
    assert (author.username, author.email, author.first_name) == ("member", "", "Ann")
    assert not author.is_active
    assert not author.has_usable_password()


def test_an_address_as_a_user_name_is_not_shown_and_is_found_again(content):
    user = content.user
    get_user_model().objects.filter(pk=user.pk).update(username="ann@example.com")
    exported()
    other = get_user_model().objects.create_user("admin2")
    BlogPost.objects.update(user=other)
    imported()
    assert BlogPost.objects.get(pk=content.pk).user_id == user.pk
    get_user_model().objects.filter(pk=user.pk).update(username="gone")
    imported()
    assert BlogPost.objects.get(pk=content.pk).user.username == f"author-{user.pk}"


def test_everything_brings_accounts_with_their_passwords_and_comments(content, browse):
    comment_on(content)
    before = all_rows()
    exported(everything=True)
    ThreadedComment.objects.all().delete()
    get_user_model().objects.all().delete()
    imported()
    assert all_rows() == before
    assert get_user_model().objects.get(username="member").check_password("a member's password")


def test_the_keys_of_x_stay_where_they_are(content):
    Setting.objects.create(name="TWITTER_BEARER_TOKEN", value="secret")
    exported()
    assert "secret" not in text_of(PATH)
    Setting.objects.filter(name="TWITTER_BEARER_TOKEN").update(value="another")
    imported()
    assert Setting.objects.get(name="TWITTER_BEARER_TOKEN").value == "another"


def test_a_row_that_stays_makes_room_for_one_that_comes_under_its_number(content):
    first = Setting.objects.create(name="BLOG_POST_PER_PAGE", value="7")
    exported()
    Setting.objects.filter(pk=first.pk).delete()
    ours = {"id": first.pk, "site_id": 1, "name": "TWITTER_BEARER_TOKEN", "value": "ours"}
    Setting.objects.create(**ours)
    imported()
    assert Setting.objects.get(pk=first.pk).value == "7"
    assert Setting.objects.get(name="TWITTER_BEARER_TOKEN").value == "ours"


def test_the_first_site_is_called_what_it_is_called_here(content, settings):
    Site.objects.filter(pk=1).update(domain="127.0.0.1:8000", name="127.0.0.1:8000")
    settings.ENVIRONMENT = "development"
    exported()
    settings.ENVIRONMENT = "production"
    Site.objects.filter(pk=1).update(domain="www.one.example", name="www.one.example")
    imported()
    assert Site.objects.get(pk=1).domain == "www.one.example"
    assert Site.objects.get(pk=1).name == "www.one.example"


def test_another_site_has_a_name_for_each_end(content, settings, browse):
    live = set(Site.objects.values_list("domain", flat=True))
    exported("live.zip")
    settings.ENVIRONMENT = "development"
    imported("live.zip", pulled=True)
    domains = set(Site.objects.values_list("domain", flat=True))
    assert "two.example.localhost:8000" in domains
    assert browse(host="two.example.localhost:8000").get("/").status_code == 200
    exported("here.zip")
    settings.ENVIRONMENT = "production"
    imported("here.zip")
    assert set(Site.objects.values_list("domain", flat=True)) == live


def domains():
    return list(Site.objects.order_by("pk").values_list("domain", flat=True))


def test_another_environment_has_names_below_that_of_its_first_site(content, settings):
    live = domains()
    exported("live.zip")
    settings.ENVIRONMENT = "staging"
    Site.objects.filter(pk=1).update(domain="staging.one.example")
    imported("live.zip")
    there = domains()
    assert there[0] == "staging.one.example"
    assert there[1:] == [f"{domain}.staging.one.example" for domain in live[1:]]
    exported("there.zip")
    settings.ENVIRONMENT = "production"
    Site.objects.filter(pk=1).update(domain=live[0])
    imported("there.zip")
    assert domains() == live


def test_a_database_of_another_environment_gets_names_of_here(content, settings):
    live = domains()
    settings.ENVIRONMENT = "staging"
    sites.move("production", "staging.one.example")
    assert domains()[0] == "staging.one.example"
    assert domains()[1:] == [f"{domain}.staging.one.example" for domain in live[1:]]
    assert not SiteAlias.objects.exists()  # they are of production
    settings.ENVIRONMENT = "production"
    sites.move("staging", live[0])
    assert domains() == live


def test_a_project_that_is_called_otherwise_keeps_the_names_of_its_other_sites(content, settings):
    live, aliases = domains(), SiteAlias.objects.count()
    settings.ENVIRONMENT = "production"
    sites.move("production", "new.example")
    assert domains() == ["new.example", *live[1:]]
    assert SiteAlias.objects.count() == aliases > 0


def test_aliases_are_added_and_none_is_taken_away(content, sites):
    exported()
    SiteAlias.objects.create(site_id=1, host="alt.example")
    SiteAlias.objects.filter(host="zwei.example").delete()
    imported()
    assert set(SiteAlias.objects.values_list("host", flat=True)) == {"alt.example", "zwei.example"}
