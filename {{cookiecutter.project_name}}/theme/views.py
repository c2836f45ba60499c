"""Pages of the theme itself: its parts, errors, and what browsers ask about the site."""

from pathlib import Path

from django import forms
from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpResponse, HttpResponseServerError, JsonResponse
from django.shortcuts import render
from django.template.loader import get_template, render_to_string
from django.templatetags.static import static
from django.utils.cache import patch_cache_control
from django.views import defaults
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST
from mezzanine.conf import settings as site_settings

from . import look
from .forms import SettingsForm

# Where not even the template can be found or rendered.
LAST_WORDS = "<!doctype html><title>Error</title><h1>Error</h1><p>Sorry, an error occurred."


class Sample(forms.Form):
    """One field of each kind, for the style guide."""

    name = forms.CharField(help_text="As on your letters")
    email = forms.EmailField()
    subject = forms.ChoiceField(choices=[("a", "Bread"), ("b", "Cakes")])
    when = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    size = forms.ChoiceField(choices=[("s", "Small"), ("l", "Large")], widget=forms.RadioSelect)
    news = forms.BooleanField(required=False, label="Send me the news")
    message = forms.CharField(widget=forms.Textarea)


def bad_request(request, exception):
    """Answer 400; 413, and how much is taken, where the texts of a form are too long."""
    if not isinstance(exception, RequestDataTooBig):
        return defaults.bad_request(request, exception)
    words = {"limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}
    return HttpResponse(render_to_string("errors/413.html", words), status=413)


def permission_denied(request, exception):
    """Answer 403, also where middleware refuses before anybody has asked who the visitor is."""
    if not hasattr(request, "user"):  # which templates ask for
        request.user = AnonymousUser()
    return defaults.permission_denied(request, exception)


def styleguide(request):
    """Show every part of the theme, while DEBUG."""
    if not settings.DEBUG:
        raise Http404
    sample = (Path(__file__).parent / "templates/theme/sample.html").read_text("utf-8")
    return render(request, "theme/styleguide.html", {"form": Sample(), "sample": sample})


def look_css(request):
    """Answer with the style sheet of the site; another look has another address."""
    css = look.of_site()
    answer = HttpResponse(css, content_type="text/css; charset=utf-8")
    is_current = look.version(css) in request.GET
    forever = {"max_age": 31_536_000, "immutable": True}
    patch_cache_control(answer, **forever if is_current else {"no_cache": True})
    return answer


@staff_member_required
@require_POST
def look_preview(request):
    """Answer with what the first page would look like, and what is wrong with what was chosen."""
    if not request.user.has_perm("conf.change_setting"):
        raise PermissionDenied
    form = SettingsForm(request.POST)
    form.is_valid()
    values = form.cleaned_data
    css = look.style_sheet(lambda name: values.get(f"LOOK_{name}") or "")
    names = {name: values.get(name) for name in ("LOOK_LOGO", "SITE_TITLE")}
    brand = render_to_string("includes/brand.html", {"settings": names})
    looks = [name for name in form.errors if name.startswith("LOOK_")]
    errors = [f"{form.fields[name].label} {' '.join(form.errors[name])}" for name in looks]
    return JsonResponse({"css": css, "brand": brand.strip(), "errors": errors})


@cache_control(max_age=3600)
def manifest(request):
    """Answer with what a telephone shows of the site, where somebody puts it on the home screen."""
    icons = [
        {"src": static("img/icon.svg"), "type": "image/svg+xml", "sizes": "any"},
        {"src": static("img/icon.png"), "type": "image/png", "sizes": "192x192"},
    ]
    if icon := site_settings.LOOK_ICON:
        icons = [{"src": look.address(icon), "sizes": "any"}]
    about = {"name": site_settings.SITE_TITLE, "start_url": "/", "display": "browser"}
    answer = JsonResponse(about | {"icons": icons})
    answer["Content-Type"] = "application/manifest+json"
    return answer


def server_error(request):
    """Answer 500 without the database: no template knows the request, so nothing asks for it."""
    try:
        page = get_template("errors/500.html").render({"STATIC_URL": settings.STATIC_URL})
    except Exception:  # the fault may be in the template, or in what finds it
        page = LAST_WORDS
    return HttpResponseServerError(page)
