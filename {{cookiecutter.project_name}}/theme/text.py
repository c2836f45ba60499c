"""What is made of texts that people have written."""

import re
from html import unescape
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from django.utils.html import strip_tags
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

LONGEST = 160  # characters of a description, of which search engines show no more
END = re.compile(r"[.!?…][\"'”’»)]*(?=\s)|[。！？؟۔]")
TO_FINISH = re.compile(r"<(table|pre|iframe|img)\b", re.IGNORECASE)


def first_sentences(text):
    """Return as many sentences as LONGEST has room for; else words up to there, and "…"."""
    text = " ".join(unescape(strip_tags(str(text or ""))).split())
    if len(text) <= LONGEST:
        return text
    ends = [match.end() for match in END.finditer(text, 0, LONGEST + 1)]
    if ends and 40 <= ends[-1] <= LONGEST:
        return text[: ends[-1]]
    words = text[:LONGEST].rpartition(" ")[0] or text[: LONGEST - 1]
    return words.rstrip(",;:–—-") + "…"


def finish(html):
    """Return a rich text for the page, for RICHTEXT_FILTERS.

    Tables and code can be scrolled by keyboard, pictures load when they are near and have a text,
    if an empty one, and what another site shows is a link, for theme.js to show on a click.
    """
    if not TO_FINISH.search(html):
        return html
    soup = BeautifulSoup(html, "html.parser")
    for table in soup.find_all("table"):
        if not table.find_parent("table"):
            name = table.caption.get_text(" ", strip=True) if table.caption else _("Table")
            scroll = {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": name}
            table.wrap(soup.new_tag("div", attrs=scroll))
    for code in soup.find_all("pre"):
        code["tabindex"] = "0"
    for picture in soup.find_all("img"):
        picture["alt"] = picture.get("alt", "")
        picture["loading"] = "lazy"
    for frame in soup.find_all("iframe"):
        frame.replace_with(embed(soup, frame))
    return mark_safe(str(soup).replace("</br>", ""))  # noqa: S308 - rich text, which the editor's filter cleans


def embed(soup, frame):
    """Return the <div> that stands for an <iframe> until somebody wants to see it."""
    address = frame.get("src", "")
    host = urlsplit(address).hostname
    title = frame.get("title") or host or address
    div = soup.new_tag("div", attrs={"class": "embed"})
    link = soup.new_tag("a", attrs={"href": address, "title": title})
    link.string = _("Show what %(host)s has here") % {"host": host or title}
    div.append(link)
    return div
