"""The settings of a live site for its mail, and a mail server that it talks to."""

import pytest
from mail_server import mail_server
from queued import PASSWORD


@pytest.fixture(autouse=True)
def use(settings):
    """Return a function that sends mail to a port of this machine, as settings on a server do."""

    def use(port, host="127.0.0.1"):
        settings.EMAIL_HOST, settings.EMAIL_PORT = host, port

    settings.EMAIL_BACKEND = "mail.backends.Queue"
    settings.MAIL_DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "garden", PASSWORD
    settings.DEFAULT_FROM_EMAIL = settings.SERVER_EMAIL = "webmaster@one.example"
    return use


@pytest.fixture
def server(use):
    with mail_server() as server:
        use(server.port)
        yield server
