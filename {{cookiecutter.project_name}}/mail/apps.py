"""Mail: kept in the database and sent later, so that no visitor waits for a mail server."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class MailConfig(AppConfig):
    name = "mail"
    verbose_name = _("E-mail")

    def ready(self):
        from mezzanine.conf import forms
        from mezzanine.utils import email

        from .checks import mail_is_sent, settings_fit
        from .senders import clean_sender
        from .sending import Message

        email.EmailMultiAlternatives = Message  # the class of all that Mezzanine sends
        forms.SettingsForm.clean_MAIL_SENDER = clean_sender
        checks.register(settings_fit)
        checks.register(mail_is_sent, deploy=True)
