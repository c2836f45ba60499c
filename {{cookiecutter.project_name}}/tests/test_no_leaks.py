"""No site shows what belongs to another, whoever asks, whatever the address, however many at once.

Each of three sites has the same pages, posts and more, with a word of its own in all of them. Every
address is asked for at every site by every kind of user, and the words of the others looked for.
"""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from addresses import BLOG
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.conf.models import Setting
from mezzanine.core.models import SitePermission
from mezzanine.forms.models import Field, Form
from mezzanine.galleries.models import Gallery, GalleryImage
from mezzanine.generic.models import AssignedKeyword, Keyword, ThreadedComment
from mezzanine.pages.models import Link, RichTextPage
from mezzanine.utils.sites import override_current_site_id

from homepage.models import Section

pytestmark = pytest.mark.django_db

WORDS = {"one.example": "aardvark", "two.example": "butterfly", "three.example": "chameleon"}
SEARCHED = "aardvark butterfly chameleon"
USERS = {"editor of two": ["two.example"], "editor of both": ["two.example", "three.example"]}
PAGES = """
/ /leak/ /leak/child/ /leak-form/ /leak-gallery/ /search/?q=leak
/search/?q=aardvark%20butterfly%20chameleon
/sitemap.xml /robots.txt /leak-redirect/ /no/such/page/ /accounts/login/ /admin/login/
""".split()
OF_THE_BLOG = f"""
leak/ category/leak/ tag/leak/ author/leak-author/ feeds/rss/ feeds/atom/ category/leak/feeds/rss/
archive/{timezone.now().year}/
""".split()
PAGES += [BLOG, *(f"{BLOG}{path}" for path in OF_THE_BLOG)]


def fill(site, word, author):
    """Give the current site the content that all have, with that word in it."""
    about = {"title": f"leak {word}", "description": word, "gen_description": False}
    about["short_url"] = f"http://{word}.example/"  # without one, Mezzanine saves what it shows
    Section.objects.filter(page__site=site, kind="hero").update(title=word, text=word)
    page = RichTextPage.objects.create(slug="leak", content=word, in_menus=[1, 2, 3], **about)
    RichTextPage.objects.create(slug="leak/child", content=word, parent=page, **about)
    Link.objects.create(title=word, slug=f"http://{word}.example/", in_menus=[1])
    form = Form.objects.create(slug="leak-form", content=word, response=word, **about)
    Field.objects.create(form=form, label=word, field_type=1)
    gallery = Gallery.objects.create(slug="leak-gallery", **about)
    GalleryImage.objects.create(gallery=gallery, file=f"uploads/{word}.gif", description=word)
    category = BlogCategory.objects.create(title=f"leak {word}", slug="leak")
    post = BlogPost.objects.create(slug="leak", content=word, user=author, **about)
    post.categories.add(category)
    BlogPost.objects.create(
        title=f"draft {word}", slug="draft", status=1, content=word, user=author
    )
    keyword = Keyword.objects.create(title=f"leak {word}", slug="leak")
    post.keywords.add(AssignedKeyword(keyword=keyword), bulk=False)
    ThreadedComment.objects.create(content_object=post, comment=word, user_name=word)
    Redirect.objects.create(site=site, old_path="/leak-redirect/", new_path=f"/{word}/")
    for name in ("SITE_TITLE", "SITE_TAGLINE"):
        Setting.objects.update_or_create(name=name, defaults={"value": word})
    default_storage.save(f"uploads/site-{site.pk}/{word}.gif", ContentFile(b"GIF89a"))


def add_users():
    users = get_user_model().objects
    for name, domains in USERS.items():
        user = users.create_user(name, password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.exclude(content_type__app_label="auth"))
        permission = SitePermission.objects.create(user=user)
        permission.sites.set(Site.objects.filter(domain__in=domains))


@pytest.fixture(scope="module")
def sites(django_db_setup, django_db_blocker, media_root):
    """Sites that other threads see as well, by domain."""
    with django_db_blocker.unblock():
        author = get_user_model().objects.create_user("leak-author", password="x")
        for domain, word in WORDS.items():
            call_command("addsite", domain, verbosity=0)
            site = Site.objects.get(domain=domain)
            with override_current_site_id(site.pk):
                fill(site, word, author)
        add_users()
        yield {site.domain: site for site in Site.objects.filter(domain__in=WORDS)}
        for domain in WORDS:
            call_command("removesite", domain, force=True, verbosity=0)
        get_user_model().objects.filter(username__in=[*USERS, "leak-author"]).delete()


def admin_pages(sites):
    """Return the addresses of all lists and forms, and of everything that some site has."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield from [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
    for model in (RichTextPage, Form, Gallery, BlogPost, BlogCategory, Redirect, ThreadedComment):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for pk in model._base_manager.filter(site__in=sites.values()).values_list("pk", flat=True):
            yield reverse(f"{name}_change", args=[pk])
    names = ("admin:index", "fb_browse", "displayable_links_js", "admin:pages_page_changelist")
    yield from map(reverse, names)


def visitor(sites, username, host, chosen=None):
    """Return a client of that user at that host, with the site of that domain chosen, if any."""
    client = Client(HTTP_HOST=host, raise_request_exception=False)
    if username:
        client.force_login(get_user_model().objects.get(username=username))
    if chosen:
        client.post("/set_site/", {"site_id": sites[chosen].pk})
    return client


def leaks(client, domain, paths):
    """Return where the client is shown a word of another site than that, or an error."""
    found = []
    for path in paths:
        response = client.get(path)
        text = response.content.decode().lower() + response.get("Location", "")
        text = text.replace(SEARCHED, "")
        others = [word for other, word in WORDS.items() if other != domain and word in text]
        if others or response.status_code >= 500:
            found.append((domain, path, response.status_code, others))
    return found


@pytest.mark.parametrize("username", [None, "member", "editor of two", "editor of both", "admin"])
@pytest.mark.parametrize("host", WORDS)
def test_a_host_shows_its_own_site_to_everyone(sites, username, host):
    client = visitor(sites, username, host)
    assert WORDS[host] in client.get("/leak/").content.decode()
    assert leaks(client, host, [*PAGES, "/admin/"]) == []


@pytest.mark.parametrize(
    ("username", "host", "chosen"),
    [
        ("editor of two", "two.example", None),
        ("editor of both", "one.example", "two.example"),
        ("admin", "two.example", "three.example"),
    ],
)
def test_the_admin_shows_one_site(sites, username, host, chosen):
    client = visitor(sites, username, host, chosen)
    assert WORDS[chosen or host] in client.get("/leak/").content.decode()
    assert leaks(client, chosen or host, [*admin_pages(sites), *PAGES]) == []


def test_many_visitors_at_once_are_shown_their_own_site(sites):
    asked = [(domain, path) for domain in WORDS for path in PAGES] * 2
    random.Random(0).shuffle(asked)

    def ask(domain_and_path):
        try:
            domain, path = domain_and_path
            return leaks(visitor(sites, None, domain), domain, [path])
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert [leak for found in threads.map(ask, asked) for leak in found] == []
