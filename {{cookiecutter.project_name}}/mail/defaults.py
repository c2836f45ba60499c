"""The setting of a site for its mail, in the admin under Settings."""

from django.utils.translation import gettext_lazy as _
from mezzanine.conf import register_setting

register_setting(
    name="MAIL_SENDER",
    label=_("Sender of e-mails"),
    description=_(
        "The address that e-mails of this site come from, such as post@garden.example, or Garden"
        " &lt;post@garden.example&gt;. The mail server has to accept it as a sender. If empty, it"
        " is the address of all sites, with the title of this one."
    ),
    editable=True,
    default="",
)
