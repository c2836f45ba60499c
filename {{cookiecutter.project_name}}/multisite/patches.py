"""Two things that Mezzanine does for staff, done for the staff of one site."""

from mezzanine.core.managers import PublishedManager
from mezzanine.core.templatetags import mezzanine_tags

published = PublishedManager.published


def published_here(manager, for_user=None):
    """Keep drafts from staff of other sites; Mezzanine shows them to any."""
    # Said by the middleware of the user who asks, and of no other.
    may_see = getattr(for_user, "has_site_permission", True)
    return published(manager, for_user if may_see else None)


def menu_without_sites(context):
    """Leave out the form that chooses a site by GET; admin/base_site.html has one by POST."""
    context["dropdown_menu_app_list"] = mezzanine_tags.admin_app_list(context["request"])
    return context.flatten()


def install():
    PublishedManager.published = published_here
    mezzanine_tags.register.inclusion_tag(
        "admin/includes/dropdown_menu.html", takes_context=True, name="admin_dropdown_menu"
    )(menu_without_sites)
