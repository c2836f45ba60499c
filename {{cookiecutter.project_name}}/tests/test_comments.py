"""What visitors write below posts waits until staff approve it, unless the site says otherwise."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now
from forms import fields_of
from mezzanine.blog.models import BlogPost
from mezzanine.conf import registry
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.generic.models import Rating, ThreadedComment
from page_cache_views import is_marked

from visitors.defaults import COMMENTS_WAIT

pytestmark = pytest.mark.usefixtures("mezzanines_base", "in_english")

LIST = "admin:generic_threadedcomment_changelist"


@pytest.fixture(autouse=True)
def moderated(settings, mezzanines_defaults):
    """As it is in a new project."""
    settings.COMMENTS_DEFAULT_APPROVED = False


@pytest.fixture
def post(db):
    return BlogPost.objects.get()


@pytest.fixture
def say(post):
    """Return a function that comments on the post as that client, and returns what it sees then."""

    def say(client, text="Buy this", name="Spammer"):
        address = post.get_absolute_url()
        fields = fields_of(client.get(address), 'form[action^="/comment/"]')
        told = {"name": name, "email": "a@guest.example", "url": "http://spam.example/"}
        return client.post("/comment/", fields | told | {"comment": text}, follow=True).text

    return say


def test_the_admin_says_so_until_staff_choose_otherwise():
    setting = registry["COMMENTS_DEFAULT_APPROVED"]
    assert (setting["label"], setting["editable"]) == ("Show comments at once", True)
    assert COMMENTS_WAIT["default"] is False


def test_a_comment_waits_and_shows_nothing_of_who_wrote_it(browse, say, post):
    for page in (say(browse("member")), say(browse(), "Again"), browse().get("/blog/").text):
        for words in ("Buy this", "Again", "Spammer", "spam.example"):
            assert words not in page
    assert "Comment awaiting approval" in browse().get(post.get_absolute_url()).text


@pytest.fixture
def send(browse, post):
    """Return a function that sends a form of the post, edited since its page was opened.

    It returns what the visitor sees then, and how many comments and ratings there are.
    """

    def send(form, edit, **fields):
        visitor = browse()
        fields = (
            fields_of(visitor.get(post.get_absolute_url()), f'form[action^="/{form}/"]') | fields
        )
        BlogPost.objects.filter(pk=post.pk).update(**edit)
        answer = visitor.post(f"/{form}/", fields, follow=True)
        return answer, ThreadedComment.objects.count() + Rating.objects.count()

    return send


COMMENT = {"name": "Bert", "email": "bert@guest.example", "comment": "Nice"}
HIDDEN = {
    "a draft": {"status": CONTENT_STATUS_DRAFT},
    "not there yet": {"publish_date": now() + timedelta(days=9)},
    "there no more": {"expiry_date": now() - timedelta(days=9)},
}


@pytest.mark.parametrize("edit", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize(
    ("form", "fields"),
    [("comment", COMMENT), ("comment", COMMENT | {"comment": ""}), ("rating", {"value": "5"})],
)
def test_nobody_writes_about_what_is_hidden_or_learns_of_it(send, post, form, fields, edit):
    answer, count = send(form, edit, **fields)
    assert (answer.status_code, count, answer.redirect_chain) == (404, 0, [])
    assert post.title not in answer.text


def test_comments_that_were_closed_meanwhile_are_closed(send, post):
    answer, count = send("comment", {"allow_comments": False}, **COMMENT)
    assert (answer.request["PATH_INFO"], count) == (post.get_absolute_url(), 0)
    assert "Comments are closed here." in answer.text
    assert send("rating", {}, value="5")[1] == 1


def test_a_comment_on_what_is_hidden_is_not_rated(browse, post):
    comment = ThreadedComment.objects.create(content_object=post, site_id=1, comment="So")
    BlogPost.objects.update(status=CONTENT_STATUS_DRAFT)
    sent = {"content_type": "generic.ThreadedComment", "object_pk": comment.pk, "value": "5"}
    assert browse().post("/rating/", sent).status_code == 404
    assert browse("admin").post("/rating/", sent).status_code == 302


def test_staff_see_that_it_waits_and_approve_it(browse, staff, say, post):
    say(browse())
    editor = staff("generic.view_threadedcomment", "generic.change_threadedcomment")
    waiting = reverse(LIST, query={"is_public__exact": "0"})
    assert f'href="{waiting}"' in editor.get(reverse("admin:index")).text
    comment = ThreadedComment.objects.get()
    approve = {"action": "approve_comments", "_selected_action": comment.pk}
    assert editor.post(reverse(LIST), approve).status_code == 302
    assert "Buy this" in browse().get(post.get_absolute_url()).text
    assert waiting not in editor.get(reverse("admin:index")).text


def test_whoever_may_only_see_comments_approves_none(browse, staff, say):
    say(browse())
    viewer, pk = staff("generic.view_threadedcomment"), ThreadedComment.objects.get().pk
    assert viewer.get(reverse(LIST)).status_code == 200
    for action in ("approve_comments", "remove_comments", "delete_selected"):
        viewer.post(reverse(LIST), {"action": action, "_selected_action": pk, "post": "yes"})
    comment = ThreadedComment.objects.get()
    assert not comment.is_public
    assert not comment.is_removed


def test_what_staff_write_who_may_approve_is_there_at_once(staff, browse, say, post):
    say(staff("generic.change_threadedcomment"), "By the house")
    say(staff("blog.change_blogpost"), "By a colleague")
    page = browse().get(post.get_absolute_url()).text
    assert "By the house" in page
    assert "By a colleague" not in page


def test_a_page_with_comments_that_wait_is_kept_for_all(ask, browse, say, post):
    say(browse())
    assert is_marked(ask(post.get_absolute_url()))
