"""How pages are looked at before and after a release takes over, without a server."""

import pytest

from deploy.on_host.pages import Visitors
from deploy.on_host.processes import Answer, Failed


class Pages:
    """A host with pages: a dict of path and of (status, type, body or where it leads to)."""

    def __init__(self, **others):
        css, js = ("text/css", "body {}"), ("text/javascript", "")
        self.pages = {
            "/": (200, "text/html", self.home()),
            "/about/": (200, "text/html", ""),
            "/one.css": (200, *css),
            "/two.css": (200, *css),
            "/three.css": (200, *css),
            "/a.js": (200, *js),
            "/b.js": (200, *js),
        }

    @staticmethod
    def home(more=""):
        return f"""
            <link rel='stylesheet' href='/one.css'>
            <LINK href=two.css rel="preload stylesheet">
            <link rel="preload" as="style" href="https://garden.example/three.css#x">
            <link rel="stylesheet" href="https://cdn.example/theirs.css">
            <script src=/a.js></script><script src="//garden.example/b.js" type="module"></script>
            <script src="data:text/javascript,1"></script><script>inline()</script>
            <nav><a href="/about/">About</a></nav><a href="https://elsewhere.example/">away</a>
            {more}"""

    def fetch(self, path, cookies):
        status, type, body = self.pages.get(path, (404, "text/html", ""))
        is_redirect = status in (301, 302)
        return Answer(status, type, body if is_redirect else "", "" if is_redirect else body)


@pytest.fixture
def pages():
    return Pages()


def refused(pages, visitors):
    with pytest.raises(Failed) as failed:
        visitors.check(pages.fetch, pages=True)
    return str(failed.value)


def first():
    return Visitors("garden.example", first=True)


def later(pages, **options):
    visitors = Visitors("garden.example", **options)
    visitors.look_before(pages.fetch)
    return visitors


def test_a_home_page_with_all_its_parts_is_seen(pages):
    first().check(pages.fetch)
    visitors = later(pages)
    assert visitors.before.pages == {"/about/": 200}
    visitors.check(pages.fetch, pages=True)
    assert visitors.told == {}


@pytest.mark.parametrize("path", ["/one.css", "/two.css", "/three.css", "/a.js", "/b.js"])
def test_each_style_sheet_and_script_has_to_load(pages, path):
    visitors = later(pages)
    type = pages.pages[path][1]
    pages.pages[path] = (200, "text/html", "")
    assert refused(pages, first()) == f"https://garden.example{path} is of the type text/html"
    del pages.pages[path]
    assert refused(pages, visitors) == f"https://garden.example{path} answers 404"
    already = later(pages)
    already.check(pages.fetch)
    assert already.told == {f"https://garden.example{path} answers 404": "as before"}
    pages.pages[path] = (200, f"{type}; charset=utf-8", "")
    visitors.check(pages.fetch)


@pytest.mark.parametrize("target", ["/en/", "https://garden.example/en/", "//garden.example/en/"])
def test_a_home_page_may_lead_to_another_one_of_the_host(pages, target):
    pages.pages["/en/"] = pages.pages["/"]
    pages.pages["/en/two.css"] = pages.pages["/two.css"]
    pages.pages["/"] = (302, "", target)
    first().check(pages.fetch)
    del pages.pages["/en/"]
    words = "https://garden.example/ leads to /en/, which answers 404"
    assert refused(pages, first()) == words


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "/"])
def test_a_home_page_that_leads_away_or_nowhere_is_none(pages, target):
    pages.pages["/"] = (301, "", target)
    assert "https://garden.example/ answers 301" in refused(pages, first())


@pytest.mark.parametrize("status", [204, 400, 401, 403, 404, 410, 500, 503])
def test_a_home_page_answers_200(pages, status):
    visitors, already = later(pages), None
    pages.pages["/"] = (status, "text/html", "")
    words = f"https://garden.example/ answers {status}"
    assert refused(pages, first()) == words
    assert words in refused(pages, visitors)
    already = later(pages)
    already.check(pages.fetch, pages=True)
    assert already.told == {words: f"and was {status} before"}


@pytest.mark.parametrize("before", [404, 502, 503])
def test_a_page_that_is_missing_is_no_excuse_for_an_error(pages, before):
    pages.pages["/"] = (before, "text/html", "")
    visitors = later(pages)
    pages.pages["/"] = (500, "text/html", "")
    assert refused(pages, visitors) == "https://garden.example/ answers 500"


@pytest.mark.parametrize("status", [403, 404, 500])
def test_what_answered_200_before_still_does(pages, status):
    visitors = later(pages)
    pages.pages["/about/"] = (status, "text/html", "")
    words = f"https://garden.example/about/ answers {status}"
    assert refused(pages, visitors) == f"{words}, and was 200 before"


def test_a_page_to_which_nothing_leads_any_more_may_go(pages):
    visitors = later(pages)
    pages.pages["/"] = (200, "text/html", "a new start")
    del pages.pages["/about/"]
    visitors.check(pages.fetch, pages=True)
    assert visitors.told == {"https://garden.example/about/ answers 404": "where it was 200 before"}


def test_a_release_that_was_live_before_need_not_have_what_a_newer_one_has(pages):
    visitors = later(pages, was_live=True)
    del pages.pages["/about/"]
    visitors.check(pages.fetch, pages=True)
    del pages.pages["/"]
    assert "https://garden.example/ answers 404" in refused(pages, visitors)


def test_pages_of_the_sitemap_count_and_are_few(pages):
    paths = [f"/page-{number}/" for number in range(100)]
    urls = "".join(f"<url><loc>https://garden.example{path}</loc></url>" for path in paths)
    pages.pages |= {path: (200, "text/html", "") for path in paths}
    pages.pages["/sitemap.xml"] = (200, "application/xml", urls)
    visitors = later(pages)
    assert list(visitors.before.pages)[:2] == ["/about/", "/page-0/"]
    assert len(visitors.before.pages) == 20


def test_a_host_that_does_not_answer_is_told_as_that(pages):
    def fetch(path, cookies):
        raise ConnectionRefusedError(111, "Connection refused")

    pages.fetch = fetch
    assert "https://garden.example/ does not answer: ConnectionRefusedError" in refused(
        pages, first()
    )
