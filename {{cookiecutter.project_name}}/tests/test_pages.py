"""Every page that the site has, for every kind of visitor."""

import re
from html import unescape
from urllib.parse import unquote

import pytest
from addresses import BLOG
from django.conf import settings
from django.urls import get_resolver
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.galleries.models import Gallery
from mezzanine.generic.models import AssignedKeyword, Keyword
from mezzanine.pages.models import Page


def links(html):
    """Return the local paths that a page links to, in the admin without what only filters lists."""
    found = re.findall(r"""(?:href|src)=["'](/[^"'#]*)""", html)
    elsewhere = ("//", settings.STATIC_URL, "/admin/media-library/thumbnail/")
    paths = {unescape(path) for path in found if not path.startswith(elsewhere)}
    filtered = re.compile("/admin/(?!media-library/file/)")
    return {path.split("?")[0] if filtered.match(path) else path for path in paths}


def crawl(client, start, media_root):
    """Follow all links from these; return the number of pages and the links that lead nowhere."""
    broken, seen, waiting = set(), set(), set(start)
    while waiting:
        path = waiting.pop()
        seen.add(path)
        if path.startswith(settings.MEDIA_URL):  # served by NGINX
            found = (media_root / unquote(path).removeprefix(settings.MEDIA_URL)).exists()
        else:
            response = client.get(path, follow=True)
            found = response.status_code == 200
            if response["Content-Type"].startswith("text/html"):
                new = links(response.content.decode()) - seen
                waiting |= {path for path in new if "logout" not in path}  # it would end the visit
        if not found:
            broken.add(path)
        assert len(seen) < 1000, "the site links to ever new addresses"
    return len(seen), broken


def test_no_link_on_the_site_leads_nowhere(visitor, media_root):
    start = {"/", BLOG, *(page.get_absolute_url() for page in Page.objects.all())}
    pages, broken = crawl(visitor, start, media_root)
    assert broken == set()
    assert pages > 20


def patterns(resolver, argument, prefix="/"):
    """Return the path of every URL pattern, with that argument for each of its parameters."""
    for name in resolver.reverse_dict:
        for possibilities, *_ in resolver.reverse_dict.getlist(name):
            for template, parameters in possibilities:
                yield prefix + template % dict.fromkeys(parameters, argument)
    for namespace_prefix, namespace in resolver.namespace_dict.values():
        yield from patterns(namespace, argument, prefix + namespace_prefix)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("user", "argument"), [(None, "1"), (None, "-x"), ("member", "1"), ("admin", "1")]
)
def test_no_address_answers_with_a_server_error(browse, user, argument, method):
    client = browse(user)
    failed = {}
    for path in sorted(set(patterns(get_resolver(), argument))):
        if not (user and ("logout" in path or "delete" in path)):  # what others need is kept
            status = getattr(client, method)(path, {"folder": ""}).status_code
            if status >= 500:
                failed[path] = status
    assert failed == {}


def test_the_home_page_opens(visitor):
    assert visitor.get("/", follow=True).status_code == 200


@pytest.mark.usefixtures("mezzanines_defaults", "mezzanines_base")
def test_the_home_page_has_the_title_and_content(visitor, settings):
    settings.ROOT_URLCONF = "site_urls"
    html = visitor.get("/").content.decode()
    assert Setting.objects.get(name="SITE_TITLE").value in unescape(html)
    assert "Good morning from the lake" in html


def test_the_blog_lists_its_post(visitor):
    (post,) = BlogPost.objects.all()
    assert post.get_absolute_url() in visitor.get(BLOG).content.decode()
    assert post.title in visitor.get(post.get_absolute_url()).content.decode()


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_the_blog_has_a_feed(visitor, form):
    response = visitor.get(f"{BLOG}feeds/{form}/")
    assert response["Content-Type"].startswith(f"application/{form}+xml")
    assert BlogPost.objects.get().title in response.content.decode()


def test_the_gallery_shows_its_pictures(visitor):
    html = visitor.get("/gallery/").content.decode()
    assert html.count("<img") >= Gallery.objects.get().images.count() > 0


def test_search_finds_a_page_by_its_title(visitor):
    assert "/about/" in links(visitor.get("/search/?q=About").content.decode())


def test_the_site_map_lists_the_pages_of_this_site(visitor):
    xml = visitor.get("/sitemap.xml").content.decode()
    assert "<loc>http://127.0.0.1:8000/about/</loc>" in xml


def test_robots_are_shown_the_site_map_and_kept_out_of_the_admin(visitor):
    text = visitor.get("/robots.txt").content.decode()
    assert "Disallow: /admin/\n" in text
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in text


def test_robots_are_kept_out_while_debugging(visitor, settings):
    settings.DEBUG = True
    assert "Disallow: /\n" in visitor.get("/robots.txt").content.decode()


@pytest.mark.parametrize("name", ["staging", "demo_2"])
def test_robots_are_kept_out_of_a_server_that_is_not_the_live_one(visitor, settings, name):
    settings.ENVIRONMENT = name
    assert "Disallow: /\n" in visitor.get("/robots.txt").content.decode()


def test_an_unknown_address_is_answered_in_the_look_of_the_site(visitor):
    response = visitor.get("/no/such/page/")
    assert response.status_code == 404
    assert {"errors/404.html", "base.html"} <= {template.name for template in response.templates}


def test_pages_ask_no_other_host_for_anything(visitor):
    for path in ("/", BLOG, "/gallery/", BlogPost.objects.get().get_absolute_url()):
        html = visitor.get(path).content.decode()
        assert re.findall(r"""<(?:img|script|iframe)[^>]*src=["'](?:https?:)?//""", html) == []


@pytest.mark.usefixtures("mezzanines_base")
def test_the_keywords_of_a_post_are_on_it_from_the_first_to_the_last(browse):
    (post,) = BlogPost.objects.all()
    assert '<meta name="keywords"' not in browse().get(post.get_absolute_url()).text
    keyword = Keyword.objects.create(title="sandwiches")
    post.keywords.add(AssignedKeyword(keyword=keyword), bulk=False)
    assert (
        '<meta name="keywords" content="sandwiches">' in browse().get(post.get_absolute_url()).text
    )
    post.keywords.all().delete()
    assert "sandwiches" not in browse().get(post.get_absolute_url()).text
