"""What staff may type: nothing that makes the pages of visitors an error."""

from datetime import UTC, datetime

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, validate_email
from django.db.models import Model
from django.template import Template, TemplateSyntaxError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from mezzanine.core.models import Displayable
from mezzanine.forms import fields
from mezzanine.forms.models import Field, Form
from mezzanine.utils.email import split_addresses

LISTS = (*fields.MULTIPLE, fields.SELECT, fields.RADIO_MULTIPLE)
FIRST_DAY = datetime(1000, 1, 1, tzinfo=UTC)  # addresses have four digits for a year


def first_day():
    return FIRST_DAY if settings.USE_TZ else FIRST_DAY.replace(tzinfo=None)


def columns(field, name):
    """Return the names under which a text of a Field is in forms: that of each language."""
    found = [each.name for each in field._meta.fields if each.name.startswith(f"{name}_")]
    return found or [name]


def clean(field):
    """Refuse choices and a default value of a field that no form can be shown or sent with."""
    Model.clean(field)
    if field.is_a(*LISTS) and not [*field.get_choices()]:
        text = _("Type what visitors can choose from.")
        raise ValidationError(dict.fromkeys(columns(field, "choices"), text))
    for name in columns(field, "default"):
        value = getattr(field, name)
        if value and field.is_a(fields.FILE):
            raise ValidationError({name: _("There is no default value for a file.")})
        try:
            Template(value or "")
        except TemplateSyntaxError as error:
            text = _("A default value is a template, and this is none: %s")
            raise ValidationError({name: text % error}) from None


def validate_addresses(text):
    for address in split_addresses(text):
        try:
            validate_email(address)
        except ValidationError:
            raise ValidationError(_("This is no e-mail address: %s") % address) from None


def install():
    Field.clean = clean
    Form._meta.get_field("email_copies").validators.append(validate_addresses)
    text = gettext_lazy("The year has four digits, and is 1000 or later.")
    for model in apps.get_models():
        if issubclass(model, Displayable) and model._meta.get_field("publish_date").model is model:
            model._meta.get_field("publish_date").validators.append(
                MinValueValidator(first_day, text)
            )
