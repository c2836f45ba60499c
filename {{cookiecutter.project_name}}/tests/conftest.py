"""A site with the content of createdb, an admin and a member, for all tests."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.sites.models import Site
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client, override_settings
from mezzanine.core.models import SitePermission

from multisite.hosts import hosts, normal

HOST = "127.0.0.1:8000"  # the domain that createdb gives to the first site while DEBUG


@pytest.fixture(scope="session", autouse=True)
def media_root(tmp_path_factory):
    """Uploads of the tests go into a directory of their own."""
    path = tmp_path_factory.mktemp("media")
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, and only for tests
    with override_settings(MEDIA_ROOT=path, PASSWORD_HASHERS=hashers):
        yield path


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker, media_root):
    with django_db_blocker.unblock(), override_settings(DEBUG=True):
        call_command("createdb", interactive=False, verbosity=0)
        users = get_user_model().objects
        users.create_user("member", "member@example.com", "a member's password")


@pytest.fixture(autouse=True)
def forget_sites():
    """The sites of one test are not remembered by the next."""
    hosts.expire()


@pytest.fixture
def add_site(db):
    """Return a function that adds a site of that domain and returns it."""

    def add(domain, **options):
        call_command("addsite", domain, verbosity=0, **options)
        return Site.objects.get(domain=normal(domain))

    return add


@pytest.fixture
def sites(settings, add_site):
    """Three sites, the second with an alias; site_urls.py tells which one is seen."""
    settings.ROOT_URLCONF = "site_urls"
    add_site("two.example", alias=["zwei.example"])
    add_site("www.three.example")
    add_site("münchen.example")
    return {site.domain: site.pk for site in Site.objects.all()}


@pytest.fixture
def browse(db):
    """Return a client of a site, the first, that is logged in as the user of that name, if any."""

    def client(username=None, host=HOST):
        client = Client(HTTP_HOST=host, raise_request_exception=False)
        if username:
            client.force_login(get_user_model().objects.get(username=username))
        return client

    return client


@pytest.fixture
def staff(browse):
    """Return a function that makes staff of the first site with those permissions; a client."""

    def client(*permissions, sites=(1,), host=HOST):
        users = get_user_model().objects
        user = users.create_user(f"staff{users.count()}", password="x", is_staff=True)
        for name in permissions:
            app, _, codename = name.partition(".")
            found = Permission.objects.get(content_type__app_label=app, codename=codename)
            user.user_permissions.add(found)
        SitePermission.objects.create(user=user).sites.set(sites)
        return browse(user.username, host)

    return client


@pytest.fixture(params=[None, "member", "admin"], ids=["anonymous", "member", "superuser"])
def visitor(request, browse):
    """A client of each kind of visitor, in turn."""
    return browse(request.param)


@pytest.fixture
def keep_pages(settings, db):
    """Pages are kept, as on a server."""
    cache.clear()
    settings.PAGE_CACHE_SECONDS = 60
    place = settings.MIDDLEWARE.index("page_cache.middleware.PageCacheMiddleware")
    settings.MIDDLEWARE = [*settings.MIDDLEWARE]
    settings.MIDDLEWARE.insert(place, "page_cache_views.site_of_the_test")


@pytest.fixture
def ask(browse, settings, keep_pages):
    """Return a function that asks for an address with headers; it has a visitor's new browser."""
    settings.ROOT_URLCONF = "page_cache_views"

    def ask(address, user=None, method="get", cookies="", **headers):
        client = browse(user)
        client.cookies.load(cookies)
        return getattr(client, method)(address, **headers)

    return ask
