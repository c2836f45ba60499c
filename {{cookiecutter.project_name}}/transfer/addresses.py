"""The public addresses of a site that is adopted, and how this project answers them."""

import logging

from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.core.models import CONTENT_STATUS_PUBLISHED
from mezzanine.pages.models import Page

FOUND = {200}
ELSEWHERE = {301, 302}


def addresses(old):
    """Yield the ID of the site, the path and the statuses that are right, of each address."""
    for site_id in old.rows(Site).order_by("pk").values_list("pk", flat=True):
        yield site_id, "/", FOUND
        yield site_id, reverse("blog_post_list"), FOUND
        for format in ("rss", "atom"):
            yield site_id, reverse("blog_post_feed", args=[format]), FOUND
    pages = public(old, Page).exclude(content_model="link")
    for page in pages.only("site_id", "slug", "content_model", "login_required"):
        expected = ELSEWHERE if page.login_required else FOUND
        yield page.site_id, page.get_absolute_url(), expected
    yield from blog(old)
    for redirect in old.rows(Redirect):
        yield redirect.site_id, redirect.old_path, ELSEWHERE if redirect.new_path else {410}


def blog(old):
    months = set()
    for post in public(old, BlogPost).only("site_id", "slug", "publish_date"):
        yield post.site_id, post.get_absolute_url(), FOUND
        months.add((post.site_id, post.publish_date.year, post.publish_date.month))
    for site_id, *month in sorted(months):
        yield site_id, reverse("blog_post_list_month", args=month), FOUND
    for category in old.rows(BlogCategory).only("site_id", "slug"):
        yield category.site_id, category.get_absolute_url(), FOUND


def public(old, model):
    """Return the rows of a Displayable there that everybody may see, a QuerySet."""
    now = timezone.now()
    published = old.rows(model).filter(status=CONTENT_STATUS_PUBLISHED)
    published = published.filter(Q(publish_date=None) | Q(publish_date__lte=now))
    return published.filter(Q(expiry_date=None) | Q(expiry_date__gt=now)).order_by("pk")


def ask(asked):
    """Yield domain, path and status of each address that is not answered as it has to be."""
    domains = dict(Site.objects.values_list("pk", "domain"))
    client = Client(raise_request_exception=False)
    logging.disable()  # of each that is not found; they are named here
    try:
        for site_id, path, expected in asked:
            answer = client.get(path, secure=True, headers={"host": domains[site_id]})
            if answer.status_code not in expected:
                yield domains[site_id], path, answer.status_code
    finally:
        logging.disable(logging.NOTSET)
