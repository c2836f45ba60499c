"""What `manage.py check --deploy` says of mail."""

from django.conf import settings
from django.core.checks import Info, Warning

from .configuration import NOT_CONFIGURED, is_configured, is_queued, is_smtp

DJANGOS = "django.core.mail.backends."


def mail_is_sent(app_configs, **kwargs):
    """Say where there is no mail, and warn where a visitor would wait for a mail server."""
    found = []
    if not is_configured():
        hint = "Set EMAIL_HOST and the settings beside it; on a server: fab secret EMAIL_HOST."
        found.append(Info(f"{NOT_CONFIGURED}.", hint, id="mail.I001"))
    if not is_queued() and (is_smtp() or not settings.EMAIL_BACKEND.startswith(DJANGOS)):
        text = f"EMAIL_BACKEND is {settings.EMAIL_BACKEND}: visitors wait for the mail server."
        hint = 'Leave EMAIL_BACKEND at "mail.backends.Queue", and set MAIL_DELIVERY_BACKEND.'
        found.append(Warning(text, hint, id="mail.W002"))
    return found
