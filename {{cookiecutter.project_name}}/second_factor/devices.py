"""What an account has as its second factor: an app with a key, and recovery codes."""

from django.db import transaction
from django_otp import devices_for_user
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

RECOVERY_CODES = 10


def remove(user):
    """Delete the devices of a user; return whether there were any."""
    devices = [*devices_for_user(user, confirmed=None)]
    for device in devices:
        device.delete()
    return bool(devices)


def replace(user, key, code):
    """Put an app with a key, in hex, in the place of what a user has.

    Return its TOTPDevice and new recovery codes, a list; or None for a wrong code, and nothing has
    changed.
    """
    device = TOTPDevice(user=user, name="app", key=key)
    with transaction.atomic():
        remove(user)
        device.save()
        if not device.verify_token(code):
            transaction.set_rollback(True)
            return None
        recovery = StaticDevice.objects.create(user=user, name="recovery codes")
        codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=recovery, token=each) for each in codes)
    return device, codes
