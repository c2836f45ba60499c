"""The site as its visitors see it: the home page, what it is made of, and the pages it leads to.

`fetch`, which all of this asks with, is a function of a path, and of the cookies to send, that
returns an Answer; it raises OSError or HTTPException where none comes.
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPException
from urllib.parse import urljoin, urlsplit

from .processes import Answer, Failed, Fetch

PAGES = 20  # how many, beside the home page, have to be there after a deploy as before
REDIRECTS = 5
AT_ONCE = 4
SCRIPTS = ("", "module", "text/javascript", "application/javascript")


@dataclass
class Look:
    """What was seen: statuses are HTTP's, and 0 where no answer came."""

    home: int = 0
    words: str = ""  # what the home page does, where that is not 200
    # Style sheets and scripts of `/`: path and why.
    broken: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)  # paths that `/` and the sitemap lead to
    # Path and status of those that were asked for.
    pages: dict[str, int] = field(default_factory=dict)


class Parts(HTMLParser):
    """The parts of a page: `assets`, pairs of an address and its kind, and `links`, menus first."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.base, self.depth = "", 0
        self.assets: list[tuple[str, str]] = []
        self.menu: list[str] = []
        self.others: list[str] = []
        self.feed(body)
        self.links = self.menu + self.others

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = {name: (value or "").strip() for name, value in attributes}
        href, kind = named.get("href", ""), named.get("as", "").lower()
        if tag == "nav":
            self.depth += 1
        elif tag == "base" and href and not self.base:
            self.base = href
        elif tag == "a" and href:
            (self.menu if self.depth else self.others).append(href)
        elif tag == "script" and named.get("src"):
            is_script = named.get("type", "").lower() in SCRIPTS
            self.assets.append((named["src"], "script" if is_script else ""))
        elif tag == "link" and href:
            words = named.get("rel", "").lower().split()
            if "stylesheet" in words or "preload" in words and kind == "style":
                self.assets.append((href, "style"))
            elif "modulepreload" in words or "preload" in words and kind == "script":
                self.assets.append((href, "script"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "nav":
            self.depth = max(0, self.depth - 1)


class Visitors:
    """Whether visitors see the pages of a host, now and before a release took over.

    `first`: nothing was live before. `was_live`: the release that takes over has been live before,
    so what only a newer one has may be missing. `told` collects what is no reason to refuse it.
    """

    def __init__(self, hostname: str, first: bool = False, was_live: bool = False) -> None:
        self.hostname, self.first, self.was_live = hostname, first, was_live
        self.before = Look()
        self.told: dict[str, str] = {}

    def look_before(self, fetch: Fetch) -> None:
        """Keep in mind what they see now."""
        if not self.first:
            self.before = self.look(fetch, links=True)
            self.before.pages = self.statuses(fetch, self.before.links[:PAGES])

    def check(self, fetch: Fetch, pages: bool = False) -> None:
        """Look at the home page and its parts and, with `pages`, at what answered 200 before.

        Failed with a line for each address that visitors would miss.
        """
        now = self.look(fetch, links=pages)
        wrong = [*self.home(now), *self.parts(now)]
        if pages:
            well = [path for path, status in self.before.pages.items() if status == 200]
            now.pages = self.statuses(fetch, well)
            wrong += self.lost(now)
        if wrong:
            raise Failed("\n".join(wrong))

    def home(self, now: Look) -> Iterator[str]:
        if now.home == 200:
            return
        before, is_error = self.before.home, not 0 < now.home < 500
        if self.first or before == 200 or is_error and now.home != before:
            yield self.url(now.words)
        else:
            self.told[self.url(now.words)] = f"and was {before or 'away'} before"

    def parts(self, now: Look) -> Iterator[str]:
        for path, words in now.broken.items():
            if path in self.before.broken:
                self.told[self.url(f"{path} {words}")] = "as before"
            else:
                yield self.url(f"{path} {words}")

    def lost(self, now: Look) -> Iterator[str]:
        """Yield what has gone; an address that no page leads to any more may go, without a 500."""
        for path, status in now.pages.items():
            words = self.url(f"{path} {answers(status)}")
            if status == 200:
                continue
            if self.was_live or 0 < status < 500 and path not in now.links:
                self.told[words] = "where it was 200 before"
            else:
                yield f"{words}, and was 200 before"

    def url(self, words: str) -> str:
        return f"https://{self.hostname}{words}"

    # Asking

    def look(self, fetch: Fetch, links: bool = False) -> Look:
        """Return a Look at the home page; with `links`, also at where it and the sitemap lead."""
        try:
            path, answer = self.visit(fetch, "/")
        except (OSError, HTTPException) as error:
            return Look(0, f"/ does not answer: {type(error).__name__}: {error}")
        if answer.status != 200:
            way = "" if path == "/" else f"/ leads to {path}, which "
            return Look(answer.status, f"{way or '/ '}{answers(answer.status)}{answer.elsewhere}")
        parts = Parts(answer.body)
        base = urljoin(path, parts.base)
        asked = [(self.path_of(base, url), kind) for url, kind in parts.assets]
        assets = {path: kind for path, kind in asked if path is not None}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(lambda asset: self.problem(fetch, *asset), assets.items())
            broken = {path: why for path, why in zip(assets, found, strict=True) if why}
        urls = [*parts.links, *self.sitemap(fetch)] if links else []
        paths = dict.fromkeys(self.path_of(base, url) for url in urls)
        return Look(200, "", broken, [path for path in paths if path and is_page(path)])

    def visit(self, fetch: Fetch, path: str) -> tuple[str, Answer]:
        """Return where a path leads to on this host, and the Answer there."""
        cookies: dict[str, str] = {}
        for _ in range(REDIRECTS):
            answer = fetch(path, cookies)
            if answer.status not in (301, 302, 303, 307, 308):
                break
            target = self.path_of(path, answer.location)
            if target is None:
                answer.elsewhere = f" and leads to {answer.location}"
                break
            path = target
        return path, answer

    def path_of(self, base: str, url: str) -> str | None:
        """Return the path, with its query, of an address on this host; None for another one."""
        try:
            parts = urlsplit(urljoin(f"https://{self.hostname}{base}", url))
            ours = parts.scheme in ("http", "https") and parts.hostname == self.hostname
        except ValueError:
            return None
        return parts._replace(scheme="", netloc="", fragment="").geturl() if ours else None

    def problem(self, fetch: Fetch, path: str, kind: str) -> str:
        """Return what is wrong with a style sheet or a script, or an empty str."""
        try:
            answer = self.visit(fetch, path)[1]
        except (OSError, HTTPException) as error:
            return f"does not answer: {type(error).__name__}: {error}"
        wanted = {"style": "text/css", "script": "script"}.get(kind, "")
        if answer.status != 200:
            return answers(answer.status)
        return "" if wanted in answer.type else f"is of the type {answer.type}"

    def statuses(self, fetch: Fetch, paths: Sequence[str]) -> dict[str, int]:
        def status(path: str) -> int:
            for _ in range(2):  # what fails once may be somebody else's fault
                try:
                    found = self.visit(fetch, path)[1].status
                except (OSError, HTTPException):
                    found = 0
                if found == 200:
                    break
            return found

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return dict(zip(paths, pool.map(status, paths), strict=True))

    def sitemap(self, fetch: Fetch) -> list[str]:
        try:
            answer = self.visit(fetch, "/sitemap.xml")[1]
        except (OSError, HTTPException):
            return []
        return re.findall(r"<loc>\s*([^<\s]+)", answer.body) if answer.status == 200 else []


def answers(status: int) -> str:
    return f"answers {status}" if status else "does not answer"


def is_page(path: str) -> bool:
    """Return whether it is worth a look: no file, no question, nothing that logs anybody out."""
    ours = path != "/" and not path.startswith(("/static/", "/media/"))
    return ours and "?" not in path and "logout" not in path
