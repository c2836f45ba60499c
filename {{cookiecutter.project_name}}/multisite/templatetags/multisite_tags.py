"""Tags for the choice of a site in the admin."""

from django import template

from ..current import own_url
from ..environment import rehearsal
from ..permissions import sites_of

register = template.Library()


@register.simple_tag(takes_context=True)
def sites_to_edit(context):
    """Return the sites, a list, that the user may edit, the first 101 at most.

    For more than a hundred, admin/base_site.html shows a field to type in.
    """
    return list(sites_of(context["request"].user)[:101])


@register.simple_tag
def environment():
    """Return the name of an environment such as staging; empty in production and development."""
    return rehearsal()


@register.simple_tag(takes_context=True)
def own_site_url(context):
    """Return the address of the site that is shown, on its own domain."""
    return own_url(context["request"])
