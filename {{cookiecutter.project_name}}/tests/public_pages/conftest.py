"""Public pages as the project makes them, whatever is in its place."""

import pytest
from bs4 import BeautifulSoup
from mezzanine.blog.models import BlogPost


@pytest.fixture(autouse=True)
def urls(settings):
    settings.ROOT_URLCONF = "site_urls"


@pytest.fixture
def see(browse):
    """Return a function that opens an address and returns the page, as a BeautifulSoup."""

    def see(address, user=None):
        return BeautifulSoup(browse(user).get(address, follow=True).content, "html.parser")

    return see


@pytest.fixture
def post():
    return BlogPost.objects.get()
