"""Staff with an app on their telephone."""

from base64 import b32decode

from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp

HOST = "127.0.0.1:8000"
PAGE, ADMIN = reverse("second_factor"), reverse("admin:index")
USERS = reverse(f"admin:{get_user_model()._meta.label_lower.replace('.', '_')}_changelist")
HOUR = 3600  # seconds after the first wrong code, in the place of one


def code_of(key, later=0):
    """Return the code that an app shows for a key, bytes; or the one after it, which counts too."""
    return f"{totp(key, drift=later):06}"


def employ(name="ann", **options):
    """Make staff with a password, superusers unless the options say otherwise."""
    options = {"is_staff": True, "is_superuser": True} | options
    return get_user_model().objects.create_user(name, password="a password", **options)


def log_in(name="ann", where="admin:login", host=HOST):
    """Return a browser of somebody who has typed the password."""
    client = Client(HTTP_HOST=host, raise_request_exception=False)
    data = {"username": name, "password": "a password", "mezzanine_login_interface": "admin"}
    assert client.post(reverse(where), data).status_code == 302
    return client


def send(client, code, where=PAGE):
    return client.post(where, {"otp_token": code})


def key_on(response):
    """Return the key that a page shows for those who cannot scan it, bytes."""
    shown = BeautifulSoup(response.content, "html.parser").select_one("#content p code")
    return b32decode(shown.text.replace(" ", ""))


def set_up(client):
    """Set up an app; return its key and the recovery codes that are shown."""
    key = key_on(client.get(PAGE))
    page = BeautifulSoup(send(client, code_of(key)).content, "html.parser")
    return key, [each.text for each in page.select(".recovery-codes code")]


def is_in(client):
    """Return whether the admin is shown; otherwise it leads to the page that asks for a code."""
    response = client.get(ADMIN)
    if response.status_code == 302:
        assert response["Location"] == f"{PAGE}?next={ADMIN}"
    return response.status_code == 200
