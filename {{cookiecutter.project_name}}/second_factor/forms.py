"""The forms that ask for a code."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django_otp.forms import OTPAuthenticationFormMixin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from .devices import replace

DIGITS = 6  # of a code of an app; a recovery code is longer
WRONG = _("This code is wrong, or it was used before.")
ATTRIBUTES = {
    "autocapitalize": "none",
    "autocomplete": "one-time-code",
    "autofocus": True,
    "spellcheck": "false",
}


class CodeForm(OTPAuthenticationFormMixin, forms.Form):
    """Takes the code of the app, or a recovery code.

    After a wrong one the next counts only after a second, then two, then four, and so on.
    """

    otp_token = forms.CharField(
        label=_("Code"), max_length=40, widget=forms.TextInput(attrs=ATTRIBUTES)
    )
    otp_error_messages = {
        **OTPAuthenticationFormMixin.otp_error_messages,
        "device_required": WRONG,
        "invalid_token": WRONG,
        "n_failed_attempts": _(
            "There were too many wrong codes. Please wait before you try again: the wait doubles"
            " with each."
        ),
    }

    def __init__(self, user, **kwargs):
        super().__init__(**kwargs)
        self.user = user

    def clean_otp_token(self):
        return "".join(self.cleaned_data["otp_token"].split()).lower()

    def clean(self):
        if "otp_token" in self.cleaned_data:
            self.clean_otp(self.user)
        return self.cleaned_data

    def _chosen_device(self, user):
        """Return the device of which the code is, by its length, locked; no field asks for it."""
        is_of_app = len(self.cleaned_data["otp_token"]) == DIGITS
        devices = (TOTPDevice if is_of_app else StaticDevice).objects
        return devices.devices_for_user(user, confirmed=True).select_for_update().first()


class SetUpForm(CodeForm):
    """Takes the first code of an app with a key; .device and .recovery_codes are what it makes."""

    def __init__(self, key, **kwargs):
        super().__init__(**kwargs)
        self.key = key

    def clean_otp(self, user):
        made = replace(user, self.key, self.cleaned_data["otp_token"])
        if not made:
            raise forms.ValidationError(WRONG)
        self.device, self.recovery_codes = made
