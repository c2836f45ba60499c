"""What visitors leave behind: comments, ratings, messages, accounts."""

import re

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.core import mail
from django.urls import reverse
from forms import fields_of
from mezzanine.blog.models import BlogPost
from mezzanine.forms.models import Form
from mezzanine.generic.models import ThreadedComment

RATING = "form[action='/rating/']"
pytestmark = pytest.mark.usefixtures("mezzanines_defaults")


@pytest.fixture
def post(db):
    return BlogPost.objects.get()


def test_a_comment_is_shown_with_an_avatar_of_our_own(visitor, post):
    fields = fields_of(visitor.get(post.get_absolute_url()), 'form[action^="/comment/"]')
    answers = {"name": "Zoë", "email": "zoe@example.com", "comment": "I <b>like</b> it"}
    response = visitor.post("/comment/", fields | answers, follow=True)
    assert ThreadedComment.objects.get().user_name == "Zoë"
    html = response.content.decode()
    assert "I &lt;b&gt;like&lt;/b&gt; it" in html or "I like it" in html
    assert 'src="data:image/svg+xml' in html
    assert "gravatar" not in html


def test_the_next_visitor_is_not_shown_who_commented_before(browse, post):
    test_a_comment_is_shown_with_an_avatar_of_our_own(browse(), post)
    assert "zoe@example.com" not in browse().get(post.get_absolute_url()).content.decode()


def test_a_post_can_be_rated(visitor, post):
    fields = fields_of(visitor.get(post.get_absolute_url()), RATING)
    visitor.post("/rating/", fields | {"value": "4"})
    post.refresh_from_db()
    assert (post.rating_count, post.rating_sum) == (1, 4)


def test_after_a_rating_the_page_is_shown_where_it_was_rated(visitor, post):
    ThreadedComment.objects.create(pk=post.pk, content_object=post, comment="So", site_id=1)
    before = BeautifulSoup(visitor.get(post.get_absolute_url()).content, "html.parser")
    places = [each.parent.select_one("[id]")["id"] for each in before.select(RATING)]
    assert len(set(places)) == 2
    for place, form in zip(places, before.select(RATING), strict=True):
        sent = {field["name"]: field["value"] for field in form.select("input")}
        assert visitor.post("/rating/", sent | {"value": "4"}).url.endswith(f"#{place}")


def test_the_contact_form_keeps_and_mails_what_was_sent(visitor):
    form = Form.objects.get()
    form.email_copies = "owner@example.com"
    form.save()
    fields = fields_of(visitor.get("/contact/"), ".mezzanine-form")
    answers = ["Zoë", "zoe@example.com", "Support", "Hello"]
    fields |= zip([name for name in fields if name.startswith("field_")], answers, strict=True)
    visitor.post("/contact/", fields)
    assert [entry.value for entry in form.entries.get().fields.order_by("field_id")] == answers
    assert "owner@example.com" in [address for message in mail.outbox for address in message.to]


def test_a_visitor_signs_up_and_logs_in_by_address(browse):
    answers = {
        "first_name": "Zoë",
        "last_name": "Quinn",
        "email": "zoe@example.com",
        "username": "zoe",
        "password1": "a long password",
        "password2": "a long password",
    }
    browse().post("/accounts/signup/", answers)
    visitor = browse()
    visitor.post("/accounts/login/", {"username": "zoe@example.com", "password": "a long password"})
    assert visitor.get("/accounts/update/").status_code == 200


