"""What the dashboard of the admin tells the owner of a site: what waits, and who did what."""

from platform import python_version

import django
import mezzanine
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core import checks
from django.db.models import Count, Max
from django.urls import reverse
from mezzanine.core.models import CONTENT_STATUS_DRAFT, Displayable
from mezzanine.generic.models import ThreadedComment
from mezzanine.pages.models import Page
from mezzanine.utils.urls import admin_url

from . import versions

SHOWN = 5  # drafts of a kind, and forms
EDITS = 10


def drafts(request):
    """Yield (number, name, drafts) for pages, posts and the like that the user may edit; the
    drafts, SHOWN at most, have an address in the admin."""
    for model, model_admin in admin.site._registry.items():
        is_page = issubclass(model, Page) and model is not Page
        if not issubclass(model, Displayable) or is_page:
            continue
        if model_admin.has_change_permission(request):
            found = model_admin.get_queryset(request).filter(status=CONTENT_STATUS_DRAFT)
            rows = found.only("pk", "title").order_by("-pk")[:SHOWN]
            items = [(admin_url(model, "change", row.pk), row.title) for row in rows]
            if items:
                yield found.count(), model._meta.verbose_name_plural, items


def comments(request):
    """Return the number of comments that wait for approval, 0 for whoever may not approve them."""
    if not request.user.has_perm("generic.change_threadedcomment"):
        return 0
    return ThreadedComment.objects.filter(is_public=False, is_removed=False).count()


def entries(request):
    """Return the forms of the site that visitors have used, the last ones, a list.

    Each is a dict of its title, the number of its entries, when the last came, and an address.
    """
    if not apps.is_installed("mezzanine.forms"):
        return []
    user, Form = request.user, apps.get_model("forms", "Form")
    if not any(user.has_perm(f"forms.{act}_formentry") for act in ("view", "change")):
        return []
    used = Form.objects.annotate(number=Count("entries"), last=Max("entries__entry_time"))
    rows = used.filter(number__gt=0).order_by("-last").values("pk", "title", "number", "last")
    return [
        row | {"address": reverse("admin:form_entries", args=[row["pk"]])} for row in rows[:SHOWN]
    ]


def edits(user):
    """Return the last entries of the log of the admin; those of all staff for a superuser, since
    the log does not say of which site they are."""
    log = LogEntry.objects.select_related("content_type", "user")
    return log if user.is_superuser else log.filter(user=user)


def software():
    """Return the versions that run, and what Django's checks say of them, a dict."""
    names = {"Django": django.get_version(), "Mezzanine": mezzanine.__version__}
    names["Python"] = python_version()
    own = {"Revision": versions.revision(), "Template": versions.template()}
    found = [each for each in checks.run_checks() if not each.is_silenced()]
    return {"versions": {k: v for k, v in (own | names).items() if v}, "problems": found}
