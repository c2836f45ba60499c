"""The text of a post as HTML. Everything is escaped, piece by piece; only our own tags are not."""

from html import unescape

from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import mark_safe


def to_html(body, links):
    """Return the text with its links as a SafeString.

    body is the text as X sent it, with &amp;, &lt; and &gt; for &, < and >. links is a list of
    [start, end, href, label], offsets in code points of body, in order and apart from each other.
    """
    pieces, done = [], 0
    for start, end, href, label in links:
        link = format_html('<a href="{}" rel="nofollow noopener">{}</a>', href, label)
        pieces += [plain_to_html(body[done:start]), link]
        done = end
    pieces.append(plain_to_html(body[done:]))
    return mark_safe("".join(conditional_escape(piece) for piece in pieces))  # noqa: S308 - each piece is escaped


def plain_to_html(text):
    return mark_safe(escape(unescape(text)).replace("\n", "<br>"))  # noqa: S308 - it is escaped
