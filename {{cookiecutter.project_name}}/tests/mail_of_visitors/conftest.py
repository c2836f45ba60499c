"""Mail servers in every mood, and none."""

import socket

import pytest
from mail_server import FAULTS, SILENT, mail_server
from mail_words import CLOSED, NO_NAME
from mezzanine.forms.models import Form


@pytest.fixture
def use(settings, db):
    """Return a function that sends mail to a port of this machine, as settings on a server do."""

    def use(port, host="127.0.0.1"):
        settings.EMAIL_BACKEND = "mail.backends.Queue"
        settings.MAIL_DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "garden", "hunter2"
        settings.EMAIL_HOST, settings.EMAIL_PORT = host, port
        settings.EMAIL_FAIL_SILENTLY = False
        settings.COMMENTS_NOTIFICATION_EMAILS = "owner@example.com"
        settings.ACCOUNTS_APPROVAL_EMAILS = "owner@example.com"
        Form.objects.update(email_copies="owner@example.com", send_email=True)

    return use


@pytest.fixture
def working(use):
    with mail_server() as server:
        use(server.port)
        yield server


@pytest.fixture(params=[*FAULTS, SILENT, CLOSED, NO_NAME])
def fault(request, settings, use):
    """Each way in which mail cannot be sent, in turn."""
    if request.param == CLOSED:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))  # and nobody listens
            use(unused.getsockname()[1])
            yield request.param
    elif request.param == NO_NAME:
        use(25, host="x" * 64 + ".example")
        yield request.param
    else:
        with mail_server(request.param) as server:
            use(server.port)
            if request.param == SILENT:
                settings.EMAIL_TIMEOUT = 0.1
            yield request.param


@pytest.fixture
def unconfigured(use):
    """No mail server is named."""
    use(25, host="")
