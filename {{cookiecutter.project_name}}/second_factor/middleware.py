"""Staff who have given no more than their password get no page but those that ask for a code."""

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import MiddlewareNotUsed
from django.shortcuts import resolve_url
from django_otp.middleware import OTPMiddleware

from multisite.allowed import PREFIX, answer

OPEN = {"second_factor", "admin:logout", "logout", "look", "manifest"}  # names of URLs


class SecondFactorMiddleware(OTPMiddleware):
    """Stands after authentication, before all that has views or rights for staff.

    So it holds however they have logged in, at whatever address, of the project's own apps too.
    """

    def __init__(self, get_response):
        if not settings.SECOND_FACTOR:
            raise MiddlewareNotUsed
        super().__init__(get_response)

    def process_view(self, request, view, args, kwargs):
        is_open = request.resolver_match.view_name in OPEN
        if is_open or not is_asked(request.user) or request.user.is_verified():
            return None
        if request.path_info.startswith(PREFIX):
            return answer(False)
        wanted = request.get_full_path() if request.method == "GET" else ""
        return redirect_to_login(wanted, resolve_url("second_factor"))


def is_asked(user):
    """Return whether a user needs a second factor."""
    return user.is_staff or user.is_superuser
