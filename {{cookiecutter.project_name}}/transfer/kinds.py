"""Which models are content, which are accounts, which are the data of visitors: see README.md."""

from functools import cache

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import EmailField, GenericIPAddressField
from mezzanine.core.models import MetaData, Orderable, Ownable, RichText, Slugged

CONTENT, ACCOUNTS, VISITORS = "content", "accounts", "visitors"
LOCAL = "local"  # of each database: it never travels
KINDS = (CONTENT, ACCOUNTS, VISITORS, LOCAL)

# Of packages and of this project, by app or by model; all else follows the rule below.
KNOWN = {
    "admin": LOCAL,
    "auth": ACCOUNTS,
    "auth.permission": LOCAL,
    "contenttypes": LOCAL,
    "core.sitepermission": ACCOUNTS,
    "django_comments": VISITORS,
    "feeds": LOCAL,
    "forms.fieldentry": VISITORS,
    "forms.formentry": VISITORS,
    "generic.rating": VISITORS,
    "generic.threadedcomment": VISITORS,
    "mail": LOCAL,
    "multisite.hostrevision": LOCAL,
    "multisite.sitealias": LOCAL,  # but for new ones: see sites.py
    "otp_static": LOCAL,  # secrets stay where they are
    "otp_totp": LOCAL,
    "sessions": LOCAL,
    "sites": CONTENT,
    "transfer": LOCAL,
}
BY_EDITORS = (MetaData, Orderable, Ownable, RichText, Slugged)


@cache
def kinds():
    """Return the kind of each model that has a table, a dict."""
    models = [model for model in apps.get_models(include_auto_created=True) if has_table(model)]
    declared = {model: declared_kind(model) for model in models}
    found = dict(declared)
    ruled = [m for m in models if not declared[m] and not m._meta.auto_created]
    for model in ruled:
        found[model] = first_guess(model)
    changed = True
    while changed:  # what belongs to the data of somebody is of their kind
        changed = False
        for model in ruled:
            kind = kind_of_owner(model, found)
            if found[model] == CONTENT and kind and not issubclass(model, BY_EDITORS):
                found[model], changed = kind, True
    promote(ruled, found)
    for model in models:
        if not found[model]:
            found[model] = found[model._meta.auto_created]
    return found


def has_table(model):
    return model._meta.managed and not model._meta.proxy


def declared_kind(model):
    """Return the kind that the settings or KNOWN give, or None."""
    label = model._meta.label_lower
    chosen = {name.lower(): kind for name, kind in getattr(settings, "TRANSFER_KINDS", {}).items()}
    if label in chosen and chosen[label] not in KINDS:
        raise ImproperlyConfigured(f"TRANSFER_KINDS: {chosen[label]!r} is none of {KINDS}")
    if model._meta.auto_created:  # the table of a ManyToManyField is of the kind of its owner
        return chosen.get(label)
    if label == settings.AUTH_USER_MODEL.lower():
        return ACCOUNTS
    return chosen.get(label) or KNOWN.get(label) or KNOWN.get(model._meta.app_label)


def first_guess(model):
    """Return the kind of a model by its own fields."""
    if any(relation.one_to_one for relation in to_user(model)):
        return ACCOUNTS
    if issubclass(model, BY_EDITORS):
        return CONTENT
    personal = (EmailField, GenericIPAddressField)
    if any(isinstance(field, personal) for field in model._meta.local_fields):
        return VISITORS
    if any(not relation.null for relation in to_user(model)):
        return VISITORS
    return CONTENT


def to_user(model):
    """Return the foreign keys of a model to the user, a list."""
    label = settings.AUTH_USER_MODEL.lower()
    return [key for key in keys_of(model) if key.related_model._meta.label_lower == label]


def keys_of(model):
    """Return the foreign keys in the model's own table, also to its parent, a list."""
    return [field for field in model._meta.local_concrete_fields if field.is_relation]


def kind_of_owner(model, found):
    """Return VISITORS or ACCOUNTS where a row cannot be without one of that kind, or None."""
    for key in keys_of(model):
        kind = found.get(key.related_model._meta.concrete_model)
        if not key.null and kind in (VISITORS, ACCOUNTS) and key not in to_user(model):
            return kind
    return None


def promote(ruled, found):
    """What content refers to is content, unless settings or KNOWN say otherwise."""
    waiting = [model for model in found if found[model] == CONTENT]
    while waiting:
        model = waiting.pop()
        relations = [*keys_of(model), *model._meta.local_many_to_many]
        for target in (relation.related_model._meta.concrete_model for relation in relations):
            if target in ruled and found[target] == VISITORS:
                found[target] = CONTENT
                waiting.append(target)


def travelling(everything):
    """Return the models whose rows travel, in the order of their names, a list."""
    wanted = (CONTENT, ACCOUNTS, VISITORS) if everything else (CONTENT,)
    models = [model for model, kind in kinds().items() if kind in wanted]
    return sorted(models, key=lambda model: model._meta.label_lower)


def staying(everything):
    """Return the models whose rows do not travel, a list."""
    travel = set(travelling(everything))
    return [model for model in kinds() if model not in travel]
