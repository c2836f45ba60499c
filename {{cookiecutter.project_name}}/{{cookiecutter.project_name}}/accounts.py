"""Accounts: sign up, log in by user name or e-mail address, ask for a new password.

Mezzanine looks for the one user whose name or address was typed, and fails when there are two: two
accounts that share an address, or one whose user name is the address of another.
"""

import time
from contextlib import suppress
from functools import wraps

from django import forms
from django.contrib import messages
from django.contrib.auth import forms as auth_forms
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.sites.models import Site
from django.db import transaction
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from mezzanine.accounts import forms as mezzanine_forms
from mezzanine.accounts import get_profile_form, views
from mezzanine.conf import settings
from mezzanine.core.auth_backends import MezzanineBackend
from mezzanine.utils.email import send_verification_mail

from mail.configuration import is_configured
from mail.sending import MailNotSent, required

RESET_SECONDS = 0.5  # for each answer to who asks for a new password: longer than it takes


def users_named(username_or_email, **lookup):
    """Return the users meant, a list: the one of that name first, then those with that address.

    The case of an address does not matter: people type it as it comes.
    """
    users = get_user_model()._default_manager.filter(**lookup)
    named = users.filter(username=username_or_email)
    addressed = users.filter(email__iexact=username_or_email)
    return [*named, *addressed.exclude(username=username_or_email)]


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


class ProfileForm(mezzanine_forms.ProfileForm):
    """Mezzanine's form, which takes no address that another account has in another case."""

    def clean_email(self):
        email = super().clean_email()
        others = get_user_model()._default_manager.exclude(pk=self.instance.pk)
        if others.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("This email is already registered"))
        return email


class PasswordResetForm(mezzanine_forms.PasswordResetForm):
    """Mezzanine's form, which does not tell who has an account."""

    def clean(self):
        return self.cleaned_data

    def users(self):
        """Return the users who are meant, a list: several where they share an address."""
        return users_named(self.cleaned_data["username"], is_active=True)


class StaffPasswordResetForm(auth_forms.PasswordResetForm):
    """Django's form, which says to everybody that there is no mail, and whom to ask."""

    def clean_email(self):
        if not is_configured():
            raise forms.ValidationError(no_mail_for_password())
        return self.cleaned_data["email"]


def no_mail():
    return _("We cannot send e-mail at the moment, so nothing was done. Please try again later.")


def no_mail_for_password():
    """Return whom to ask instead: those of ADMINS, who are named to everybody then."""
    people = [f"{name} ({address})" for name, address in settings.ADMINS]
    whom = ", ".join(people) or _("whoever runs %s") % Site.objects.get_current().domain
    text = _("We cannot send e-mail at the moment, so nothing was done.")
    return f"{text} " + _("Please ask for a new password: %s.") % whom


def as_long(view):
    """Let a view answer each POST after RESET_SECONDS, so that time does not tell who is known."""

    @wraps(view)
    def timed(request, *args, **kwargs):
        end = time.monotonic() + RESET_SECONDS
        response = view(request, *args, **kwargs)
        if request.method == "POST":
            time.sleep(max(0, end - time.monotonic()))
        return response

    return timed


@as_long
def password_reset(request, template="accounts/account_password_reset.html", extra_context=None):
    """Mail a link for a new password; the answer is the same whether there is such an account.

    What the mail server says of one address only staff see, in the admin.
    """
    form = PasswordResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not is_configured():
            form.add_error(None, no_mail_for_password())
        else:
            for user in form.users():
                with suppress(MailNotSent), required():
                    send_verification_mail(request, user, "password_reset_verify")
            messages.info(
                request,
                _("If there is an account of that name or address, an e-mail with a link is sent."),
            )
    context = {"form": form, "title": _("Password Reset"), **(extra_context or {})}
    return TemplateResponse(request, template, context)


def signup(request, template="accounts/account_signup.html", extra_context=None):
    """Make an account, unless it needs a link that cannot be mailed.

    An account that waits for approval is made all the same: staff see it in the admin.
    """
    if request.method != "POST" or settings.ACCOUNTS_APPROVAL_REQUIRED:
        return views.signup(request, template, extra_context)
    try:
        with transaction.atomic(), required():
            return views.signup(request, template, extra_context)
    except MailNotSent:
        form = get_profile_form()(request.POST, request.FILES)
        if form.is_valid():
            form.add_error(None, no_mail())
    context = {"form": form, "title": _("Sign up"), **(extra_context or {})}
    return TemplateResponse(request, template, context)
