"""What NGINX is told of an edit: when, and for which hosts it asks Django for every page then."""

import time

import pytest
from django.contrib.sites.models import Site
from mezzanine.pages.models import Page
from page_cache_views import answer, urlpatterns

from multisite.hosts import hosts
from page_cache import edits
from page_cache.reads import digest

pytestmark = pytest.mark.django_db


@pytest.fixture
def noted(settings, tmp_path, add_site):
    """Return a function that notes what was written on a site; it returns the marks of NGINX."""
    two = add_site("two.example", alias=["zwei.example", "www.drei.example"])
    site_ids = {"one": 1, "two": two.pk}
    hosts.expire()
    settings.PAGE_CACHE_EDITS = str(tmp_path)

    def noted(site, *writes):
        for file in tmp_path.iterdir():
            file.unlink()
        edits.note(site_ids[site], writes)
        return {file.name.partition("-")[2] for file in tmp_path.iterdir()}

    return noted


OF_TWO = {
    name for host in ("two", "zwei", "drei") for name in (f"{host}.example", f"www.{host}.example")
}
SHARED = {
    "users": 'UPDATE "auth_user" SET "first_name" = %s WHERE "auth_user"."id" = %s',
    "sites": 'UPDATE "django_site" SET "name" = %s',
    "redirects, which the admin shows of all sites": 'INSERT INTO "django_redirect" VALUES (%s)',
    "what is no table of a model": 'UPDATE "something" SET "a" = 1',
    "what is no write that is known": "TRUNCATE pages_page",
    "nothing": "",
}


@pytest.mark.parametrize(
    "write",
    [
        'UPDATE "pages_page" SET "title" = %s WHERE "pages_page"."id" = %s',
        'UPDATE "pages_richtextpage" SET "content" = %s',
        'INSERT INTO "blog_blogpost" ("title") VALUES (%s)',
        'INSERT OR IGNORE INTO "blog_blogpost_categories" VALUES (%s)',
        'DELETE FROM "forms_field" WHERE "forms_field"."id" IN (%s)',
        'UPDATE "galleries_galleryimage" SET "description" = %s',
        'INSERT INTO "conf_setting" VALUES (%s)',
    ],
)
def test_an_edit_of_a_site_is_noted_for_all_its_names_and_for_no_others(noted, write):
    assert noted("two", write) == OF_TWO
    assert noted("one", write, write) == {"127.0.0.1"}


@pytest.mark.parametrize("write", SHARED.values(), ids=SHARED)
def test_what_sites_share_is_noted_for_all(noted, write):
    of_a_site = 'UPDATE "pages_page" SET "title" = %s'
    assert noted("two", of_a_site, write) == {""}


def test_the_names_of_a_second_have_a_bound(noted, monkeypatch):
    monkeypatch.setattr(edits, "MANY", 5)
    assert noted("two", 'UPDATE "pages_page" SET "title" = %s') == {""}


@pytest.mark.parametrize(
    "name", ["../../etc/x", "a/b.example", "a\\0.example", "x" * 100 + ".example"]
)
def test_a_name_that_is_no_host_is_no_file(noted, name):
    Site.objects.filter(domain="two.example").update(domain=name)
    hosts.expire()
    hosts._read()
    found = noted("two", 'UPDATE "pages_page" SET "title" = %s')
    assert found == {""} or name in found


# When


@pytest.fixture
def saving(monkeypatch):
    """What is sent to /public/ is an edit."""

    def save(request):
        if request.method == "POST":
            Page.objects.filter(slug="about").update(title="New")
        return answer()

    view = next(pattern for pattern in urlpatterns if str(pattern.pattern) == "public/")
    monkeypatch.setattr(view, "callback", save)


@pytest.mark.usefixtures("saving")
@pytest.mark.parametrize(("user", "told"), [("admin", True), ("member", False), (None, False)])
def test_nginx_is_told_of_what_staff_edit_and_of_nothing_else(ask, settings, tmp_path, user, told):
    settings.PAGE_CACHE_EDITS = str(tmp_path)
    (tmp_path / "1").touch()  # of an edit long ago
    ask("/public/", user)
    assert [file.name for file in tmp_path.iterdir()] == ["1"]
    assert ask("/public/", user, "post").status_code == 200
    left = {file.name for file in tmp_path.iterdir()}
    assert (left != {"1"}) == told


def test_an_edit_counts_in_its_second_and_in_the_next_and_one_of_before_no_more(noted, tmp_path):
    (tmp_path / "1").touch()
    begun = int(time.time())
    edits.note()
    seconds = sorted(int(file.name) for file in tmp_path.iterdir())
    assert begun <= seconds[0] <= time.time()
    assert seconds == [seconds[0], seconds[0] + 1]


def test_nginx_is_not_told_of_staff_who_log_in_or_change_nothing(ask, settings, tmp_path):
    settings.PAGE_CACHE_EDITS = str(tmp_path)
    ask("/admin/login/", None, "post", data={"username": "admin", "password": "default"})
    ask("/public/", "admin", "post")
    ask("/set_site/", "admin", "post", data={"site_id": "1"})
    assert [*tmp_path.iterdir()] == []


@pytest.mark.usefixtures("saving")
def test_an_edit_of_which_nginx_cannot_be_told_is_made_all_the_same(ask, settings, tmp_path):
    settings.PAGE_CACHE_EDITS = str(tmp_path / "nothing")
    assert ask("/public/", "admin", "post").status_code == 200


def test_nginx_keeps_a_page_until_the_second_is_over_in_which_it_was_begun(ask, monkeypatch):
    moments = iter([1000.9, *[1001.1] * 100])
    monkeypatch.setattr("page_cache.middleware.time.time", lambda: next(moments))
    assert ask("/public/")["X-Accel-Expires"] == "@1000"


def test_rows_that_come_in_another_order_are_another_answer_only_where_one_was_asked_for():
    rows, columns = [(1, "a"), (2, "b")], [("id",), ("title",)]
    asked = "SELECT id, title FROM pages_page"
    assert digest(asked, rows, columns) == digest(asked, rows[::-1], columns)
    assert digest(asked, rows, columns) != digest(asked, rows[:1], columns)
    asked += " ORDER BY title"
    assert digest(asked, rows, columns) != digest(asked, rows[::-1], columns)
