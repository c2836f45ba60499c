"""Tags for the pages of the admin."""

from django import template

from .. import overview as told
from .. import versions

register = template.Library()


@register.simple_tag
def revisions():
    """Return the revision of the project and of its template; each may be empty."""
    return {"project": versions.revision(), "template": versions.template()}


@register.inclusion_tag("staff/overview.html", takes_context=True)
def overview(context):
    """Show what waits for the user of the admin, and to superusers what runs."""
    request = context["request"]
    return {
        "drafts": [*told.drafts(request)],
        "comments": told.comments(request),
        "forms": told.entries(request),
        "software": told.software() if request.user.is_superuser else None,
    }


@register.simple_tag(takes_context=True)
def last_edits(context):
    """Return the last entries of the log of the admin that the user may see."""
    return told.edits(context["request"].user)[: told.EDITS]