def test_accounts_that_share_an_address_both_log_in(browse):
    users = get_user_model().objects
    for name in ("one", "two"):
        users.create_user(name, "shared@example.com", f"password of {name}")
    for name in ("one", "two"):
        for login in (name, "shared@example.com"):
            visitor = browse()
            visitor.post("/accounts/login/", {"username": login, "password": f"password of {name}"})
            assert visitor.get("/").wsgi_request.user.username == name


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize("typed", ["Zoe@Example.com", "zoe@example.com", "ZOE@EXAMPLE.COM"])
def test_the_case_of_an_address_does_not_matter(browse, typed):
    get_user_model().objects.create_user("zoe", "Zoe@Example.com", "a long password")
    visitor = browse()
    visitor.post("/accounts/login/", {"username": typed, "password": "a long password"})
    assert visitor.get("/").wsgi_request.user.username == "zoe"
    browse().post("/accounts/password/reset/", {"username": typed})
    assert mailed_link()
    names = {"first_name": "Zoe", "last_name": "Two", "username": "zoe2", "email": typed}
    passwords = {"password1": "a long password", "password2": "a long password"}
    page = browse().post("/accounts/signup/", names | passwords)
    assert "This email is already registered" in page.text
    assert not get_user_model().objects.filter(username="zoe2").exists()


def test_an_account_named_like_the_address_of_another_logs_in_as_itself(browse):
    users = get_user_model().objects
    users.create_user("one", "one@example.com", "password of one")
    users.create_user("one@example.com", "two@example.com", "password of two")
    for password in ("password of one", "password of two"):
        visitor = browse()
        visitor.post("/admin/login/", {"username": "one@example.com", "password": password})
        visitor.post("/accounts/login/", {"username": "one@example.com", "password": password})
        assert visitor.get("/").wsgi_request.user.check_password(password)


@pytest.mark.parametrize("password", ["wrong", "", "password of one "])
def test_a_wrong_password_logs_nobody_in(browse, password):
    get_user_model().objects.create_user("one", "one@example.com", "password of one!")
    visitor = browse()
    visitor.post("/accounts/login/", {"username": "one", "password": password})
    assert visitor.get("/").wsgi_request.user.is_anonymous


def test_an_inactive_account_cannot_log_in(browse):
    users = get_user_model().objects
    users.create_user("one", "one@example.com", "password of one", is_active=False)
    visitor = browse()
    visitor.post("/accounts/login/", {"username": "one", "password": "password of one"})
    assert visitor.get("/").wsgi_request.user.is_anonymous


def mailed_link():
    (message,) = mail.outbox
    mail.outbox.clear()
    return re.search(r"http://127\.0\.0\.1:8000(/\S+)", message.body)[1]


def test_a_member_who_forgot_the_password_gets_a_link(browse):
    browse().post("/accounts/password/reset/", {"username": "member@example.com"})
    visitor = browse()
    assert visitor.get(mailed_link(), follow=True).status_code == 200
    assert visitor.get("/").wsgi_request.user.username == "member"


def test_where_an_address_is_shared_each_account_gets_a_link(browse):
    users = get_user_model().objects
    for name in ("one", "two"):
        users.create_user(name, "shared@example.com", f"password of {name}")
    browse().post("/accounts/password/reset/", {"username": "shared@example.com"})
    found = set()
    for message in mail.outbox:
        visitor = browse()
        visitor.get(re.search(r"http://127\.0\.0\.1:8000(/\S+)", message.body)[1])
        found.add(visitor.get("/").wsgi_request.user.username)
    assert found == {"one", "two"}


def test_staff_who_forgot_the_password_set_a_new_one(browse):
    browse().post("/password_reset/", {"email": "example@example.com"})
    visitor = browse()
    form = visitor.get(mailed_link(), follow=True)
    new = {"new_password1": "an entirely new one", "new_password2": "an entirely new one"}
    visitor.post(form.request["PATH_INFO"], new)
    assert get_user_model().objects.get(username="admin").check_password("an entirely new one")


@pytest.mark.parametrize("link", ["/accounts/verify/__/x/", "/accounts/password/verify/zzz/x/"])
def test_a_link_that_was_never_mailed_logs_nobody_in(browse, link):
    visitor = browse()
    assert visitor.get(link).status_code == 302
    assert visitor.get("/").wsgi_request.user.is_anonymous


def test_no_link_logs_out_of_the_admin(browse):
    admin = browse("admin")
    assert admin.get(reverse("admin:logout")).status_code == 405
    assert admin.get("/admin/").status_code == 200
    admin.post(reverse("admin:logout"))
    assert admin.get("/admin/").status_code == 302
