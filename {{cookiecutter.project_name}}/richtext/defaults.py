"""Elements and attributes of HTML that Mezzanine's filter drops, and that do no harm."""

from mezzanine.conf import register_setting

register_setting(
    name="RICHTEXT_ALLOWED_TAGS",
    append=True,
    default=("bdi", "data", "details", "figcaption", "main", "mark", "summary", "time"),
)
register_setting(
    name="RICHTEXT_ALLOWED_ATTRIBUTES",
    append=True,
    default=("open", "reversed"),
)
register_setting(
    name="RICHTEXT_ALLOWED_STYLES",
    append=True,
    default=("list-style",),
)
