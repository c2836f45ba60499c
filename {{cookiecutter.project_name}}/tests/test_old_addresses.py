"""The old address of a page leads to the new one, by one redirect, while no page has it."""

import pytest
from django.contrib.redirects.models import Redirect
from django.db import connection
from django.test.utils import CaptureQueriesContext
from mezzanine.pages.models import Link, Page, RichTextPage
from page_tree import add, change, move, stored

pytestmark = pytest.mark.usefixtures(
    "mezzanines_base", "mezzanines_defaults", "in_english", "home_page"
)


@pytest.fixture
def admin(browse):
    return browse("admin")


@pytest.fixture
def leads(browse):
    """Return whether an address leads to another by one redirect, and there is a page."""

    def leads(old, new):
        answer = browse().get(old)
        found = answer.status_code == 301 and answer["Location"] == new
        return found and browse().get(new).status_code == 200

    return leads


def test_the_old_addresses_of_a_page_and_those_below_live_on(admin, leads):
    add(admin, "Ada", stored("about/team"))
    assert change(admin, stored("about"), slug="firm").status_code == 302
    for rest in ("", "team/", "history/", "team/ada/"):
        assert leads(f"/about/{rest}", f"/firm/{rest}")


def test_the_old_addresses_of_pages_that_are_moved_live_on(admin, leads):
    assert move(admin, stored("about"), stored("gallery")).content == b"ok"
    for rest in ("", "team/", "history/"):
        assert leads(f"/about/{rest}", f"/gallery/about/{rest}")


def test_an_address_that_is_made_of_a_new_title_leaves_the_old_one_alive(admin, leads):
    assert change(admin, stored("about"), title="Firm", slug="").status_code == 302
    assert leads("/about/team/", "/firm/team/")


def test_a_page_that_is_renamed_back_is_at_its_address(admin, leads, browse):
    about = stored("about")
    for slug in ("firm", "about"):
        assert change(admin, about, slug=slug).status_code == 302
    for rest in ("", "team/"):
        assert browse().get(f"/about/{rest}").status_code == 200
        assert leads(f"/firm/{rest}", f"/about/{rest}")


def test_all_old_addresses_lead_to_the_last_at_once(admin, leads):
    about = stored("about")
    for slug in ("one", "two", "three", "one", "last"):
        assert change(admin, about, slug=slug).status_code == 302
    for slug in ("about", "one", "two", "three"):
        assert leads(f"/{slug}/team/", "/last/team/")


def test_no_redirect_leads_in_a_circle_when_a_page_is_gone(admin, browse):
    about = stored("about")
    for slug in ("firm", "about", "firm"):
        assert change(admin, about, slug=slug).status_code == 302
    Page.objects.get(pk=about.pk).delete()
    answer = browse().get("/about/", follow=True)
    assert answer.status_code == 404
    assert len(answer.redirect_chain) == 1


def test_a_page_may_go_below_its_own_old_address(admin, leads, browse):
    assert change(admin, stored("about"), slug="about/about").status_code == 302
    assert browse().get("/about/about/team/").status_code == 200
    assert leads("/about/", "/about/about/")


def test_a_new_page_may_have_an_old_address(admin, browse, leads):
    about = stored("about")
    assert change(admin, about, slug="firm").status_code == 302
    assert add(admin, "Another", slug="about").status_code == 302
    assert "Another" in browse().get("/about/").text
    assert change(admin, stored("about"), slug="other").status_code == 302
    assert leads("/about/", "/other/")
    assert change(admin, about, slug="about").status_code == 302
    assert browse().get("/about/").context["page"].pk == about.pk


def test_the_home_page_can_be_elsewhere_for_a_while(admin, browse, leads):
    home = stored("/")
    assert change(admin, home, slug="start").status_code == 302
    assert leads("/", "/start/")
    assert change(admin, home, slug="/").status_code == 302
    assert browse().get("/").status_code == 200
    assert leads("/start/", "/")


@pytest.mark.parametrize("slug", ["über-uns", "a b", "a;b=c,d", "q&a", "a+b", "100%", "(x)'!"])
def test_any_old_address_leads_on(admin, leads, slug):
    page = stored("about")
    assert change(admin, page, slug=slug).status_code == 302
    old = Page.objects.get(pk=page.pk).get_absolute_url()
    assert change(admin, page, slug="firm").status_code == 302
    assert leads(old, "/firm/")


