"""What concerns sites costs as little with many of them."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.urls import reverse
from mezzanine.core.models import SitePermission

pytestmark = pytest.mark.django_db


@pytest.fixture
def form_of(browse):
    """Return a function that shows the form of a member in the admin."""
    member = get_user_model().objects.get(username="member")

    def show():
        return browse("admin").get(reverse("admin:auth_user_change", args=[member.pk]))

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
