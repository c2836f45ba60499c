"""What visitors may do, site by site, where it is other than what Mezzanine lets them do."""

from django.utils.translation import gettext_lazy as _
from mezzanine.conf import register_setting

COMMENTS_WAIT = {
    "name": "COMMENTS_DEFAULT_APPROVED",
    "label": _("Show comments at once"),
    "description": _(
        "If not, a comment waits until staff approve it. The dashboard says how many wait."
    ),
    "editable": True,
    "default": False,
}

register_setting(**COMMENTS_WAIT)
