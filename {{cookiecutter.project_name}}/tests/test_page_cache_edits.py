"""Pages that are kept, and made anew when what they show has changed."""

from contextlib import suppress
from uuid import uuid4

import pytest
from addresses import BLOG, POST
from django.contrib.auth import get_user_model
from django.contrib.redirects.models import Redirect
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F
from django.test.signals import template_rendered
from django.utils import timezone
from forms import IN_PLACE, fields_of
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.forms.models import FieldEntry, Form, FormEntry
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import override_current_site_id
from page_cache_views import answer, urlpatterns
from translated_texts import column

from feeds import storing
from feeds.models import Feed
from feeds.sources import Trouble
from page_cache import generation, reads

pytestmark = pytest.mark.usefixtures("mezzanines_base", "keep_pages")


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """A context after which what was written in it is committed."""

    def committed():
        connection.run_on_commit.clear()  # of what the test wrote before, and never commits
        return django_capture_on_commit_callbacks(execute=True)

    return committed


WRITES = {
    "saves": lambda: Page.objects.get(slug="about").save(),
    "deletes": lambda: RichTextPage.objects.get(slug="about/team").delete(),
    "updates": lambda: Page.objects.filter(slug="about").update(title="New"),
    "creates many": lambda: Page.objects.bulk_create([]) or Page.objects.create(title="x"),
    "writes SQL": lambda: connection.cursor().execute(
        f"UPDATE pages_page SET {column('title')} = 'New'"
    ),
    "adds to a relation": lambda: BlogPost.objects.get().related_posts.add(BlogPost.objects.get()),
}


@pytest.mark.parametrize("write", WRITES)
def test_whatever_is_written_is_on_the_pages_that_show_it(ask, committed, write):
    before, other = ask("/content/").content, ask("/public/").content
    ask("/content/")  # which looks for dates; now, and not among what is not committed yet
    with committed():
        WRITES[write]()
        assert ask("/content/").content == before  # others do not see it before it is committed
    assert ask("/content/").content != before
    assert ask("/public/").content == other


def test_what_is_rolled_back_ends_no_page(ask, committed):
    before = ask("/content/").content
    with committed(), suppress(ZeroDivisionError), transaction.atomic():
        Page.objects.filter(slug="about").update(title="New")
        raise ZeroDivisionError
    assert ask("/content/").content == before


def test_sessions_and_logins_of_others_change_no_page(ask, committed, browse):
    before = ask("/content/").content
    with committed():
        visitor = browse("member")
        session = visitor.session
        session["seen"] = True
        session.save()
    assert ask("/content/").content == before


@pytest.fixture
def renderings():
    """A list to which each template that is rendered adds its name."""
    found = []

    def note(template, **kwargs):
        found.append(template.name)

    template_rendered.connect(note)
    yield found
    template_rendered.disconnect(note)


def test_the_log_in_of_an_author_ends_no_page(ask, committed, renderings):
    ask(BLOG)
    renderings.clear()
    with committed():
        users = get_user_model().objects
        users.filter(username="admin").update(last_login=timezone.now())
        users.filter(username="member").update(first_name="Ada")  # who is on no page
    assert ask(BLOG).status_code == 200
    assert renderings == []


def test_the_log_in_of_a_user_of_the_projects_own_is_no_edit(monkeypatch):
    monkeypatch.setattr(get_user_model()._meta, "db_table", "bakers")
    log_in = 'UPDATE "{}" SET "last_login" = %s WHERE "id" = %s'
    assert generation.harmless.__wrapped__().match(log_in.format("bakers"))
    assert not generation.harmless.__wrapped__().match(log_in.format("loaves"))
    assert reads.on_no_page.__wrapped__()["last_login"] == "bakers"


def test_a_page_that_stands_where_it_should_not_is_kept(ask, committed, renderings):
    """The line of such a page is asked for by a statement that begins with WITH."""
    with committed():
        about = Page.objects.get(slug="about")
        Page.objects.filter(slug=BLOG.strip("/")).update(parent=about)
    ask(BLOG)
    renderings.clear()
    assert ask(BLOG).status_code == 200
    assert renderings == []


def send_a_form():
    form = Form.objects.get()
    entry = FormEntry.objects.create(form=form, entry_time=timezone.now())
    FieldEntry.objects.create(entry=entry, field_id=form.fields.first().pk, value="Hello")


def poll():
    feed = Feed.objects.create(site_id=1, type="user", value="one")
    storing.note(
        [feed], [feed], Trouble.later("network", "no answer", timezone.now()), timezone.now()
    )


DRAFT = dict(title="Draft", status=CONTENT_STATUS_DRAFT)
CHANGE_NOTHING = {
    "a form is sent": send_a_form,
    "a feed is polled": poll,
    "a post is begun": lambda: BlogPost.objects.create(**DRAFT, content="x", user_id=1),
    "a page is begun": lambda: RichTextPage.objects.create(**DRAFT, content="x"),
    "a draft is edited": lambda: RichTextPage.objects.filter(title="Draft").update(content="y"),
    "a member is renamed": lambda: get_user_model().objects.filter(pk=2).update(first_name="Ada"),
    "a redirect is made": lambda: Redirect.objects.create(site_id=1, old_path="/x/", new_path="/"),
    "nothing is changed": lambda: RichTextPage.objects.update(description=F("description")),
}


