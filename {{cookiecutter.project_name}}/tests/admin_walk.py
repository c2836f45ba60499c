"""A walk over the admin: every address of it, with what its own forms send, and what it writes.

The addresses are those of the URL resolver, so that a new one is visited without being named here.
"""

import re
from contextlib import contextmanager
from copy import deepcopy
from types import SimpleNamespace

from bs4 import BeautifulSoup
from django.apps import apps
from django.contrib import admin
from django.contrib.admindocs.views import extract_views_from_urlpatterns, simplify_regex
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from forms import fields_of
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.conf.models import Setting
from mezzanine.core.models import SitePermission
from mezzanine.forms.models import Field, FieldEntry, Form, FormEntry
from mezzanine.galleries.models import Gallery, GalleryImage
from mezzanine.generic.models import AssignedKeyword, Keyword, ThreadedComment
from mezzanine.pages.models import Link, Page, RichTextPage
from mezzanine.utils.sites import override_current_site_id
from translated_texts import column
from writes import statements

from feeds.models import Feed
from homepage.models import HomePage, Section
from mail.models import QueuedMail
from multisite.hosts import hosts
from multisite.models import SiteAlias

PASSWORD = re.compile(r"(new_|old_)?password\d?")
CHANGED = ("comment", "first_name", "name", "new_path", "title", "value", "SITE_TITLE")

# What each request may write beside what it is asked for: the session, and how far edits are.
ASIDE = {"sessions.session", "admin.logentry", "multisite.hostrevision"}
NEW = {
    "domain": "new.example",
    "email": "new@example.com",
    "email_from": "",
    "featured_image": "",
    "new_path": "/new/",
    "old_path": "/old/",
    "password1": "a new passphrase",
    "password2": "a new passphrase",
    "type": "user",
    "username": "newcomer",
    "value": "newcomer",
    "wanted": "5",
}


def word_of(site, model):
    """Return the word that no other text has than those of that kind, on that site."""
    return f"{site.domain.partition('.')[0]}{model._meta.model_name}x"


def fill(site):
    """Make a row of each kind for the current site; return them by model, a dict."""
    w = {model: word_of(site, model) for model in apps.get_models()}
    user = get_user_model().objects.create_user(
        w[get_user_model()], f"{site.pk}@example.com", "x", is_staff=True
    )
    SitePermission.objects.create(user=user).sites.set([site])
    draft = {"status": 1, "in_sitemap": False}
    post = BlogPost.objects.create(
        title=w[BlogPost], content=w[BlogPost], slug=w[BlogPost], user=user, **draft
    )
    category = BlogCategory.objects.create(title=w[BlogCategory])
    post.categories.add(category)
    keyword = Keyword.objects.create(title=w[Keyword])
    post.keywords.add(AssignedKeyword(keyword=keyword), bulk=False)
    comment = ThreadedComment.objects.create(
        content_object=post, comment=w[ThreadedComment], user_name=w[ThreadedComment]
    )
    page = RichTextPage.objects.create(title=w[RichTextPage], content=w[RichTextPage], **draft)
    link = Link.objects.create(title=w[Link], slug=f"/{w[Link]}/", **draft)
    gallery = Gallery.objects.create(title=w[Gallery], content=w[Gallery], **draft)
    image = GalleryImage.objects.create(
        gallery=gallery, file=f"uploads/site-{site.pk}/x.gif", description=w[GalleryImage]
    )
    form = Form.objects.create(title=w[Form], content=w[Form], response=w[Form], **draft)
    field = Field.objects.create(form=form, label=w[Field], field_type=1)
    entry = FormEntry.objects.create(form=form, entry_time=timezone.now())
    sent = FieldEntry.objects.create(entry=entry, field_id=field.pk, value=w[FieldEntry])
    home = HomePage.objects.create(title=w[HomePage], **draft)
    section = Section.objects.create(page=home, kind="feature", title=w[Section], text=w[Section])
    redirect = Redirect.objects.create(
        site=site, old_path=f"/{w[Redirect]}/", new_path=f"/{w[Redirect]}/new/"
    )
    setting = Setting.objects.create(name="SITE_TAGLINE", value=w[Setting])
    feed = Feed.objects.create(site=site, type="user", value=w[Feed], wanted=5)
    mail = QueuedMail.objects.create(
        site=site, recipient="a@example.com", subject=w[QueuedMail], content=w[QueuedMail]
    )
    alias = SiteAlias.objects.create(site=site, host=f"{w[SiteAlias]}.example")
    group = user.groups.create(name=w[Group])
    rows = [user, post, category, keyword, comment, page, link, gallery, image, form, field, entry]
    rows += [sent, home, section, redirect, setting, feed, mail, alias, group, site]
    return {type(row): row for row in rows} | {Page: Page.objects.get(pk=page.pk)}