@pytest.mark.parametrize("query", ["?page=2", "?utm_source=a%20letter&b=%C3%BC"])
def test_what_follows_an_old_address_goes_along(admin, leads, query):
    assert change(admin, stored("about"), slug="firm").status_code == 302
    assert leads(f"/about/{query}", f"/firm/{query}")
    Redirect.objects.create(site_id=1, old_path=f"/about/{query}", new_path="/gallery/")
    assert leads(f"/about/{query}", "/gallery/")


def test_redirects_of_staff_follow_the_page_that_they_lead_to(admin, leads):
    Redirect.objects.create(site_id=1, old_path="/us/", new_path="/about/team/")
    Redirect.objects.create(site_id=1, old_path="/other/", new_path="/gallery/")
    assert change(admin, stored("about"), slug="firm").status_code == 302
    assert leads("/us/", "/firm/team/")
    assert leads("/other/", "/gallery/")


def test_no_browser_keeps_a_redirect(admin, browse):
    assert change(admin, stored("about"), slug="firm").status_code == 302
    assert browse().get("/about/")["Cache-Control"] == "no-cache"


def test_an_old_address_is_one_of_its_own_site(admin, browse, add_site):
    site = add_site("two.example")
    RichTextPage.objects.create(title="Team", slug="about/team", content="x", site_id=site.pk)
    assert change(admin, stored("about"), slug="firm").status_code == 302
    other = browse(host="two.example")
    assert other.get("/about/").status_code == 404
    assert other.get("/about/team/").status_code == 200
    assert {row.site_id for row in Redirect.objects.all()} == {1}


def test_a_page_that_code_renames_leaves_all_addresses_alive(browse, leads, db):
    about = Page.objects.get(slug="about")
    about.slug = "firm"
    about.save()
    assert leads("/about/", "/firm/")
    assert browse().get("/about/team/").status_code == 200
    about.set_slug("last")
    assert leads("/about/", "/last/")


def test_what_changes_no_address_makes_no_redirect(admin):
    assert change(admin, stored("about"), title="Firm").status_code == 302
    link = Link.objects.create(title="A link", slug="/gallery/")
    assert change(admin, link, slug="/contact/").status_code == 302
    assert not Redirect.objects.exists()


@pytest.mark.parametrize("letter", ["ü", "a", "字"])
def test_long_addresses_live_on(admin, leads, letter):
    page = stored("about")
    for slug in (letter * 150, "firm"):
        assert change(admin, page, slug=slug).status_code == 302
    assert leads(f"/{letter * 150}/team/", "/firm/team/")


def test_addresses_that_no_redirect_can_hold_are_changed_all_the_same(admin, browse, caplog):
    page, long = stored("about"), "x" * 250
    for slug in (long, "firm", long):
        assert change(admin, page, slug=slug).status_code == 302
    assert browse().get(f"/{long}/team/").status_code == 200
    assert all(len(row.old_path) <= 200 >= len(row.new_path) for row in Redirect.objects.all())
    assert "too long" in caplog.text


def test_a_redirect_that_staff_typed_with_an_umlaut_leads_on(leads, db):
    Redirect.objects.create(site_id=1, old_path="/über/", new_path="/about/")
    assert leads("/über/", "/about/")


def branch(admin, name, number):
    """Make a page with that many below it, in a chain and side by side."""
    add(admin, name)
    parent = top = stored(name)
    for index in range(number):
        page = RichTextPage(title=f"{name}{index}", slug=f"{parent.slug}/{index}", parent=parent)
        page.save()
        parent = page.page_ptr if index < 5 else parent
    return top


def test_a_branch_of_hundreds_of_pages_is_renamed_by_few_queries(admin):
    taken = []
    for name, number in (("small", 10), ("large", 300)):
        top = branch(admin, name, number)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert change(admin, top, slug=f"{name}-new").status_code == 302
        taken.append(len(queries))
        assert Page.objects.filter(slug__startswith=f"{name}-new/").count() == number
        assert Redirect.objects.filter(old_path__startswith=f"/{name}/").count() == number + 1
    assert taken[1] - taken[0] < 30


def test_a_visit_of_an_old_address_writes_nothing(admin, browse):
    assert change(admin, stored("about"), slug="firm").status_code == 302
    with CaptureQueriesContext(connection) as queries:
        browse().get("/about/")
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}


def test_no_page_is_kept_at_its_old_address(ask, admin, browse, django_capture_on_commit_callbacks):
    assert ask("/about/team/").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        assert change(admin, stored("about"), slug="firm").status_code == 302
    assert ask("/about/team/").status_code == 301
    connection.run_on_commit.clear()  # of what is committed, as outside of tests
    with django_capture_on_commit_callbacks(execute=True):
        assert change(admin, stored("firm"), slug="about").status_code == 302
    assert ask("/about/team/").status_code == 200
