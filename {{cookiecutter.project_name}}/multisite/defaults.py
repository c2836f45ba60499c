"""Settings that each site has in the admin."""

from django.conf import settings
from mezzanine.conf import register_setting

register_setting(
    name="SITE_THEME",
    label="Theme",
    description="Whose templates this site has before those of all sites",
    choices=[("", "–"), *((package, package) for package in settings.SITE_THEMES)],
    default="",
    editable=bool(settings.SITE_THEMES),
)
