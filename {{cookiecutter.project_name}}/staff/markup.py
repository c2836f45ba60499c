"""HTML of Mezzanine's in the admin that a validator refuses, put right."""

from functools import wraps

from django.utils.html import format_html
from django.utils.safestring import mark_safe
from mezzanine.core import forms
from mezzanine.generic.models import ThreadedComment
from mezzanine.utils.models import AdminThumbMixin


def render_checkboxes(widget, *args, **kwargs):
    """Render checkboxes in a div rather than a span, since each is in a div itself."""
    rendered = super(forms.CheckboxSelectMultiple, widget).render(*args, **kwargs)
    return format_html('<div class="multicheckbox">{}</div>', rendered)


def no_label(widget, id_):
    """Return no id for a label: that of a hidden field may not have one."""
    return ""


def with_alt(column):
    """Give the pictures of a column no text: what they show is written beside them."""

    @wraps(column)
    def decorated(instance):
        html = column(instance).replace("<img ", '<img alt="" ')
        return mark_safe(html)  # noqa: S308 - Mezzanine has marked it as safe

    return decorated


def install():
    forms.CheckboxSelectMultiple.render = render_checkboxes
    forms.OrderWidget.id_for_label = no_label
    AdminThumbMixin.admin_thumb = with_alt(AdminThumbMixin.admin_thumb)
    ThreadedComment.avatar_link = with_alt(ThreadedComment.avatar_link)
