"""A site with the content of createdb, an admin and a member, for all tests.

They pass with other settings as well: what a test needs, it sets; what concerns this machine alone,
and what a shell says to Django and Python, is set here.
"""

import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest
from django.conf import settings as project_settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.sites.models import Site
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import set_urlconf
from django.utils import translation
from media_acts import GIF
from mezzanine.blog.models import BlogPost
from mezzanine.conf import registry
from mezzanine.core.models import SitePermission

import theme
from feeds.credentials import NAMES
from homepage import demo
from multisite.for_settings import HostOfAnySite
from multisite.hosts import hosts, normal

HOST = "127.0.0.1:8000"  # the domain that createdb gives to the first site while DEBUG

OF_THE_TESTS = {
    "ALLOWED_HOSTS": [HostOfAnySite(), "testserver"],
    "CACHES": {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "KEY_FUNCTION": "multisite.cache_keys.key_of_site",
        }
    },
    "ENVIRONMENT": "production",
    "PAGE_CACHE_SECONDS": 0,
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],  # quick
    "SECOND_FACTOR": False,
    "SECURE_SSL_REDIRECT": False,
    "SESSION_ENGINE": "django.contrib.sessions.backends.db",
    "SITE_FALLBACK": False,
    "SITE_ID": 1,
}

# A middleware that looks at the visitor, as Django's for languages does, makes all pages private.
PUBLIC_MIDDLEWARE = (
    "multisite.middleware.SiteMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "page_cache.middleware.PageCacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "second_factor.middleware.SecondFactorMiddleware",
    "multisite.middleware.SessionSiteMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "page_addresses.middleware.RedirectFallbackMiddleware",
    "mezzanine.core.middleware.AdminLoginInterfaceSelectorMiddleware",
    "multisite.middleware.SitePermissionMiddleware",
    "mezzanine.pages.middleware.PageMiddleware",
    f"{project_settings.PROJECT_APP}.content_security.ContentSecurityPolicyMiddleware",
    f"{project_settings.PROJECT_APP}.middleware.HealthMiddleware",
    f"{project_settings.PROJECT_APP}.middleware.MissingParameterMiddleware",
    f"{project_settings.PROJECT_APP}.middleware.NumberMiddleware",
    f"{project_settings.PROJECT_APP}.middleware.StrictTransportMiddleware",
    f"{project_settings.PROJECT_APP}.middleware.UnicodeMiddleware",
)

# Of Mezzanine's settings, those that decide what a visitor may do, and what the admin offers.
EDITABLE = ("ACCOUNTS_APPROVAL_REQUIRED", "ACCOUNTS_VERIFICATION_REQUIRED", "SITE_TAGLINE")
EDITABLE += ("COMMENTS_ACCOUNT_REQUIRED", "COMMENTS_DEFAULT_APPROVED", "COMMENTS_DISQUS_SHORTNAME")
EDITABLE += ("RATINGS_ACCOUNT_REQUIRED", "SITE_TITLE", "TWITTER_DAILY_BUDGET", *NAMES)
EDITABLE += tuple(f"TWITTER_DEFAULT_{name}" for name in ("QUERY_TYPE", "QUERY", "NUM_TWEETS"))
EDITABLE += ("SITE_FOOTER", *(name for name in registry if name.startswith("LOOK_")))
EDITABLE += tuple(f"TWITTER_{type}_INTERVAL" for type in ("USER", "LIST", "SEARCH"))


