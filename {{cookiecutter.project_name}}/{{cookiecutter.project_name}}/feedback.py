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


def labels(field):
    """Return the labels of the models with a field of that class, a set of "app.model"."""
    models = apps.get_models()
    return {
        model._meta.label_lower
        for model in models
        if any(isinstance(each, field) for each in model._meta.private_fields)
    }