def make_site(domain):
    """Return a new site, and what fill() makes for it."""
    call_command("addsite", domain, verbosity=0)
    site = Site.objects.get(domain=domain)
    with override_current_site_id(site.pk):
        return site, fill(site)


def client_of(user, site):
    client = Client(HTTP_HOST=site.domain, raise_request_exception=False)
    client.force_login(user)
    return client


# Addresses


def model_of(route):
    """Return the model that an address of the admin is about, or None."""
    found = re.match(r"/?admin/(\w+)/(\w+)/", route)
    try:
        return found and apps.get_model(*found.groups())
    except LookupError:
        return None


def addresses(rows):
    """Yield the addresses of the admin, with the rows in them; each once."""
    seen = set()
    for _, route, _, _ in extract_views_from_urlpatterns(get_resolver().url_patterns):
        if route.startswith("admin/"):
            for address in filled_in(simplify_regex(route), rows):
                if address not in seen:
                    seen.add(address)
                    yield address


def filled_in(route, rows):
    """Yield the addresses of a route: one, or one for each row or app that it can name."""
    if "content_type_id" in route:
        for model, row in rows.items():
            kind = ContentType.objects.get_for_model(model, for_concrete_model=False)
            yield f"/admin/r/{kind.pk}/{row.pk}/"
    elif "app_label" in route:
        for label in sorted({model._meta.app_label for model in admin.site._registry}):
            yield route.replace("<app_label>", label)
    else:
        row = rows.get(model_of(route))
        values = {"form_id": rows[Form].pk, "field_entry_id": rows[FieldEntry].pk}
        values |= {"object_id": row.pk if row else 1, "id": row.pk if row else 1}
        values["var"] = rows[get_user_model()].pk  # a pattern without a name
        yield re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values.get(match[1], "x")), route)


def requests(superuser, rows):
    """Return what can be asked of the admin, [(method, address, data)]: as its own forms send it.

    The forms are those that a superuser sees; each action of a list is taken on the row.
    """
    asked = []
    for address in addresses(rows):
        if address not in ("/admin/logout/", "/admin/login/"):
            asked.append(("get", address, {"u": "css/theme.css"}))
            asked += [("post", address, data) for data in sent(superuser, address, rows)]
    return asked + [("post", "/edit/", data) for data in sent_in_place(rows)]


def about(model, asked):
    """Return those of the requests that are about a model."""
    names = {"app": model._meta.app_label, "model": model._meta.model_name}
    kind = ContentType.objects.get_for_model(model, for_concrete_model=False).pk
    return [
        each
        for each in asked
        if model_of(each[1]) is model
        or each[1].startswith(f"/admin/r/{kind}/")
        or (each[1] == "/edit/" and names.items() <= each[2].items())
    ]


