"""Tags for the choice of a site in the admin."""

from django import template

from ..current import own_url
from ..permissions import sites_of

register = template.Library()


@register.simple_tag(takes_context=True)
def sites_to_edit(context):
    """Return the sites, a list, that the user may edit."""
    return list(sites_of(context["request"].user))


@register.simple_tag(takes_context=True)
def own_site_url(context):
    """Return the address of the site that is shown, on its own domain."""
    return own_url(context["request"])
