"""What concerns sites costs as little with many of them."""

from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from mezzanine.blog.models import BlogPost
from mezzanine.core.models import SitePermission
from mezzanine.forms.models import Form, FormEntry
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.sites import override_current_site_id
from users_of_admin import admin_of_users

pytestmark = pytest.mark.django_db


@pytest.fixture
def form_of(browse):
    """Return a function that shows the form of a member in the admin."""
    member = get_user_model().objects.get(username="member")

    def show():
        return browse("admin").get(admin_of_users("change", member.pk))

    return show


def test_the_form_of_a_user_is_as_long_with_200_sites_as_with_one(form_of):
    before = len(form_of().content)
    Site.objects.bulk_create(Site(domain=f"site{n}.example", name=str(n)) for n in range(200))
    assert len(form_of().content) < before + 1000


def test_the_form_of_a_user_shows_the_sites_that_the_user_has(form_of):
    two = Site.objects.create(domain="two.example", name="Two")
    member = get_user_model().objects.get(username="member")
    SitePermission.objects.create(user=member).sites.set([two])
    assert f'<option value="{two.pk}" selected' in form_of().text


def test_sites_are_searched(browse):
    Site.objects.create(domain="two.example", name="Two")
    query = "app_label=core&model_name=sitepermission&field_name=sites&term=two"
    answer = browse("admin").get(f"{reverse('admin:autocomplete')}?{query}")
    assert [each["text"] for each in answer.json()["results"]] == ["two.example"]


@pytest.fixture
def used(settings, tmp_path):
    """A site with two pages, one of which is a form, three posts, four entries and a file."""
    settings.MEDIA_ROOT, settings.MEDIA_LIBRARY_PER_SITE = str(tmp_path), True
    site = Site.objects.create(domain="two.example", name="Two")
    author = get_user_model().objects.get(username="member")
    with override_current_site_id(site.pk):
        RichTextPage.objects.create(title="Page")
        form = Form.objects.create(title="Form")
        for _ in range(4):
            FormEntry.objects.create(form=form, entry_time=timezone.now())
        for number in range(3):
            BlogPost.objects.create(title=str(number), user=author)
    folder = Path(tmp_path, f"uploads/site-{site.pk}/folder")
    folder.mkdir(parents=True)
    (folder / "straße.jpg").write_bytes(b"x" * 2_500_000)
    return site


def test_sites_are_listed_with_what_they_have(used, capsys):
    call_command("listsites")
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "two.example" in line)
    assert line.split()[1:] == "two.example 2 pages 3 posts 4 entries 2.5 MB".split()


def test_the_page_of_a_site_says_what_it_has(used, browse, in_english):
    page = browse("admin").get(reverse("admin:sites_site_change", args=[used.pk])).text
    assert "2 pages, 3 posts, 4 form entries, 2.4\xa0MB" in page
    assert "form entries" not in browse("admin").get(reverse("admin:sites_site_add")).text


def test_a_list_of_200_sites_takes_as_many_queries_as_one_of_two(
    used, django_assert_max_num_queries
):
    Site.objects.bulk_create(Site(domain=f"site{n}.example", name=str(n)) for n in range(200))
    with django_assert_max_num_queries(5):
        call_command("listsites")


def test_uploads_that_sites_share_are_measured_once(used, settings, monkeypatch):
    settings.MEDIA_LIBRARY_PER_SITE = False
    measured = []
    monkeypatch.setattr("multisite.usage.size", lambda path: measured.append(path) or 7)
    call_command("listsites")
    assert len(measured) == 1
