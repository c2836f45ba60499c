"""The look of a site, which its owner chooses in the admin under Settings; look.py applies it."""

from django.utils.translation import gettext_lazy as _
from mezzanine.conf import register_setting

from .look import FONTS, LAYOUTS, SCHEMES


def register(name, label, description, **options):
    options = {"editable": True, "default": ""} | options
    register_setting(name=name, label=label, description=description, **options)


register(
    "LOOK_ACCENT",
    _("Colour of links and buttons"),
    _("On a dark page it is made lighter by itself."),
)
register("LOOK_PAPER", _("Colour of the page"), _("A light one; a dark page has its own."))
register(
    "LOOK_SCHEME",
    _("Light or dark"),
    _("What visitors see."),
    choices=[(name, label) for name, (label, _css) in SCHEMES.items()],
)
for name, label, label_of_file in (
    ("FONT", _("Font"), _("Font of your own")),
    ("HEADING_FONT", _("Font of headings"), _("Font of your own for headings")),
):
    register(
        f"LOOK_{name}",
        label,
        _("Each is there on most computers and telephones, and loads nothing."),
        choices=[(key, label) for key, (label, _stack) in FONTS.items()],
    )
    register(f"LOOK_{name}_FILE", label_of_file, _("A .woff2 file of the media library."))
register(
    "LOOK_LAYOUT",
    _("Layout"),
    "",
    choices=[(name, label) for name, (label, _css) in LAYOUTS.items()],
)
register("LOOK_LOGO", _("Logo"), _("In place of the title at the top of each page."))
register("LOOK_ICON", _("Icon"), _("A square picture, for tabs and telephones."))
register(
    "LOOK_SHARE_PICTURE",
    _("Picture for sharing"),
    _("Where a page has none of its own: about 1200 × 630 pixels."),
)
register(
    "SITE_FOOTER",
    _("Text at the foot of each page"),
    _("Addresses of pages become links."),
    translatable=True,
)
register_setting(
    name="TEMPLATE_ACCESSIBLE_SETTINGS",
    append=True,
    default=("LOOK_ICON", "LOOK_LOGO", "SITE_FOOTER"),
)
