"""Kept pages are compared with the same pages made anew, after random writes of every kind."""

import random
import re
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from addresses import BLOG, POST
from django.contrib.auth import get_user_model
from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.conf.models import Setting
from mezzanine.forms.models import FieldEntry, Form, FormEntry
from mezzanine.galleries.models import GalleryImage
from mezzanine.generic.models import AssignedKeyword, Keyword, Rating, ThreadedComment
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import override_current_site_id

from feeds.models import Feed
from homepage.models import KINDS, Section
from multisite.hosts import hosts

HOST, TWO = "127.0.0.1:8000", "two.example"  # of createdb, and another
PAGES = ["/", "/about/", "/about/team/", "/contact/", "/gallery/", BLOG, POST]
PAGES += [f"{BLOG}feeds/rss/", f"{BLOG}feeds/atom/", f"{BLOG}category/bread/", "/content/?all"]
PAGES += ["/sitemap.xml", "/robots.txt", "/no/such/", "/about/no/", "/x/?q=1", "/?utm=1"]
PAGES += [f"{BLOG}?page=1&utm=1", "/search/?q=new&type=pages.Page", "/link-of-x/"]
PRIVATE = "just-sent=1"  # a cookie with which a page is private, and made of what pages share
STEPS = 30


class Rollback(Exception):
    pass


class Writer:
    """Writes of every kind, with words and rows that a random.Random chooses."""

    def __init__(self, random):
        self.random = random

    def __getattr__(self, name):
        return getattr(self.random, name)

    def words(self):
        return f"New {self.random.randrange(10**6)}"

    def row(self, model):
        return self.choice([*model._base_manager.order_by("pk")])

    def kinds(self):
        return [name for name in dir(type(self)) if name.startswith("write_")]

    def write_page(self):
        page = self.row(RichTextPage)
        page.title, page.content = self.words(), self.words()
        page.save()

    def write_section(self):
        with suppress(IndexError):  # of a project whose home page is another
            section = self.row(Section)
            section.title, section.kind = self.words(), self.choice(KINDS)
            self.choice([section.save, section.delete])()

    def write_only_the_content(self):
        RichTextPage._base_manager.filter(pk=self.row(RichTextPage).pk).update(content=self.words())

    def write_a_title_of_all(self):
        Page._base_manager.update(title=self.words())

    def write_a_title_of_a_site(self):
        Page.objects.update(title=self.words())

    def write_sql(self):
        sql = "UPDATE blog_blogpost SET content = %s WHERE id = %s"
        connection.cursor().execute(sql, [self.words(), self.row(BlogPost).pk])

    def write_many_by_sql(self):
        values = [(self.words(), page.pk) for page in Page._base_manager.all()]
        connection.cursor().executemany("UPDATE pages_page SET title = %s WHERE id = %s", values)

    def write_posts_at_once(self):
        author, site = get_user_model().objects.get(username="admin"), self.row(Site)
        common = dict(site=site, user=author, status=2, publish_date=self.date())
        titles = [self.words() for _ in range(2)]
        posts = [BlogPost(title=t, slug=t, content=t, **common) for t in titles]
        BlogPost._base_manager.bulk_create(posts)

    def write_posts_in_bulk(self):
        posts = [*BlogPost._base_manager.all()]
        for post in posts:
            post.title = self.words()
        BlogPost._base_manager.bulk_update(posts, ["title"])

    def write_status(self):
        model = self.choice([Page, BlogPost])
        model._base_manager.filter(pk=self.row(model).pk).update(status=F("status") % 2 + 1)

    def write_dates(self):
        model = self.choice([Page, BlogPost])
        row = model._base_manager.filter(pk=self.row(model).pk)
        row.update(publish_date=self.date(), expiry_date=self.choice([None, self.date()]))

    def write_comment(self):
        post = self.row(BlogPost)
        words = dict(comment=self.words(), user_name=self.words(), site_id=post.site_id)
        ThreadedComment.objects.create(content_object=post, **words)

    def write_rating(self):
        with suppress(Exception):  # of the same user
            Rating.objects.create(content_object=self.row(BlogPost), value=self.randint(1, 5))

    def write_keyword(self):
        keyword = Keyword.objects.get_or_create(title=f"word {self.randrange(5)}")[0]
        self.row(BlogPost).keywords.add(AssignedKeyword(keyword=keyword), bulk=False)

    def write_category(self):
        category = BlogCategory.objects.get_or_create(title="Bread")[0]
        with suppress(BlogPost.DoesNotExist):
            self.row(BlogPost).categories.set(self.choice([[], [category]]))

    def write_setting(self):
        values = {"value": self.words()}
        Setting.objects.update_or_create(name="SITE_TITLE", defaults=values)

    def write_name_of_a_site(self):
        site = self.row(Site)
        site.name = self.words()
        site.save()

    def write_name_of_an_author(self):
        get_user_model().objects.filter(username="admin").update(first_name=self.words())

    def write_form(self):
        form = self.row(Form)
        form.fields.update(label=self.words())

    def write_entry_of_a_form(self):
        form = self.row(Form)
        entry = FormEntry.objects.create(form=form, entry_time=timezone.now())
        FieldEntry.objects.create(entry=entry, field_id=1, value=self.words())

    def write_gallery(self):
        GalleryImage.objects.update(description=self.words())

    def write_order(self):
        Page._base_manager.filter(pk=self.row(Page).pk).update(_order=self.randrange(9))

    def write_menus(self):
        menus = self.choice([[], [1], [1, 2, 3]])
        Page._base_manager.filter(pk=self.row(Page).pk).update(in_menus=menus)

    def write_feed(self):
        feed = Feed.objects.get_or_create(site=self.row(Site), type="user", value="x")[0]
        Feed.objects.filter(pk=feed.pk).update(failures=self.randrange(9), polled_at=timezone.now())

    def write_redirect(self):
        Redirect.objects.get_or_create(site=self.row(Site), old_path="/x/", new_path="/")

    def write_and_delete(self):
        extra = Page._base_manager.exclude(slug__in=["/", "about"]).filter(title__startswith="New")
        self.choice([extra, BlogPost._base_manager.exclude(slug="hello")])[:1].get().delete()

    def date(self):
        # Minutes apart: of two that are of one age, now the one and now the other is found first.
        days, minutes = self.choice([400, 700, -5, 1000]), self.randrange(1000)
        return timezone.now() - timedelta(days=days, minutes=minutes)


