"""What NGINX is told of an edit: for which hosts it asks Django for every page in that second."""

import pytest
from django.contrib.sites.models import Site

from multisite.hosts import hosts
from page_cache import edits

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
