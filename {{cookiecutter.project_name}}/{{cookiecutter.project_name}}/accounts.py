"""Accounts: log in by user name or e-mail address, log out, ask for a new password.

Mezzanine looks for the one user whose name or address was typed, and fails when there are two: two
accounts that share an address, or one whose user name is the address of another.
"""

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.views import LogoutView as DjangoLogoutView
from django.shortcuts import render
from django.utils.translation import gettext as _
from mezzanine.accounts import forms as mezzanine_forms
from mezzanine.core.auth_backends import MezzanineBackend


def users_named(username_or_email, **lookup):
    """Return the users meant, a list: the one of that name first, then those with that address."""
    users = get_user_model()._default_manager.filter(**lookup)
    named = users.filter(username=username_or_email)
    return [*named, *users.filter(email=username_or_email).exclude(username=username_or_email)]


class UsernameOrEmailBackend(MezzanineBackend):
    """Mezzanine's backend, where the password decides which of several accounts logs in."""

    def authenticate(self, request=None, username=None, password=None, **kwargs):
        if username and password is not None:
            users = users_named(username, **kwargs)
            if not users:
                make_password(password)  # takes as long as a wrong password: names stay secret
            return next((user for user in users if user.check_password(password)), None)
        try:
            return super().authenticate(**kwargs)
        except ValueError:  # a link with an ID that never was one
            return None


class PasswordResetForm(mezzanine_forms.PasswordResetForm):
    """Mezzanine's form, which asks for the user name where an address belongs to several."""

    def clean(self):
        users = users_named(self.cleaned_data.get("username"), is_active=True)
        if not users:
            raise forms.ValidationError(_("Invalid username/email"))
        if len(users) > 1 and users[0].username != self.cleaned_data["username"]:
            raise forms.ValidationError(_("Several accounts have that address: type a username"))
        self._user = users[0]
        return self.cleaned_data


class LogoutView(DjangoLogoutView):
    """Django's view answers a GET with 405, and Mezzanine's admin has a plain link to it."""

    http_method_names = [*DjangoLogoutView.http_method_names, "get", "head"]

    def get(self, request, *args, **kwargs):
        return render(request, "registration/log_out.html")