def sent(superuser, address, rows):
    """Return what forms at that address send, and what its scripts and buttons do."""
    model = model_of(address)
    row, model_admin = rows.get(model), admin.site._registry.get(model)
    user, page = rows[get_user_model()].get_username(), rows[RichTextPage].pk
    forms = forms_of(superuser.get(address), address.endswith("/add/")) or [{}]
    if row and model_admin and address.endswith(f"/{model._meta.model_name}/"):
        selected = {"_selected_action": row.pk, "post": "yes", "index": "0"}
        actions = ["delete_selected", *model_admin.actions]
        names = [each if isinstance(each, str) else each.__name__ for each in actions]
        return forms + [selected | {"action": name} for name in names]
    if address.endswith("/entries/"):
        delete = {"delete": "1", "selected": rows[FormEntry].pk}
        return [*forms, forms[0] | {"export": "1"}, forms[0] | delete]
    return {
        "/admin/admin_page_ordering/": [{"id": page, "parent_id": "", "siblings[]": [page]}],
        "/admin/admin_keywords_submit/": [{"text_keywords": "newcomer"}],
        "/admin/visitors/visitor/": [{act: user} for act in ("who", "export", "delete")],
    }.get(address, forms)


def forms_of(response, is_new):
    """Return what a browser would send of the forms of a page, with another text in some fields,
    and where something is added with one in each that is blank."""
    if response.status_code != 200 or "html" not in response["Content-Type"]:
        return []
    page = BeautifulSoup(response.content, "html.parser")
    found = []
    for form in page.select("#content form[method=post]"):
        form["data-this"] = "yes"
        fields = fields_of(SimpleNamespace(content=str(page)), "[data-this]")
        del form["data-this"]
        known = [name for text in CHANGED for name in (text, column(text)) if name in fields]
        changed = known + [name for name in fields if PASSWORD.fullmatch(name or "")]
        blank = [name for name, value in fields.items() if is_new and is_blank(name, value)]
        found.append(fields | {name: NEW.get(name, "newcomer") for name in changed + blank})
    return found


def is_blank(name, value):
    """Return whether a field has no text yet, and is none of a date or of a row in the form."""
    if not name or re.search(r"-\d+-|-__prefix__-|_[01]$|^_|^initial", name):
        return False
    return not value.strip() if type(value) is str else name in NEW and not any(value)


def sent_in_place(rows):
    """Yield what the forms for editing in place send: a text, and all that a row has at once."""
    for model, row in rows.items():
        names = {"app": model._meta.app_label, "model": model._meta.model_name, "id": row.pk}
        fields = [field for field in model._meta.concrete_fields if field.editable]
        values = {field.name: field.value_from_object(row) for field in fields}
        texts = {name: "newcomer" for name, value in values.items() if type(value) is str}
        numbers = {name: value or 1 for name, value in values.items() if type(value) in (bool, int)}
        for changes in (dict([*texts.items()][-1:]), texts | numbers):
            yield names | {"fields": ",".join(changes)} | changes


# What is written


def tables():
    """Return all rows of the database, {label of a model: {key: (ID of its site, values)}}."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        names = [field.attname for field in model._meta.concrete_fields]
        if model._meta.managed and model._meta.label_lower not in ASIDE:
            rows = model._base_manager.values("pk", *names)
            found[model._meta.label_lower] = {row["pk"]: (row.get("site_id"), row) for row in rows}
    return found


def difference(before, after):
    """Return what was done to rows, a set of (act, label of a model, key, ID of its site)."""
    found = set()
    for label, rows in before.items():
        now = after[label]
        for key in rows.keys() | now.keys():
            if rows.get(key) != now.get(key):
                act = "add" if key not in rows else "change" if key in now else "delete"
                found.add((act, label, key, (rows.get(key) or now[key])[0]))
    return found


@contextmanager
def undone():
    """Whatever is written meanwhile is not there afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def done(client, request, before):
    """Return the answer to a request, and what it did to rows: before is what tables() were."""
    method, address, data = request
    session = deepcopy(client.cookies)  # a new password makes a new one, which is undone
    with undone():
        with statements() as found:
            answer = getattr(client, method)(address, data)
        changes = difference(before, tables()) if found else set()
    client.cookies = session
    hosts.expire()
    return answer, changes


def text_of(answer):
    """Return all that an answer says, and where it leads to."""
    content = b"".join(answer) if answer.streaming else answer.content
    return content.decode(errors="replace") + answer.get("Location", "")
