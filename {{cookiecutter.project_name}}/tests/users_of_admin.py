"""The user model of the project, which may be its own: addresses and permissions of the admin."""

from django.contrib.auth import get_permission_codename, get_user_model
from django.urls import reverse


def admin_of_users(act, *args):
    """Return an address of the admin of users; act is "change", "delete", "changelist" ..."""
    options = get_user_model()._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_{act}", args=args)


def permission_of_users(act):
    """Return the name of a permission, such as "auth.change_user"."""
    options = get_user_model()._meta
    return f"{options.app_label}.{get_permission_codename(act, options)}"


def form_of_users():
    """Return a selector of the form of a user."""
    return f"#{get_user_model()._meta.model_name}_form"
