"""Mezzanine's inlines, such as the fields of a form, in Django's own admin.

They are cards, which fit a telephone, and are put in order by mouse, keyboard or touch.
"""

from django.contrib.admin import StackedInline
from django.forms import Script
from django.utils.html import format_html
from django.utils.translation import gettext as _
from mezzanine.core import admin, forms

BUTTONS = """{}<span class="order-buttons">
<button type="button" data-order="up" aria-label="{up}" title="{up}">↑</button>
<button type="button" data-order="down" aria-label="{down}" title="{down}">↓</button></span>"""


class Media:
    js = ["admin/js/jquery.init.js", Script("staff/inlines.js", type="module")]


def render(widget, *args, **kwargs):
    """Render the hidden field for the order, and buttons that change it."""
    field = super(forms.OrderWidget, widget).render(*args, **kwargs)
    return format_html(BUTTONS, field, up=_("Move up"), down=_("Move down"))


def has_changed(form):
    """Return whether a row has something to save: a new one has an order, and may be blank."""
    fields = set(form.changed_data)
    return bool(fields if form.instance.pk else fields - {"_order"})


def begin(inline, *args, **kwargs):
    """Set up a stacked inline without Mezzanine's question whether grappelli is there."""
    super(admin.StackedDynamicInlineAdmin, inline).__init__(*args, **kwargs)


def install():
    forms.OrderWidget.render = render
    forms.DynamicInlineAdminForm.Media = Media
    forms.DynamicInlineAdminForm.has_changed = has_changed
    admin.TabularDynamicInlineAdmin.template = StackedInline.template
    admin.StackedDynamicInlineAdmin.__init__ = begin
