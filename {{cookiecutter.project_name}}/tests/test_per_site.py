"""What each site has for itself, and the commands that add, check and remove one."""

import re

import pytest
from addresses import BLOG
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from mezzanine.blog.models import BlogPost
from mezzanine.conf import registry
from mezzanine.conf.models import Setting
from mezzanine.forms.models import Form
from mezzanine.galleries.models import Gallery
from mezzanine.pages.models import Page
from mezzanine.utils.sites import override_current_site_id

from multisite.models import SiteAlias

TWO = "two.example"


@pytest.fixture
def two(add_site):
    return add_site(TWO)


@pytest.fixture
def theme(tmp_path, monkeypatch, mezzanines_base):
    """A package with a footer of its own, to be imported as blue."""
    templates = tmp_path / "blue" / "templates"
    (templates / "includes").mkdir(parents=True)
    (tmp_path / "blue" / "__init__.py").touch()
    (templates / "includes" / "footer_scripts.html").write_text("the blue footer")
    (templates / "base.html").write_text(
        '{% extends "base.html" %}{% block navbar_title %}the blue title{% endblock %}'
    )
    monkeypatch.syspath_prepend(tmp_path)
    return "blue"


def looks_blue(client):
    html = client.get(reverse("search")).content.decode()
    assert ("the blue footer" in html) == ("the blue title" in html)
    return "the blue footer" in html


def test_a_site_named_in_host_themes_has_that_theme(browse, two, theme, settings):
    settings.HOST_THEMES = [("Two.example", theme)]
    sites = [browse(), browse(host=TWO)] * 2  # what one compiles the other must not be given
    assert [looks_blue(site) for site in sites] == [False, True] * 2


@pytest.mark.parametrize("where", ["production", "staging", "development"])
def test_host_themes_names_sites_as_production_calls_them(browse, add_site, theme, settings, where):
    settings.ENVIRONMENT = where
    main = Site.objects.get(pk=settings.SITE_ID)
    ending = {"production": "", "staging": f".{main.domain}", "development": ".localhost:8000"}
    two = add_site(f"{TWO}{ending[where]}").domain
    settings.HOST_THEMES = [(TWO, theme)]
    assert [looks_blue(browse(host=two)), looks_blue(browse())] == [True, False]
    settings.HOST_THEMES = [(settings.FABRIC["LIVE_HOSTNAME"], theme)]
    assert [looks_blue(browse(host=two)), looks_blue(browse())] == [False, True]
    settings.HOST_THEMES.append((main.domain, "theme"))  # what it is called here counts first
    assert not looks_blue(browse())


def test_a_site_has_the_theme_of_its_settings(browse, two, theme, settings, monkeypatch):
    settings.SITE_THEMES = [theme]
    monkeypatch.setitem(registry["SITE_THEME"], "editable", True)
    Setting.objects.create(site=two, name="SITE_THEME", value=theme)
    sites = [browse(host=TWO), browse()] * 2
    assert [looks_blue(site) for site in sites] == [True, False] * 2


def test_a_theme_takes_no_query(browse, two, theme, settings):
    settings.HOST_THEMES = [(TWO, theme)]
    browse(host=TWO).get("/")  # the sites are known from now on
    with CaptureQueriesContext(connection) as queries:
        browse(host=TWO).get("/")
    assert [query["sql"] for query in queries if 'FROM "django_site"' in query["sql"]] == []


def test_sites_do_not_read_what_another_has_cached(two):
    cache.set("key", "one")
    with override_current_site_id(two.pk):
        assert cache.get("key") is None
        cache.set("key", "two")
    assert cache.get("key") == "one"


def test_cached_fragments_of_templates_are_of_one_site(two):
    template = Template("{% load cache %}{% cache 60 fragment %}{% firstof word %}{% endcache %}")
    assert template.render(Context({"word": "one"})) == "one"
    with override_current_site_id(two.pk):
        assert template.render(Context({"word": "two"})) == "two"
    assert template.render(Context({"word": "three"})) == "one"


def test_a_session_in_the_cache_is_the_same_on_each_site(browse, two, settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    admin = browse("admin")
    for site_id in (two.pk, 1, two.pk):
        admin.post("/set_site/", {"site_id": site_id})
        assert admin.get("/").wsgi_request.site_id == site_id


def test_uploads_of_one_site_are_not_listed_at_another(browse, two):
    upload = SimpleUploadedFile("of-two.gif", b"GIF89a", "image/gif")
    browse("admin", TWO).post(reverse("fb_do_upload"), {"folder": "", "Filedata": upload})
    listed = [browse("admin", host).get(reverse("fb_browse")) for host in (TWO, "127.0.0.1:8000")]
    assert ["of-two.gif" in page.content.decode() for page in listed] == [True, False]


@pytest.mark.parametrize("path", ["/sitemap.xml", "/robots.txt", f"{BLOG}feeds/rss/"])
def test_addresses_for_robots_and_readers_are_on_the_domain_of_the_site(browse, two, path):
    text = browse(host=TWO).get(path).content.decode()
    hosts = set(re.findall(r"https?://([^/<\s]+)", text)) - {"www.sitemaps.org", "www.w3.org"}
    assert hosts == {TWO}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/password_reset/", {"email": "member@example.com"}),
        ("/accounts/password/reset/", {"username": "member@example.com"}),
    ],
)
def test_a_mailed_link_leads_to_the_site_that_was_asked(browse, two, path, fields):
    get_user_model().objects.filter(username="member").update(is_staff=True)
    browse(host=TWO).post(path, fields)
    (message,) = mail.outbox
    assert set(re.findall(r"https?://([^/\s]+)", message.body)) == {TWO}
    assert "127.0.0.1" not in message.subject + message.body


