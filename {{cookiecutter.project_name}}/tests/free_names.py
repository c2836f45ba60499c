"""Names for what tests add to a copy of this project, whatever its owner has added to it."""

import re
from importlib.util import find_spec

from django.apps import apps
from django.conf import settings


def free(name):
    """Return a name that no app, module or folder of this project has."""
    labels = {config.label for config in apps.get_app_configs()}
    while name in labels or find_spec(name) or (settings.BASE_DIR / name).exists():
        name += "_of_tests"
    return name


def renamed(models):
    """Return a function that gives the models of some code names which are free, in any text.

    Free is what neither a model nor a field of this project is called: a page type is a field of
    each page, under its name.
    """
    names = re.findall(r"^class (\w+)", models, re.M)
    taken = {model._meta.model_name for model in apps.get_models()}
    taken |= {field.name for model in apps.get_models() for field in model._meta.get_fields()}
    end = ""
    while taken & {f"{name}{end}".lower() for name in names}:
        end += "OfTests"
    words = re.compile(rf"\b({'|'.join(names)})\b")
    return lambda text: words.sub(rf"\1{end}", text)
