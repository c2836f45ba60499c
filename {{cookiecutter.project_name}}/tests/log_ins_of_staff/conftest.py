"""Staff where SECOND_FACTOR is on."""

import pytest
from second_factors import HOUR, employ, log_in, set_up


@pytest.fixture
def asked(settings):
    settings.SECOND_FACTOR = True
    settings.OTP_TOTP_SYNC = False  # a code that comes late on a slow machine moves no clock
    settings.OTP_TOTP_THROTTLE_FACTOR = settings.OTP_STATIC_THROTTLE_FACTOR = HOUR
    return employ()


@pytest.fixture
def ann(asked):
    """Ann has an app: her key and her recovery codes."""
    return set_up(log_in())