@pytest.mark.usefixtures("in_english")
def test_a_new_site_has_a_home_page_and_nothing_of_the_first(browse, two, settings):
    settings.ROOT_URLCONF = "site_urls"
    html = browse(host=TWO).get("/").content.decode()
    assert "Welcome" in html
    assert "/about/" not in html
    assert Page._base_manager.filter(site=two).count() == 1


@pytest.mark.usefixtures("mezzanines_base")
def test_a_site_starts_with_the_pages_and_settings_of_another(browse, add_site):
    copy = add_site("copy.example", copy_from="127.0.0.1:8000")
    Page.objects.filter(slug="about").delete()
    title = Setting.objects.get(name="SITE_TITLE").value
    with override_current_site_id(copy.pk):
        assert Page.objects.get(slug="about/team").parent.slug == "about"
        assert Page.objects.get(slug="about").site == copy
        assert Gallery.objects.get().images.count() > 0
        assert Form.objects.get().fields.count() > 0
        assert BlogPost.objects.count() == 0
        assert Setting.objects.get(name="SITE_TITLE").value == title
    assert Form._base_manager.count() == 2
    assert browse(host="copy.example").get("/about/team/").status_code == 200
    assert "/contact/" in browse(host="copy.example").get("/about/team/").content.decode()


def everything():
    rows = [list(model.objects.values()) for model in (Site, SiteAlias)]
    return [*rows, *(list(model._base_manager.values()) for model in (Page, Setting))]


def test_adding_a_site_again_changes_nothing(add_site):
    options = {"alias": ["zwei.example"], "copy_from": "1"}
    add_site(TWO, **options)
    before = everything()
    add_site("TWO.example.", **options)
    assert everything() == before


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize(
    ("domain", "options", "named"),
    [
        ("a b", {}, "a b"),
        ("http://x.example", {}, "http://x.example"),
        ("zwei.example", {}, "alias of two.example"),
        ("x.example", {"alias": [TWO]}, "two.example has this domain"),
        ("x.example", {"alias": ["zwei.example"]}, "zwei.example"),
        ("x.example", {"alias": ["y.example", "-"]}, "'-'"),
        ("x.example", {"theme": "blue"}, "'blue' is not in SITE_THEMES"),
        ("x.example", {"copy_from": "9.example"}, "no site 9.example. Sites: "),
    ],
)
def test_what_cannot_be_added_is_told_and_nothing_is_done(add_site, domain, options, named):
    add_site(TWO, alias=["zwei.example"])
    before = everything()
    with pytest.raises(CommandError, match=re.escape(named)):
        add_site(domain, **options)
    assert everything() == before


def test_a_theme_is_given_to_a_new_site(add_site, browse, theme, settings, monkeypatch):
    settings.SITE_THEMES = [theme]
    monkeypatch.setitem(registry["SITE_THEME"], "editable", True)
    add_site(TWO, theme=theme)
    assert looks_blue(browse(host=TWO))


def test_a_removed_site_is_gone_with_all_it_had(browse, add_site):
    two = add_site(TWO, alias=["zwei.example"], copy_from="1")
    first = Page.objects.count()
    call_command("removesite", "zwei.example", force=True, verbosity=0)
    assert not Page._base_manager.filter(site=two.pk).exists()
    assert not SiteAlias.objects.exists()
    assert Page.objects.count() == first
    assert {browse(host=host).get("/").status_code for host in (TWO, "zwei.example")} == {404}


@pytest.mark.parametrize(
    ("site", "named"),
    [("1", "SITE_ID"), ("three.example", "no site"), (TWO, "has 7 pages and 0 posts")],
)
def test_what_must_not_be_removed_stays(add_site, site, named):
    add_site(TWO, copy_from="1")
    before = everything()
    with pytest.raises(CommandError, match=named):
        call_command("removesite", site)
    assert everything() == before


@pytest.mark.usefixtures("in_english")
def test_sites_are_checked(add_site, capsys):
    Site.objects.filter(pk=1).update(domain="localhost")
    call_command("checksites")
    two = add_site("two.invalid", alias=["localhost:8000"])
    Page._base_manager.filter(site=two).delete()
    Setting.objects.create(site=two, name="SITE_THEME", value="no_such_theme")
    Site.objects.filter(pk=1).update(domain="a_b")
    with pytest.raises(SystemExit) as stopped:
        call_command("checksites")
    assert stopped.value.code == 1
    assert capsys.readouterr().err.splitlines() == [
        "1 a_b: 'a_b' is no host such as example.com",
        f"{two.pk} two.invalid: two.invalid is not known to the DNS",
        f"{two.pk} two.invalid: it has no home page",
        f"{two.pk} two.invalid: there is no theme no_such_theme",
    ]
