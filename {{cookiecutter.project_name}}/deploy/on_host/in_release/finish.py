"""In a live release: make the admin user where there is no superuser, and try the mail server.

Reads a password, which may be empty, and the name of the site, a line each. Prints JSON: "admin",
see make_admin; "mail", the reason why the site cannot send mail, an empty str where it can; and
"keeps", whether mail is kept all the same, since its server is named.
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402

try:
    from mail.configuration import get_connection, is_configured, is_queued
except ImportError:  # of a release that keeps no mail
    from django.core.mail import get_connection

    def is_queued():
        return False


def make_admin(password, hostname):
    """Make the user admin, unless there is a superuser; return what there was to do.

    "there", "made", "missing" without a password to make one with, or "taken" where the name is
    that of an account of somebody else, who may have signed up with it.
    """
    users = get_user_model()._default_manager
    if users.filter(is_superuser=True).exists():
        return "there"
    if not password:
        return "missing"
    rights = {"email": f"admin@{hostname}", "is_staff": True, "is_superuser": True}
    admin = users.filter(username="admin").first()
    if admin is None:
        users.create_superuser("admin", password=password, **rights)
        return "made"
    if admin.is_active or admin.has_usable_password():
        return "taken"
    # An author without an account, whom fab push has brought with what is theirs.
    for name, value in (rights | {"is_active": True}).items():
        setattr(admin, name, value)
    admin.set_password(password)
    admin.save()
    return "made"


def why_no_mail():
    """Return why the mail server of the settings takes no mail; nothing is sent."""
    settings.EMAIL_TIMEOUT = min(settings.EMAIL_TIMEOUT or 5, 5)  # seconds
    try:
        connection = get_connection()
        connection.open()
        connection.close()
    except Exception as error:  # whatever the backend of the project raises
        where = f"EMAIL_HOST {settings.EMAIL_HOST}, port {settings.EMAIL_PORT}"
        return f"{where}: {error}".replace("\n", " ")
    return ""


def keeps_mail():
    """Return whether mail waits until its server takes it."""
    return is_queued() and is_configured()


password, hostname = sys.stdin.read().splitlines()
found = {"admin": make_admin(password, hostname), "mail": why_no_mail(), "keeps": keeps_mail()}
print(json.dumps(found))
