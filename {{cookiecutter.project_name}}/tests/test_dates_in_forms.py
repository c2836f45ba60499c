"""Dates and times may be left blank in forms of visitors, and where staff edit in place."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import get_current_timezone, now
from forms import fields_of
from mezzanine.blog.models import BlogPost
from mezzanine.forms import fields
from mezzanine.forms.models import Field, FieldEntry, Form

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english")

TYPES = {"date": fields.DATE, "date and time": fields.DATE_TIME, "date of birth": fields.DOB}
NEXT = now().year + 1
LAST_YEAR = datetime(now().year - 2, 2, 3, 4, 5, tzinfo=get_current_timezone())


@pytest.fixture
def form(db):
    """A form with no fields."""
    form = Form.objects.first()
    form.fields.all().delete()
    return form


@pytest.fixture(params=TYPES.values(), ids=TYPES.keys())
def field(request, form):
    """An optional field of each type in turn."""
    return Field.objects.create(form=form, label="When", field_type=request.param, required=False)


def parts(field, day, time):
    """Return what a browser sends of a field, whose parts have names of their own."""
    timed = field.field_type == fields.DATE_TIME
    name = f"field_{field.pk}" + ("_0" if timed else "")
    sent = dict(zip((f"{name}_{part}" for part in ("year", "month", "day")), day, strict=True))
    return sent | ({f"field_{field.pk}_1": time} if timed else {})


def entries():
    return list(FieldEntry.objects.values_list("value", flat=True))


BLANK = ("", "", "")


@pytest.mark.parametrize("time", ["", "  "])
def test_a_date_may_be_left_blank(browse, form, field, time):
    browse().post(form.get_absolute_url(), parts(field, BLANK, time))
    assert [value or "" for value in entries()] == [""]


def test_a_date_that_must_be_there_is_asked_for(browse, form, field):
    Field.objects.update(required=True)
    answer = browse().post(form.get_absolute_url(), parts(field, BLANK, ""))
    assert "This field is required." in answer.text
    assert entries() == []


def test_a_date_that_is_there_is_stored(browse, form, field):
    year = now().year
    browse().post(form.get_absolute_url(), parts(field, (year, 2, 3), "04:05"))
    timed = " 04:05:00" if field.field_type == fields.DATE_TIME else ""
    (stored,) = entries()
    assert stored.startswith(f"{year}-02-03{timed}")


@pytest.mark.parametrize("day", [("", 2, 3), (NEXT, 2, 31), (NEXT, "", "")])
def test_half_a_date_is_told_and_shown_again(browse, form, field, day):
    answer = browse().post(form.get_absolute_url(), parts(field, day, "04:05"))
    assert "Enter a valid date" in answer.text
    assert entries() == []


def test_a_time_without_a_date_is_told(browse, form):
    field = Field.objects.create(
        form=form, label="When", field_type=fields.DATE_TIME, required=False
    )
    answer = browse().post(form.get_absolute_url(), parts(field, BLANK, "04:05"))
    assert "Enter a valid date/time." in answer.text
    assert 'value="04:05"' in answer.text
    assert entries() == []


# In place


@pytest.fixture
def edit(browse):
    """Return a function that edits a field of the post in place, with what is sent of it."""

    def edit(post, **sent):
        admin = browse("admin")
        form = "form:has([name=fields][value*=publish_date])"
        shown = fields_of(admin.get(post.get_absolute_url()), form)
        return admin.post(reverse("edit"), {**shown, **sent})

    return edit


@pytest.fixture
def post(db):
    post = BlogPost.objects.get()
    post.publish_date = LAST_YEAR
    post.save()
    return post


def test_a_date_of_another_year_stays_where_it_is_edited_in_place(post, edit):
    assert edit(post).content == b""
    assert BlogPost.objects.get().publish_date == LAST_YEAR
    assert edit(post, publish_date_1="06:07").content == b""
    assert BlogPost.objects.get().publish_date == LAST_YEAR.replace(hour=6, minute=7)


def test_a_date_may_be_left_blank_where_it_is_edited_in_place(post, edit):
    blank = {f"publish_date_0_{part}": "" for part in ("year", "month", "day")}
    assert edit(post, **blank, publish_date_1="").content == b""
    assert now() - BlogPost.objects.get().publish_date < timedelta(minutes=5)
