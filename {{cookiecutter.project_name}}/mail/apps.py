"""Mail that cannot be sent: no page fails with it, its visitor is told, and the log says why."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "mail"

    def ready(self):
        from mezzanine.utils import email

        from .sending import Message

        email.EmailMultiAlternatives = Message  # the class of all that Mezzanine sends
