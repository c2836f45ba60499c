"""Staff log in with a code from an app on their telephone as well: SECOND_FACTOR in settings.py."""

from django.apps import AppConfig
from django.contrib import admin


class SecondFactorConfig(AppConfig):
    name = "second_factor"

    def ready(self):
        # They would show the keys of others to whoever may see them.
        from django_otp.plugins.otp_static import admin as otp_static
        from django_otp.plugins.otp_totp import admin as otp_totp

        admin.site.unregister([otp_static.StaticDevice, otp_totp.TOTPDevice])
