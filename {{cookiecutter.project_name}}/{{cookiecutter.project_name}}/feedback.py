"""Comments and ratings: what visitors send names the model that it is about."""

from functools import wraps

from django.apps import apps
from django.http import HttpResponseBadRequest


def on_what_has_it(view, field):
    """Let a view of Mezzanine see no other models than those with such a field: it takes any."""

    @wraps(view)
    def checked(request, *args, **kwargs):
        label = request.POST.get("content_type")
        if label and label.lower() not in labels(field):
            return HttpResponseBadRequest("Nothing of this kind can have one\n", "text/plain")
        return view(request, *args, **kwargs)

    return checked


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
