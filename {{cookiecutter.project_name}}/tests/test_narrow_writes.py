"""What visitors send writes its own columns, and undoes nothing that an editor saves meanwhile."""

import pytest
from django.contrib.auth import get_user_model
from forms import fields_of
from mezzanine.blog.models import BlogPost
from mezzanine.generic.models import Keyword, Rating, ThreadedComment
from mezzanine.pages.models import RichTextPage
from writes import before_each_write, full_post

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english")


@pytest.fixture
def post(db):
    return full_post()


def commented(browse, post):
    fields = fields_of(browse().get(post.get_absolute_url()), 'form[action^="/comment/"]')
    answers = {"name": "Zoë", "email": "zoe@example.com", "comment": "I like it"}
    return lambda: browse().post("/comment/", fields | answers)


def rated(browse, post):
    fields = fields_of(browse().get(post.get_absolute_url()), 'form[action="/rating/"]')
    return lambda: browse().post("/rating/", fields | {"value": "4"})


def rating_taken_back(browse, post):
    return lambda: Rating.objects.get().delete()


def keyword_added(browse, post):
    keyword = Keyword.objects.create(title="wheat")
    return lambda: post.keywords.create(keyword=keyword)


COUNTED = {
    commented: {"comments_count": 2},
    rated: {"rating_count": 2, "rating_sum": 7, "rating_average": 3.5},
    rating_taken_back: {"rating_count": 0, "rating_sum": 0, "rating_average": 0},
    keyword_added: {"keywords_string": "rye wheat"},
}


@pytest.mark.parametrize("sent", COUNTED)
def test_an_edit_that_is_saved_while_a_visitor_sends_something_remains(browse, post, sent):
    send = sent(browse, post)
    updated = post.updated
    posts, edits = BlogPost.objects.filter(pk=post.pk), []

    def edit(sql):
        edits.append(sql)
        posts.update(content=f"Edit {len(edits)}")

    with before_each_write(edit):
        send()
    after = posts.get()
    assert {name: getattr(after, name) for name in COUNTED[sent]} == COUNTED[sent]
    assert (after.content, after.updated) == (f"Edit {len(edits)}", updated)


@pytest.mark.parametrize("sent", COUNTED)
def test_a_post_that_is_deleted_meanwhile_stays_deleted(browse, post, sent):
    send = sent(browse, post)

    def delete(sql):
        if sql.startswith(f'UPDATE "{BlogPost._meta.db_table}"'):
            BlogPost.objects.filter(pk=post.pk)._raw_delete(using="default")

    with before_each_write(delete):
        send()
    BlogPost.categories.through.objects.all().delete()  # so that no row refers to none
    assert not BlogPost.objects.exists()


def test_the_words_of_a_comment_that_is_moderated_while_it_is_rated_remain(db, post):
    comments = ThreadedComment.objects.filter(object_pk=post.pk)
    words = iter(["one", "two", "three"])
    with before_each_write(lambda sql: comments.update(comment=next(words))):
        comments.get().rating.create(value=5)
    assert (comments.get().comment, comments.get().rating_count) == ("two", 1)


def test_a_page_whose_keywords_change_keeps_what_is_saved_meanwhile(db):
    pages = RichTextPage.objects.filter(slug="about")
    keyword = Keyword.objects.create(title="rye")
    words = iter(["one", "two", "three", "four"])
    with before_each_write(lambda sql: pages.update(title="New", content=next(words))):
        pages.get().keywords.create(keyword=keyword)
    page = pages.get()
    assert (page.content, page.keywords_string) == ("two", "rye")


@pytest.fixture
def profile(browse):
    """Return a function that sends the member's profile, with those fields changed."""
    member = browse("member")
    fields = fields_of(member.get("/accounts/update/"), "form:has([name=first_name])")
    fields |= {"first_name": "Zoë", "last_name": "Quinn"}
    return lambda **changed: member.post("/accounts/update/", fields | changed)


def test_a_member_who_is_locked_out_while_sending_the_profile_stays_so(profile):
    member = get_user_model().objects.filter(username="member")
    with before_each_write(lambda sql: member.update(is_active=False)):
        profile(email="zoe@example.com")
    user = member.get()
    assert (user.first_name, user.email, user.is_active) == ("Zoë", "zoe@example.com", False)


def test_a_member_changes_the_password(profile):
    profile(password1="x" * 20, password2="x" * 20)
    assert get_user_model().objects.get(username="member").check_password("x" * 20)
