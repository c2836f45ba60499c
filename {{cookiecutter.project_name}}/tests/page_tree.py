"""What staff do with pages in the admin, as a browser does it."""

from bs4 import BeautifulSoup
from django.conf import settings
from django.urls import reverse
from forms import fields_of
from mezzanine.pages.models import Page
from translated_texts import column, filled

ORDERING = reverse("admin_page_ordering")


def stored(slug, site=1):
    """Return the one page of that address."""
    return Page._base_manager.get(slug=slug, site_id=site)


def send(client, path, kind, fields):
    """Fill in the form of the admin at that path as it stands, and with those fields."""
    form = fields_of(client.get(path), f"#{kind}_form")
    form.setdefault("in_menus", [])
    # A title is required in the language of the project, and a test may have it in another.
    required = f"title_{getattr(settings, 'MODELTRANSLATION_DEFAULT_LANGUAGE', None)}"
    if form.get(required) == "":
        form[required] = form[column("title")]
    return client.post(path, filled(form, **fields))


def add(client, title, parent=None, kind="richtextpage", query=None, **fields):
    """Add a page below a parent; return the answer, a redirect where it was saved."""
    query = f"?parent={parent.pk}" if parent else query or ""
    path = reverse(f"admin:pages_{kind}_add") + query
    content = {"content": "<p>Bread</p>"} if kind == "richtextpage" else {}
    return send(client, path, kind, {"title": title} | content | fields)


def change(client, page, **fields):
    """Change a page; return the answer, a redirect where it was saved."""
    kind = page.content_model
    app = page.get_content_model()._meta.app_label
    path = reverse(f"admin:{app}_{kind}_change", args=[page.pk])
    return send(client, path, kind, fields)


def move(client, page, parent, siblings=None, **data):
    """Move a page below a parent, or to the top, as its last one; return the answer."""
    if siblings is None:
        rows = Page._base_manager.filter(parent=parent, site_id=page.site_id).exclude(pk=page.pk)
        siblings = [*rows.order_by("_order").values_list("pk", flat=True), page.pk]
    named = [f"ordering_{pk}" for pk in siblings]
    sent = {"id": f"ordering_{page.pk}", "siblings[]": named}
    sent["parent_id"] = f"ordering_{parent.pk}" if parent else "null"
    return client.post(ORDERING, sent | data)


def errors_at(answer, field):
    """Return the words at a field of a form of the admin that was not saved, a str."""
    page = BeautifulSoup(answer.content, "html.parser")
    found = page.select(f".row.{field} .errorlist, .{field} .errorlist, .field-{field} .errorlist")
    return " ".join(each.text for each in found)


def opens(client, page, title):
    """Return whether the page, and no other, is shown with its title at its own address."""
    page = Page._base_manager.get(pk=page.pk)
    answer = client.get(page.get_absolute_url())
    shown = answer.status_code == 200 and answer.context["page"].pk == page.pk
    return shown and title in answer.text
