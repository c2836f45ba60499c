"""What `manage.py check` says of mail and alarms; `fab secret` takes no value that it refuses."""

import re

from django.conf import settings
from django.core.checks import Error, Info, Warning

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


def settings_fit(app_configs, **kwargs):
    """Refuse what would let each mail and each alarm fail later; no value is told."""
    found = []
    if settings.EMAIL_USE_TLS and settings.EMAIL_USE_SSL:
        text = "EMAIL_USE_TLS and EMAIL_USE_SSL are both True: set the other to False first."
        found.append(Error(text, id="mail.E003"))
    if re.search(r"[\s\0-\x1f]", settings.EMAIL_HOST or ""):
        text = "EMAIL_HOST has a space or a control character in it."
        found.append(Error(text, id="mail.E004"))
    port = str(settings.EMAIL_PORT)
    if not port.isdecimal() or not 0 < int(port) < 65536:
        found.append(Error("EMAIL_PORT is no number from 1 to 65535.", id="mail.E005"))
    for name in ("ALARM_URL", "ALARM_PING_URL"):
        if not re.fullmatch(r"(https?://[^\s/]\S*)?", getattr(settings, name, "")):
            text = f"{name} is no address that begins with https://."
            found.append(Error(text, id="mail.E006"))
    return found
