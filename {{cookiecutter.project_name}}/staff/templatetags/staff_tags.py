"""Tags for the pages of the admin."""

from django import template

from .. import versions

register = template.Library()


@register.simple_tag
def revisions():
    """Return the revision of the project and of its template; each may be empty."""
    return {"project": versions.revision(), "template": versions.template()}
