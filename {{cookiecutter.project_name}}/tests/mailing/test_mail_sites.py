"""Each site sends under its own name, with links to itself."""

import re
from email import message_from_string, policy

import pytest
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.test import override_settings
from django.urls import reverse
from forms import fields_of
from mezzanine.conf.models import Setting
from mezzanine.utils.sites import override_current_site_id
from queued import send
from users_of_admin import admin_of_users, form_of_users

from mail import delivery

pytestmark = pytest.mark.usefixtures("db", "in_english", "mezzanines_defaults")


def sender_of(text):
    return str(message_from_string(text, policy=policy.default)["From"])


def test_each_site_sends_under_its_own_name_and_address(server, add_site, settings):
    two = add_site("two.example")
    three = add_site("three.example")
    for site, title, own in (
        (1, "Zoë, Garden", None),
        (two.pk, 'The "Two"', None),
        (three.pk, "Three", "Post <post@three.example>"),
    ):
        with override_current_site_id(site):
            Setting.objects.create(name="SITE_TITLE", value=title)
            if own:
                Setting.objects.create(name="MAIL_SENDER", value=own)
            send()
    delivery.run()
    assert [sender_of(text) for text in server.taken] == [
        '"Zoë, Garden" <webmaster@one.example>',
        '"The \\"Two\\"" <webmaster@one.example>',
        "Post <post@three.example>",
    ]
    domains = [re.search(r"^Message-ID: <.*@(.*)>", text, re.M)[1] for text in server.taken]
    assert domains == ["127.0.0.1", "two.example", "three.example"]


def test_the_name_in_the_address_of_all_is_that_of_the_first_site(server, add_site, settings):
    settings.DEFAULT_FROM_EMAIL = "Ours <webmaster@one.example>"
    send()
    with override_current_site_id(add_site("two.example").pk):
        Setting.objects.create(name="SITE_TITLE", value="Two")
        send()
    delivery.run()
    assert [sender_of(text) for text in server.taken] == [
        "Ours <webmaster@one.example>",
        "Two <webmaster@one.example>",
    ]


def test_a_mail_that_is_sent_for_two_sites_comes_from_each(server, add_site):
    message = EmailMessage("Hello", "the text", to=["zoe@example.com"])
    for site, title in ((1, "One"), (add_site("two.example").pk, "Two")):
        with override_current_site_id(site):
            Setting.objects.create(name="SITE_TITLE", value=title)
            message.send()
    delivery.run()
    assert [sender_of(text) for text in server.taken] == [
        "One <webmaster@one.example>",
        "Two <webmaster@one.example>",
    ]


@pytest.mark.parametrize(
    ("typed", "is_taken"),
    [
        *[("", True), ("post@two.example", True), ("Two <post@two.example>", True)],
        *[("post", False), ("Two <post>", False), ("a@two.example, b@two.example", False)],
        *[("a@two.example b", False), ("<a@two.example> b", False)],
    ],
)
def test_the_sender_of_a_site_has_to_be_an_address(browse, typed, is_taken):
    client, address = browse("admin"), reverse("admin:conf_setting_changelist")
    fields = fields_of(client.get(address), "form:has([name=MAIL_SENDER])")
    page = client.post(address, fields | {"MAIL_SENDER": typed}, follow=True)
    found = Setting.objects.filter(name="MAIL_SENDER", value=typed).exists()
    assert found == is_taken, page.content.decode()
    assert ("Type an address" in page.content.decode()) != is_taken


@pytest.mark.parametrize("is_secure", [True, False])
def test_links_lead_to_the_site_that_staff_have_chosen(server, browse, add_site, is_secure):
    two = add_site("two.example")
    user = get_user_model().objects.create_user("zoe", "zoe@example.com", is_active=False)
    admin = browse("admin")
    admin.post(reverse("set_site"), {"site_id": two.pk})
    address = admin_of_users("change", user.pk)
    fields = fields_of(admin.get(address), form_of_users()) | {"is_active": "on"}
    with override_settings(ACCOUNTS_APPROVAL_REQUIRED=True, SECURE_SSL_REDIRECT=is_secure):
        admin.post(address, fields, secure=is_secure)
    delivery.run()
    (text,) = server.taken
    parts = message_from_string(text).walk()
    text = "".join(
        part.get_payload(decode=True).decode() for part in parts if not part.is_multipart()
    )
    scheme = "https" if is_secure else "http"
    links = set(re.findall(r"https?://[^/\s<\"]+", text))
    assert {link.partition(":8000")[0] for link in links} == {f"{scheme}://two.example"}
