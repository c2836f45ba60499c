"""What sections show that is not in them."""

from django import template
from mezzanine.forms.forms import FormForForm
from mezzanine.forms.models import Form

register = template.Library()


@register.simple_tag(takes_context=True)
def contact_form(context):
    """Return the first form of the site that anybody may send, by its own page, or None."""
    page = Form.objects.published().filter(login_required=False).order_by("_order").first()
    return page and FormForForm(page, context)