@pytest.mark.parametrize("write", CHANGE_NOTHING)
def test_what_is_on_no_page_ends_none(ask, committed, renderings, write):
    pages = ["/", "/about/", "/contact/", "/gallery/", BLOG, POST]
    for _ in range(2):  # whoever is the first to show a feed notes that, and the next one sees it
        for page in pages:
            ask(page)
        generation.begin()
    for page in pages:
        ask(page)
    renderings.clear()
    with committed():
        CHANGE_NOTHING[write]()
    for page in pages:
        ask(page)
    assert renderings == []


OF_ANOTHER_SITE = {
    "a page": lambda: Page.objects.update(title="New"),
    "a post": lambda: BlogPost.objects.create(title="New", user_id=1),
    "a setting": lambda: Setting.objects.create(name="SITE_TITLE", value="New"),
    "SQL": lambda: connection.cursor().execute(
        "UPDATE pages_page SET title = 'x' WHERE site_id <> 1"
    ),
}


@pytest.mark.usefixtures("mezzanines_defaults")
def test_an_edit_of_another_site_each_second_lets_no_page_be_made(
    ask, committed, renderings, add_site
):
    two, pages = (
        add_site("two.example", copy_from="1").pk,
        ["/", "/about/", "/contact/", BLOG, POST],
    )
    for page in pages:
        ask(page)
    renderings.clear()
    for write in OF_ANOTHER_SITE.values():
        with override_current_site_id(two), committed():
            write()
        for page in pages:
            ask(page)
    assert renderings == []


def test_what_is_written_for_one_site_ends_no_page_of_another(ask, committed, add_site):
    two = add_site("two.example").pk
    before, of_all = ask("/content/").content, ask("/content/?all").content
    with override_current_site_id(two), committed():
        Page.objects.create(title="Of another site")
    assert ask("/content/").content == before
    assert ask("/content/?all").content != of_all  # a page that shows other sites, too


UNUSUAL = {
    "a percent sign": "SELECT title, '%%' FROM pages_page WHERE title LIKE '%%e%%' OR id = %s",
    "the time of the database": "SELECT title, CURRENT_TIMESTAMP FROM pages_page WHERE id > %s",
    "a plan": "EXPLAIN SELECT title FROM pages_page WHERE id = %s",
}


@pytest.mark.parametrize("sql", UNUSUAL)
def test_what_is_asked_by_sql_is_asked_again_where_that_is_the_same(
    ask, committed, monkeypatch, sql
):
    def show(request):
        with connection.cursor() as cursor:
            cursor.execute(UNUSUAL[sql].replace("title", column("title")), [1])
            cursor.fetchone()
            cursor.execute(f"SELECT {column('title')} FROM pages_page ORDER BY 1")
            return answer(f"{uuid4().hex} {cursor.fetchone()} {[*cursor]} {cursor.fetchmany(3)}")

    view = next(pattern for pattern in urlpatterns if str(pattern.pattern) == "public/")
    monkeypatch.setattr(view, "callback", show)
    before = ask("/public/").content
    with committed():
        Page.objects.update(description="On no page")
    assert (ask("/public/").content == before) == (sql == "a percent sign")
    with committed():
        Page.objects.update(title="New")
    assert b"New" in ask("/public/").content


def test_a_page_that_writes_while_it_is_made_is_not_kept(ask, monkeypatch):
    def write(request):
        Page.objects.filter(slug="about").update(title=uuid4().hex)
        return answer(Page.objects.get(slug="about").title)

    view = next(pattern for pattern in urlpatterns if str(pattern.pattern) == "public/")
    monkeypatch.setattr(view, "callback", write)
    assert ask("/public/").content != ask("/public/").content


def test_a_page_of_what_lies_in_the_cache_ends_with_whatever_is_written(
    ask, committed, monkeypatch
):
    def cached(request):
        return answer(cache.get_or_set("title", lambda: Page.objects.get(slug="about").title))

    view = next(pattern for pattern in urlpatterns if str(pattern.pattern) == "public/")
    monkeypatch.setattr(view, "callback", cached)
    cache.set("title", "Old")
    assert ask("/public/").content == b"Old"
    with committed():
        Page.objects.filter(slug="about").update(title="New")
        cache.delete("title")
    assert ask("/public/").content == b"New"


def test_a_page_that_was_made_while_another_was_saved_is_not_shown_afterwards(
    ask, committed, monkeypatch
):
    def make(request):
        body = Page.objects.get(slug="about").title
        with committed():
            Page.objects.filter(slug="about").update(title="After")
        return answer(body)

    view = next(pattern for pattern in urlpatterns if str(pattern.pattern) == "public/")
    monkeypatch.setattr(view, "callback", make)
    ask("/public/")
    monkeypatch.setattr(
        view, "callback", lambda request: answer(Page.objects.get(slug="about").title)
    )
    assert ask("/public/").content == b"After"


def test_an_edit_is_seen_at_once(ask, committed, browse):
    assert b"Edited" not in ask("/about/").content
    fields = fields_of(ask("/about/", "admin"), IN_PLACE)
    with committed():
        browse("admin").post("/edit/", fields | {"content": "<p>Edited</p>"})
    assert b"Edited" in ask("/about/").content


def test_a_draft_is_for_staff(ask, committed):
    with committed():
        Page.objects.filter(slug="about").update(status=CONTENT_STATUS_DRAFT)
    assert ask("/about/", "admin").status_code == 200
    assert ask("/about/").status_code == 404
