"""The address that somebody leaves with a comment, to which pages link: of a web page, or none.

Forms ask for one. What is imported, loaded or saved by code is looked at when it is saved, and what
was there before by a migration.
"""

import re

from django.db.models.signals import pre_save
from django_comments.abstracts import CommentAbstractModel

WEB = re.compile("https?://", re.IGNORECASE)
DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?([/?#]|$)")  # as people type it


def web_address(text):
    """Return the address of a web page, a str, or "" for what a browser would do with another."""
    text = (text or "").strip()
    if not text or WEB.match(text):
        return text
    return f"http://{text}" if DOMAIN.match(text) else ""


def check(sender, instance, **kwargs):
    if issubclass(sender, CommentAbstractModel):
        instance.user_url = web_address(instance.user_url)


def install():
    pre_save.connect(check, dispatch_uid="visitors.links")
