"""The page that asks staff for a code, or lets them set up the app that shows it."""

from base64 import b32encode
from textwrap import wrap
from urllib.parse import quote

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import RedirectURLMixin, redirect_to_login
from django.http import Http404
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView
from django_otp import login, user_has_device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from .forms import CodeForm, SetUpForm
from .middleware import is_asked

KEY = "second_factor_key"  # in the session, until the app has shown a code for it


@never_cache
@sensitive_post_parameters()
def second_factor(request):
    """Ask for a code; who has no app yet sets it up, and so do those who have given a code."""
    if not settings.SECOND_FACTOR:
        raise Http404
    user = request.user
    if not is_asked(user):
        return redirect_to_login(request.get_full_path(), resolve_url("admin:login"))
    sets_up = user.is_verified() or not user_has_device(user)
    return (SetUp if sets_up else Ask).as_view()(request)


class Ask(RedirectURLMixin, FormView):
    form_class = CodeForm
    template_name = "second_factor/ask.html"
    next_page = "admin:index"
    extra_context = {"title": gettext_lazy("Second factor")}

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"user": self.request.user}

    def form_valid(self, form):
        device = form.user.otp_device
        enter(self.request, device)
        if isinstance(device, StaticDevice):
            left = StaticToken.objects.filter(device=device).count()
            text = ngettext("%d recovery code is left.", "%d recovery codes are left.", left) % left
            messages.warning(self.request, text)
        return super().form_valid(form)


class SetUp(Ask):
    form_class = SetUpForm
    template_name = "second_factor/set_up.html"

    def get_form_kwargs(self):
        key = self.request.session.setdefault(KEY, default_key())
        return super().get_form_kwargs() | {"key": key}

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        device = TOTPDevice(user=self.request.user, key=context["form"].key)
        host = self.request.get_host().partition(":")[0]  # what the app calls this site
        code = segno.make_qr(f"{device.config_url}&issuer={quote(host)}")
        picture = code.svg_data_uri(scale=4, light="white")
        letters = b32encode(device.bin_key).decode()
        return context | {"picture": picture, "key": " ".join(wrap(letters, 4))}

    def form_valid(self, form):
        """Show the recovery codes, for the only time."""
        del self.request.session[KEY]
        enter(self.request, form.device)
        context = {"title": _("Recovery codes"), "codes": form.recovery_codes}
        self.template_name = "second_factor/recovery_codes.html"
        return self.render_to_response(context | {"next": self.get_success_url()})


def enter(request, device):
    """From now on the session is that of somebody who has both, under a new key."""
    request.session.cycle_key()
    login(request, device)
