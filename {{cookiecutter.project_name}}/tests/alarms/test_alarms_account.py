"""Who is told, as the settings of a release have it."""

import json

from deploy.config import PROJECT_ROOT

SCRIPT = PROJECT_ROOT / "deploy/on_host/in_release/account.py"


def test_the_account_has_addresses_that_each_mail_server_knows(settings, capsys):
    settings.EMAIL_BACKEND = "mail.backends.Queue"
    settings.MAIL_DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.ALARM_URL = "mail.example.com", "https://hook.example/x"
    settings.ADMINS = [("Ann", "ann@gärten.example"), ("Bob", "bob@example.com")]
    exec(SCRIPT.read_text("utf-8"), {})
    account = json.loads(capsys.readouterr().out)
    assert account["admins"] == ["ann@xn--grten-gra.example", "bob@example.com"]
    assert (account["host"], account["url"]) == ("mail.example.com", "https://hook.example/x")
    assert (account["configured"], account["smtp"]) == (True, True)
