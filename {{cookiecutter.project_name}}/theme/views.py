"""Pages of the theme itself: its parts, errors, and what browsers ask about the site."""

from pathlib import Path

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponseServerError, JsonResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from mezzanine.conf import settings as site_settings

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


def styleguide(request):
    """Show every part of the theme, while DEBUG."""
    if not settings.DEBUG:
        raise Http404
    sample = (Path(__file__).parent / "templates/theme/sample.html").read_text("utf-8")
    return render(request, "theme/styleguide.html", {"form": Sample(), "sample": sample})


@cache_control(max_age=3600)
def manifest(request):
    """Answer with what a telephone shows of the site, where somebody puts it on the home screen."""
    icons = [
        {"src": static("img/icon.svg"), "type": "image/svg+xml", "sizes": "any"},
        {"src": static("img/icon.png"), "type": "image/png", "sizes": "192x192"},
    ]
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