@pytest.fixture(scope="session", autouse=True)
def environment():
    """What the tests start is told nothing by the shell about sites, warnings and encodings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MEZZANINE_SITE_ID", raising=False)
        patch.delenv("PYTHONWARNINGS", raising=False)
        patch.setenv("PYTHONUTF8", "1")
        yield


@pytest.fixture(scope="session", autouse=True)
def media_root(tmp_path_factory, environment):
    """Uploads of the tests go into a directory of their own."""
    path = tmp_path_factory.mktemp("media")
    with override_settings(MEDIA_ROOT=path, **OF_THE_TESTS):
        yield path


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker, media_root):
    with django_db_blocker.unblock(), override_settings(DEBUG=True):
        with pytest.MonkeyPatch.context() as patch:  # the texts are in English in every project
            patch.setattr(demo, "languages", lambda: [None])
            call_command("createdb", interactive=False, verbosity=0)
        BlogPost.objects.exclude(slug="hello").delete()  # one is easier to reason about
        users = get_user_model().objects
        users.create_user("member", "member@example.com", "a member's password")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Modules of tests that make an address have it without a language, as the tests do."""
    set_urlconf("project_urls")
    try:
        return (yield)
    finally:
        set_urlconf(None)


@pytest.fixture(autouse=True)
def addresses_without_languages(settings):
    """The tests ask for /blog/, also where the project has /en/blog/."""
    if is_language_prefix_patterns_used(settings.ROOT_URLCONF)[0]:
        settings.ROOT_URLCONF = "project_urls"


@pytest.fixture
def uploads(media_root):
    """Make a file and a folder for the sites 1 and 10; return the directory of all uploads."""
    root, others = Path(media_root, "uploads"), Path(media_root, "uploads of other tests")
    root.mkdir(exist_ok=True)
    root.rename(others)
    for site in ("site-1", "site-10"):
        Path(root, site, "folder").mkdir(parents=True)
        for name in ("picture.gif", "folder/inner.gif"):
            Path(root, site, name).write_bytes(GIF)
    yield root
    shutil.rmtree(root)
    others.rename(root)


@pytest.fixture
def everything(uploads):
    """Return a function that lists all uploads, of all sites, with their content."""

    def listed():
        files = [file for file in uploads.rglob("*") if ".thumbnails" not in file.parts]
        return {str(file): file.is_file() and file.read_bytes() for file in files}

    return listed


@pytest.fixture(autouse=True)
def forget_sites():
    """The sites of one test are not remembered by the next."""
    hosts.expire()


@pytest.fixture
def mezzanines_defaults(settings, monkeypatch):
    """What settings.py says of tweets, titles, accounts and comments is not said for this test."""
    for name, setting in registry.items():
        if name in EDITABLE and hasattr(settings, name):
            delattr(settings, name)
            monkeypatch.setitem(setting, "editable", True)
    monkeypatch.setitem(registry["COMMENTS_DEFAULT_APPROVED"], "default", True)


@pytest.fixture
def in_english(settings):
    """Visitors are spoken to in English, for tests that look for words."""
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


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
def mezzanines_base(settings, tmp_path_factory):
    """Pages have the base.html of the theme, which has Mezzanine's blocks, not the project's."""
    engine, *others = settings.TEMPLATES
    base = tmp_path_factory.mktemp("base")
    shutil.copy(Path(theme.__file__).parent / "templates/base.html", base)
    settings.TEMPLATES = [engine | {"DIRS": [base, *engine["DIRS"]]}, *others]


@pytest.fixture
def keep_pages(settings, db, monkeypatch):
    """Pages are kept, as on a server; its heartbeat would stay connected to the tests' database."""
    monkeypatch.setattr("page_cache.heartbeat.limited", lambda method: nullcontext())
    cache.clear()
    settings.PAGE_CACHE_SECONDS = 60
    public = [name for name in settings.MIDDLEWARE if name in PUBLIC_MIDDLEWARE]
    place = public.index("page_cache.middleware.PageCacheMiddleware")
    settings.MIDDLEWARE = [*public[:place], "page_cache_views.site_of_the_test", *public[place:]]


@pytest.fixture
def ask(browse, settings, keep_pages):
    """Return a function that asks for an address with headers; it has a visitor's new browser."""
    settings.ROOT_URLCONF = "page_cache_views"

    def ask(address, user=None, method="get", cookies="", **headers):
        client = browse(user)
        client.cookies.load(cookies)
        return getattr(client, method)(address, **headers)

    return ask


@pytest.fixture
def home_page(settings):
    """A page of the database is the home page, whatever the project has there."""
    settings.ROOT_URLCONF = "site_urls"