@pytest.fixture
def sites(add_site):
    two = add_site(TWO, copy_from="1").pk
    # What is seconds old loses its place among what was found while the test runs.
    for page in Page._base_manager.all():
        page.publish_date = timezone.now() - timedelta(days=800, minutes=page.pk)
        page.save(update_fields=["publish_date"])
    post = BlogPost.objects.get()
    BlogPost.objects.update(publish_date=timezone.now() - timedelta(days=800))
    post.pk, post.id, post.site_id = None, None, two
    with override_current_site_id(two):
        post.save()
        BlogPost.objects.update(publish_date=timezone.now() - timedelta(days=800), slug="hello")
    return [1, two]


@pytest.fixture
def read(ask, monkeypatch):
    """Return a function that reads a page, as it is shown or anew: its status and its text."""
    # Times, hashes and tokens in forms, what /content/ has of its own, when an empty feed changed.
    changing = r'(value="(\d{10}|[0-9a-f]{40}|\w{64})"|\b[0-9a-f]{32}\b|<updated>[^<]*|<last[^<]*)'

    def read(host, address, cookies, anew=False):
        with monkeypatch.context() as patch:
            if anew:
                patch.setattr("page_cache.generation.current_with", lambda *keys: (None, {}))
            response = ask(address, HTTP_HOST=host, cookies=cookies)
        return response.status_code, re.sub(changing, "", response.content.decode())

    return read


@pytest.fixture
def commit(django_capture_on_commit_callbacks):
    @contextmanager
    def commit():
        connection.run_on_commit.clear()
        hosts.expire()
        with django_capture_on_commit_callbacks(execute=True):
            yield
        hosts.expire()

    return commit


@pytest.mark.usefixtures("mezzanines_base")
@pytest.mark.parametrize("seed", range(3))
def test_a_kept_page_is_what_it_would_be_if_it_were_made_anew(read, commit, sites, seed):
    writer = Writer(random.Random(seed))
    pages = [(h, a, cookies) for h in (HOST, TWO) for a in PAGES for cookies in ("", PRIVATE)]
    for page in pages:
        read(*page)
    for step in range(STEPS):
        kind, rolled_back = writer.choice(writer.kinds()), writer.random.random() < 0.2
        with suppress(Rollback, Page.DoesNotExist, BlogPost.DoesNotExist), commit():
            with override_current_site_id(writer.choice(sites)), transaction.atomic():
                getattr(writer, kind)()
                if rolled_back:
                    raise Rollback
        for page in writer.sample(pages, 6):
            assert read(*page) == read(*page, anew=True), (seed, step, kind, page)
