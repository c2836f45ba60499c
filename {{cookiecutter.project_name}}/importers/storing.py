"""Storing what an export holds on the site at hand: posts, pages, comments and old addresses.

What is there already is left as it is, so that the work of editors remains: only comments are
added.
"""

import re
from collections import Counter
from html import unescape
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from django.contrib.redirects.models import Redirect
from django.utils.encoding import uri_to_iri
from django.utils.html import strip_tags
from django.utils.timezone import now
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.core.models import CONTENT_STATUS_DRAFT, CONTENT_STATUS_PUBLISHED
from mezzanine.generic.models import Keyword, ThreadedComment
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.sites import current_site_id

from visitors.links import web_address

END_OF_LINE = re.compile(r"<(?=/?(?:br|p|h\d|div|li|blockquote)\b)", re.I)
LONGEST_ADDRESS = Redirect._meta.get_field("old_path").max_length


class Store:
    """Stores one export; done and left_out count what happened, by a name that is plural."""

    def __init__(self, user, in_menus=()):
        self.user, self.in_menus = user, in_menus
        self.site_id = current_site_id()
        self.done, self.left_out = Counter(), Counter()
        self.seen = set()  # models and keys of what was found or made
        self.pages = {}  # pages, by their keys in the export

    def save(self, entries):
        for entry in entries:
            if not entry.is_page:
                self.save_entry(entry, BlogPost)
        for page in parents_first([entry for entry in entries if entry.is_page]):
            self.save_entry(page, RichTextPage)

    def save_entry(self, entry, model):
        """Save a post or a page, unless it is there, and what belongs to it."""
        title = self.cut(model, "title", title_of(entry))
        stored = self.find(entry, model, title)
        if stored is None:
            stored = self.create(entry, model, title)
        else:
            self.done["posts and pages that were there already"] += 1
        self.seen.add((model, stored.pk))
        if entry.is_page:
            self.pages[entry.key] = stored
        else:
            self.save_comments(entry.comments, stored)

    def find(self, entry, model, title):
        """Return what an earlier import made of it, or None: it has the old address, or the title,
        and the date or else the content."""
        rows = model.objects.exclude(pk__in=[pk for each, pk in self.seen if each is model])
        if path := self.old_path(entry.address):
            redirect = Redirect.objects.filter(site_id=self.site_id, old_path=path).first()
            for row in rows.filter(slug__in=slugs(redirect.new_path)) if redirect else ():
                if uri_to_iri(row.get_absolute_url()) == uri_to_iri(redirect.new_path):
                    return row
        rows = rows.filter(title=title)
        if entry.date and not entry.is_page:
            return rows.filter(publish_date=entry.date).first()
        return rows.filter(content=clean(model, entry.content)).first()

    def create(self, entry, model, title):
        """Save it with its keywords, categories and old address, and return it."""
        content = clean(model, entry.content)
        if words_of(content) != words_of(entry.content) or any(
            f"<{tag}" in entry.content and f"<{tag}" not in content
            for tag in ("iframe", "embed", "object", "video", "audio", "script", "form")
        ):
            self.left_out["entries with HTML that RICHTEXT_FILTER_LEVEL does not allow"] += 1
        if entry.is_published and entry.date is None:
            self.left_out["dates that are none: these entries are of today"] += 1
        stored = model(title=title, content=content, publish_date=entry.date)
        stored.status = CONTENT_STATUS_PUBLISHED if entry.is_published else CONTENT_STATUS_DRAFT
        if entry.description:
            stored.description, stored.gen_description = strip_tags(entry.description), False
        if entry.is_page:
            stored.in_menus, stored.parent = self.in_menus, self.pages.get(entry.parent)
        else:
            stored.user, stored.allow_comments = self.user, entry.allow_comments
        stored.save()
        self.done["pages" if entry.is_page else "posts"] += 1
        self.save_words(entry, stored)
        self.save_address(entry, stored)
        return stored

    def save_words(self, entry, stored):
        for name in unique(entry.tags):
            title = self.cut(Keyword, "title", name)
            keyword, created = Keyword.objects.get_or_create_iexact(title=title)
            stored.keywords.get_or_create(keyword=keyword)
            self.done["keywords"] += created
        for name in () if entry.is_page else unique(entry.categories):
            title = self.cut(BlogCategory, "title", name)
            category = BlogCategory.objects.filter(title__iexact=title).first()
            self.done["categories"] += category is None
            stored.categories.add(category or BlogCategory.objects.create(title=title))

    def save_comments(self, comments, post):
        """Save the comments that the post does not have yet, those that are answered first."""
        by_key = {}
        for comment in parents_first(comments):
            website = web_address(comment.website)
            self.left_out["websites of commenters that are no web pages"] += bool(
                comment.website.strip() and not website
            )
            fields = {
                "user_name": self.cut(ThreadedComment, "user_name", comment.name),
                "user_email": self.cut(ThreadedComment, "user_email", comment.email),
                "user_url": self.cut(ThreadedComment, "user_url", website),
                "comment": plain(comment.body),
            }
            same = ThreadedComment.objects.filter(
                content_type__app_label="blog",
                content_type__model="blogpost",
                object_pk=str(post.pk),
                **fields,
            )
            same = same.filter(submit_date=comment.date) if comment.date else same
            same = same.exclude(pk__in=[each.pk for each in by_key.values()])
            stored = same.first() or self.save_comment(comment, fields, post, by_key)
            by_key[comment.key or id(comment)] = stored

    def save_comment(self, comment, fields, post, by_key):
        stored = post.comments.create(
            **fields,
            submit_date=comment.date or now(),
            ip_address=comment.ip_address,
            site_id=self.site_id,
            replied_to=by_key.get(comment.parent),
        )
        if stored.is_public != comment.is_public:  # COMMENTS_DEFAULT_APPROVED is for new ones
            stored.is_public = comment.is_public
            stored.save()
        self.done["comments"] += 1
        return stored

    def save_address(self, entry, stored):
        """Let the old address lead to the new one."""
        old, new = self.old_path(entry.address), stored.get_absolute_url()
        if not old and "?" in entry.address and entry.is_published:
            self.left_out["old addresses such as /?p=1, which lead to the home page"] += 1
        if not old or old == uri_to_iri(new):
            return
        if max(len(old), len(new)) > LONGEST_ADDRESS:
            self.left_out[f"old addresses of more than {LONGEST_ADDRESS} characters"] += 1
            return
        redirect = {"site_id": self.site_id, "old_path": old, "defaults": {"new_path": new}}
        _, created = Redirect.objects.get_or_create(**redirect)
        self.done["redirects from old addresses"] += created

    def old_path(self, address):
        """Return the path of an address, as redirects have it, or "" for that of the home page."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return ""
        query = f"?{parts.query}" if parts.query else ""
        path = "/" + parts.path.removeprefix("/")
        return uri_to_iri(path + query) if path.strip("/") else ""

    def cut(self, model, name, value):
        longest = model._meta.get_field(name).max_length
        if len(value) > longest:
            self.left_out[f"ends of what is longer than the {longest} characters of a {name}"] += 1
        return value[:longest]


def slugs(path):
    """Return the slugs that are possible with a path: a page's is all of it, a post's the end."""
    found = unquote(path).strip("/")
    return {found, found.rpartition("/")[2]}


def words_of(html):
    """Return what is left of HTML without its tags."""
    return unescape(strip_tags(html)).split()


def unique(names):
    """Return names that are no white space, each once, without regard to case."""
    found = {name.strip().lower(): name.strip() for name in reversed(names) if name.strip()}
    return [*reversed(found.values())]


def clean(model, content):
    """Return HTML as the editor of the admin would save it."""
    return str(model._meta.get_field("content").clean(content, None))


def plain(html):
    """Return what a comment in HTML says, since Mezzanine shows comments as text."""
    html = re.sub(r"<br ?/?>\n?", "\n", re.sub(r"</p>\s*", "</p>\n\n", html))
    if "<" not in html:
        return unescape(html).strip()
    soup = BeautifulSoup(html, "html.parser")
    for link in soup.find_all("a", href=True):
        if web_address(link["href"]) and link.get_text().strip() not in link["href"]:
            link.append(f" ({link['href']})")
    return soup.get_text().strip()


def title_of(entry):
    """Return the title, or the first sentence of what has none."""
    title = unescape(strip_tags(entry.title)).strip()
    words = " ".join(unescape(strip_tags(END_OF_LINE.sub(" <", entry.content))).split())
    return title or words.split(". ")[0][:100] or "Untitled"


def parents_first(nodes):
    """Return those that have parents after these, whatever the order; a circle is cut."""
    by_key = {node.key: node for node in nodes if node.key}
    found = {}
    for node in nodes:
        branch = {}
        while node is not None and id(node) not in found and id(node) not in branch:
            branch[id(node)] = node
            node = by_key.get(node.parent)
        found |= dict(reversed(branch.items()))
    return [*found.values()]
