"""In a release: the mail account of its settings, and whom alarms are sent to; prints JSON.

"smtp" and "configured" say whether mail goes by SMTP, and whether it goes at all. "host", "port",
"user", "password", "tls", "ssl" and "timeout" are those of SMTP; "sender", the address that mail to
the "admins", a list of addresses, comes from; "url" and "ping", where else alarms and signs of life
go, empty where nowhere. No database is asked, and the password goes to root alone.
"""

import json

from django.conf import settings
from django.utils.encoding import punycode

from mail.configuration import is_configured, is_smtp


def in_ascii(address):
    """Return an address as Django writes it to a mail server, which may know ASCII alone."""
    user, _at, domain = address.rpartition("@")
    return f"{user}@{punycode(domain)}"


print(
    json.dumps(
        {
            "smtp": is_smtp(),
            "configured": is_configured(),
            "host": settings.EMAIL_HOST,
            "port": settings.EMAIL_PORT,
            "user": settings.EMAIL_HOST_USER,
            "password": settings.EMAIL_HOST_PASSWORD,
            "tls": settings.EMAIL_USE_TLS,
            "ssl": settings.EMAIL_USE_SSL,
            "timeout": settings.EMAIL_TIMEOUT,
            "sender": settings.SERVER_EMAIL,
            "admins": [in_ascii(address) for _name, address in settings.ADMINS],
            "url": getattr(settings, "ALARM_URL", ""),
            "ping": getattr(settings, "ALARM_PING_URL", ""),
        }
    )
)
