"""The fields of EXTRA_MODEL_FIELDS that are not Django's own: imported when their model is there.

mezzanine.boot imports them before any app, and a field of Mezzanine, such as RichTextField, needs
apps.
"""

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string


class Later:
    """Stands for a field until it is added to a model."""

    def __init__(self, path, *args, **kwargs):
        self.path, self.args, self.kwargs = path, args, kwargs

    def contribute_to_class(self, model, name):
        try:
            field = import_string(self.path)(*self.args, **self.kwargs)
        except (ImportError, TypeError) as error:
            where = f"EXTRA_MODEL_FIELDS: {model.__name__}.{name}, {self.path}"
            raise ImproperlyConfigured(f"{where}: {error}") from error
        field.contribute_to_class(model, name)
