"""The sidebar of the admin: on each of its pages, in the order of ADMIN_MENU_ORDER."""

from django.contrib.admin.sites import AdminSite
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from mezzanine.conf import settings

get_app_list = AdminSite.get_app_list


def app_list(site, request, app_label=None):
    """Return groups of models that the user may see, as Django does, in the order of the setting.

    An entry of the setting is the label of a model or the name of a URL, or a title and one of
    those. Models that it does not name follow, grouped by their apps.
    """
    if app_label and (apps := get_app_list(site, request, app_label)):
        return apps  # else one of which the models are hidden, and to which a path on a page leads
    apps = get_app_list(site, request)
    rows = {row["model"]._meta.label: row for app in apps for row in app["models"]}
    groups = []
    for number, (title, entries) in enumerate(settings.ADMIN_MENU_ORDER):
        named = [(None, entry) if isinstance(entry, str) else entry for entry in entries]
        found = [renamed(rows.pop(key, None) or link(key), name) for name, key in named]
        if found := list(filter(None, found)):
            url = found[0]["admin_url"] or found[0]["add_url"]
            labels = {"name": title, "app_label": f"menu-{number}", "app_url": url}
            groups.append(labels | {"models": found})
    left = list(rows.values())
    others = [app | {"models": [row for row in app["models"] if row in left]} for app in apps]
    return groups + [app for app in others if app["models"]]


def link(name):
    """Return the row of a page that is no list of a model, or None where there is none."""
    try:
        return {"object_name": name, "name": name, "admin_url": reverse(name), "add_url": None}
    except NoReverseMatch:
        return None


def renamed(row, name):
    return row and row | {"name": name or row["name"]}


def context(request):
    """Give pages of the admin that are not Django's own what its templates ask for."""
    from django.contrib import admin

    try:
        is_page_of_admin = request.path.startswith(reverse("admin:index"))
    except NoReverseMatch:  # URLs of a project that does without
        is_page_of_admin = False
    if not is_page_of_admin:
        return {}
    is_staff = SimpleLazyObject(lambda: admin.site.has_permission(request))
    return {
        "has_permission": is_staff,
        "is_nav_sidebar_enabled": is_staff,
        "available_apps": SimpleLazyObject(lambda: admin.site.get_app_list(request)),
    }


def install():
    AdminSite.get_app_list = app_list
