"""The style sheet of a site, made of what its owner has chosen.

What is stored is not trusted: a colour is six digits, a choice is one of those here, and the path
of a file is quoted. Anything else is left out.
"""

import re
from hashlib import sha256

from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

# Of theme.css, for light and for dark.
PAPER, SURFACE = ("#fdfcfa", "#15171a"), ("#f3f1ec", "#1f2226")
ACCENT, ON_ACCENT = "#0b5a5e", ("#ffffff", "#0e1f20")
TEXT, MUTED, EDGE = "#1c1d20", "#5b5852", "#85817a"
READABLE, VISIBLE = 4.5, 3  # WCAG 2.2, 1.4.3 and 1.4.11

SCHEMES = {
    "": (_("As visitors like"), ""),
    "light": (_("Always light"), "light"),
    "dark": (_("Always dark"), "dark"),
}
FONTS = {
    "": (_("Plain"), ""),
    "humanist": (
        _("Soft"),
        'Seravek, "Gill Sans Nova", Ubuntu, Calibri, "DejaVu Sans", sans-serif',
    ),
    "geometric": (
        _("Round"),
        'Avenir, Montserrat, Corbel, "URW Gothic", source-sans-pro, sans-serif',
    ),
    "classical": (_("Elegant"), 'Optima, Candara, "Noto Sans", source-sans-pro, sans-serif'),
    "serif": (_("Book"), '"Iowan Old Style", "Palatino Linotype", "URW Palladio L", P052, serif'),
    "newspaper": (_("Newspaper"), 'Charter, "Bitstream Charter", "Sitka Text", Cambria, serif'),
    "typewriter": (
        _("Typewriter"),
        '"Nimbus Mono PS", "Courier New", "DejaVu Sans Mono", monospace',
    ),
}
LAYOUTS = {
    "": (_("Title left, menu beside it"), ""),
    "centred": (
        _("Title and menu in the middle"),
        "@media (min-width: 64rem) { .site-header { justify-content: center; }"
        " .brand { width: 100%; justify-content: center; } .search { margin: 0; } }",
    ),
    "narrow": (_("One narrow column"), ":root { --page: 48rem; --measure: 48rem; }"),
}
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def channels(colour):
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def luminance(colour):
    """Return the relative luminance of #rrggbb, as WCAG defines it, from 0 to 1."""
    parts = [value / 255 for value in channels(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(part * c for part, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mix(one, other, share):
    """Return the colour with that share of the other in it, from 0 to 1."""
    pairs = zip(channels(one), channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def surface(paper):
    """Return the colour of boxes on a light page."""
    return SURFACE[0] if paper == PAPER[0] else mix(paper, TEXT, 0.05)


def on_dark(accent):
    """Return the colour, as much lighter as it takes to be read on a dark page."""
    grounds = (PAPER[1], SURFACE[1], ON_ACCENT[1])
    steps = (mix(accent, "#ffffff", step / 20) for step in range(21))
    return next(c for c in steps if min(contrast(c, ground) for ground in grounds) >= READABLE)


def colour(value):
    """Return the colour that was stored, or an empty str."""
    return value if COLOUR.fullmatch(value) else ""


def address(path):
    """Return the address of an upload, which can stand between quotes, or an empty str."""
    return default_storage.url(path).replace("'", "%27") if path else ""


def values(stored):
    """Return what the template of the style sheet shows; stored is a function of a short name."""
    accent, paper = colour(stored("ACCENT")), colour(stored("PAPER"))
    _label, scheme = SCHEMES.get(stored("SCHEME"), SCHEMES[""])
    _label, layout = LAYOUTS.get(stored("LAYOUT"), LAYOUTS[""])
    found = {"scheme": scheme, "layout": mark_safe(layout), "accent": accent, "paper": paper}  # noqa: S308 - CSS of LAYOUTS
    for name in ("FONT", "HEADING_FONT"):
        _label, stack = FONTS.get(stored(name), FONTS[""])
        found |= {name.lower(): mark_safe(stack)}  # noqa: S308 - CSS of FONTS
        found |= {f"{name.lower()}_file": address(stored(f"{name}_FILE"))}
    return found


def style_sheet(stored):
    """Return the style sheet of what is stored, or an empty str where all is as it comes."""
    found = values(stored)
    if not any(found.values()):
        return ""
    if accent := found["accent"]:
        found |= {"accent_on_dark": on_dark(accent), "on_accent": ON_ACCENT}
    if paper := found["paper"]:
        found |= {"paper_on_dark": PAPER[1], "surface": (surface(paper), SURFACE[1])}
    return render_to_string("theme/look.css", found)


def of_site():
    """Return the style sheet of the current site."""
    from mezzanine.conf import settings as site_settings

    return style_sheet(lambda name: getattr(site_settings, f"LOOK_{name}"))


def version(css):
    return sha256(css.encode()).hexdigest()[:12]
