"""What WordPress writes between the HTML of a post: blank lines for paragraphs, and [captions]."""

import re

BLOCKS = "address|article|aside|blockquote|div|dl|details|fieldset|figure|footer|form|h[1-6]"
BLOCKS += "|header|hr|iframe|nav|ol|p|pre|script|section|style|table|ul|video|audio"
BLOCK = re.compile(rf"</?(?:{BLOCKS})\b", re.I)
WHOLE = re.compile(r"(<(pre|script|style|table|ul|ol)\b.*?</\2>)", re.I | re.S)
MARKS = re.compile(r"<!--\s*(?:/?wp:|more\b|nextpage\b).*?-->", re.S)
CAPTION = re.compile(r"\[caption\b([^\]]*)\](.*?)\[/caption\]", re.S)
PICTURE = re.compile(r"\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)\s*(.*)", re.I | re.S)
EMBEDDED = re.compile(r"^[ \t]*(https?://[^\s<>\"]+)[ \t]*$", re.M)
SHORTCODE = re.compile(r"\[/?([a-z][a-z0-9_-]+)(?:\s[^\]\n]*)?/?\](?!\()")


def caption(match):
    """Return the HTML of a [caption]: its text is in an attribute, or behind the picture."""
    attributes = dict(re.findall(r'(\w+)="(.*?)"', match[1]))
    picture = PICTURE.fullmatch(match[2])
    image, words = picture.groups() if picture else (match[2], "")
    words = attributes.get("caption") or words
    kind = " ".join(["wp-caption", *attributes.get("align", "").split()])
    return f'\n\n<div class="{kind}">{image}<p class="wp-caption-text">{words}</p></div>\n\n'


def paragraphs(content):
    """Return the HTML of a post: what stands between blank lines is a paragraph."""
    content = CAPTION.sub(caption, MARKS.sub("\n\n", content.replace("\r\n", "\n")))
    found = []
    for part in WHOLE.split(content)[::3]:
        part = EMBEDDED.sub(r'<a href="\1">\1</a>', part)
        found.append([each.strip() for each in re.split(r"\n\s*\n", part)])
    whole = [[each] for each in WHOLE.split(content)[1::3]] + [[]]
    pieces = [piece for pair in zip(found, whole, strict=True) for each in pair for piece in each]
    return "\n".join(
        piece if BLOCK.search(piece) else paragraph(piece) for piece in pieces if piece
    )


def paragraph(words):
    return "<p>" + re.sub(r"(?<!<br>)(?<!<br/>)(?<!<br />)\n", "<br>\n", words) + "</p>"


def embedded(content):
    """Return how many addresses, alone on a line, WordPress shows as what is there."""
    return sum(len(EMBEDDED.findall(part)) for part in WHOLE.split(MARKS.sub("", content))[::3])


def shortcodes(content):
    """Return the names of what only WordPress would show as more than its text, a set."""
    return {*SHORTCODE.findall(CAPTION.sub("", content))}
