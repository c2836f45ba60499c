"""What the front page of the admin says of mail."""

from django import template
from mezzanine.utils.sites import current_site_id

from ..models import QueuedMail
from ..report import report

register = template.Library()


@register.simple_tag(takes_context=True)
def mail_report(context):
    """Return the report for the user of the admin, None for whoever may not see the mails."""
    opts, user = QueuedMail._meta, context["request"].user
    permissions = [f"{opts.app_label}.{act}_{opts.model_name}" for act in ("view", "change")]
    return report(current_site_id()) if any(map(user.has_perm, permissions)) else None
