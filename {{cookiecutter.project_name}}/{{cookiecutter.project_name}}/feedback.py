"""Comments and ratings: what visitors send names the model that it is about."""

from functools import wraps

from django.apps import apps
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django_comments.models import Comment


def on_what_has_it(view, field):
    """Let a view of Mezzanine see no other models than those with such a field: it takes any."""

    @wraps(view)
    def checked(request, *args, **kwargs):
        label = request.POST.get("content_type")
        if label and label.lower() not in labels(field):
            return HttpResponseBadRequest("Nothing of this kind can have one\n", "text/plain")
        return view(request, *args, **kwargs)

    return checked


def on_what_is_open(view, name):
    """Let a view of Mezzanine see nothing that its visitor does not, and no closed comments.

    A form may be sent after its page has become a draft, and by hand for any page. `name` is what
    is sent: "comment" or "rating".
    """

    @wraps(view)
    def checked(request, *args, **kwargs):
        # What was sent before logging in waits in the session.
        sent = request.POST or request.session.get(f"unauthenticated_{name}", {})
        about = visible(request, sent.get("content_type", ""), sent.get("object_pk"))
        if name == "comment" and not getattr(about, "allow_comments", True):
            request.session.pop(f"unauthenticated_{name}", None)
            messages.error(request, _("Comments are closed here."))
            return redirect(about)
        return view(request, *args, **kwargs)

    return checked


def visible(request, label, pk):
    """Return what a visitor writes about, or None where none is named; Http404 if it is hidden."""
    try:
        rows = apps.get_model(label).objects
        rows = rows.published(request.user) if hasattr(rows, "published") else rows
        found = rows.get(pk=pk)
    except (LookupError, TypeError, ValueError):
        return None
    except ObjectDoesNotExist:
        raise Http404 from None
    if getattr(found, "login_required", False) and not request.user.is_authenticated:
        raise Http404
    if isinstance(found, Comment):  # which can be rated
        visible(request, found.content_type.model_class()._meta.label, found.object_pk)
    return found


def to_what_was_rated(view):
    """Lead to the rating of that model: a comment and its post may both be the first of theirs."""

    @wraps(view)
    def rated(request, *args, **kwargs):
        # What was sent before logging in waits in the session.
        sent = request.POST or request.session.get("unauthenticated_rating", {})
        response = view(request, *args, **kwargs)
        if url := response.get("Location"):
            model = sent.get("content_type")
            response["Location"] = url.replace("#rating-", f"#rating-{model}-")
        return response

    return rated


def labels(field):
    """Return the labels of the models with a field of that class, a set of "app.model"."""
    models = apps.get_models()
    return {
        model._meta.label_lower
        for model in models
        if any(isinstance(each, field) for each in model._meta.private_fields)
    }
