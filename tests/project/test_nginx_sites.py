"""Twenty sites with the same paths behind one NGINX: nobody is ever shown the page of another."""

import itertools
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from servers import wait_until
from webserver import kept

NUMBERS = range(20)
PATHS = ["/", "/about/", "/blog/", "/blog/hello/", "/blog/feeds/rss/", "/search/?q=about"]

MAKE = """
from django.core.management import call_command
from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.sites import current_site_id, override_current_site_id
from homepage.models import Section

for number in range(20):
    domain, mark = f"site-{number}.example", f"mark-of-{number}-"
    call_command("addsite", domain, alias=[f"alias-{number}.example"], verbosity=0)
    with override_current_site_id(Site.objects.get(domain=domain).pk):
        Setting.objects.create(name="SITE_TITLE", value=mark)
        Section.objects.filter(page__site_id=current_site_id(), kind="hero").update(text=mark)
        for title in ("About", "Blog"):
            RichTextPage.objects.create(title=title, content=mark)
        BlogPost.objects.create(title="Hello", content=mark, user=User.objects.get())
"""


def marks(text):
    """Return the numbers of all sites that have left their mark in a text."""
    return {int(number) for number in re.findall(r"mark-of-(\d+)-", text)}


def site(number):
    return f"site-{number}.example"


def alias(number):
    return f"alias-{number}.example"


# How a visitor, or an enemy, writes a request for the site of that number.
WAYS = {
    "plain": lambda number, other: {"Host": site(number)},
    "capitals": lambda number, other: {"Host": site(number).upper()},
    "mixed": lambda number, other: {"Host": site(number).title()},
    "port": lambda number, other: {"Host": f"{site(number)}:8443"},
    "dot": lambda number, other: {"Host": f"{site(number)}."},
    "dot and port": lambda number, other: {"Host": f"{site(number)}.:443"},
    "forged": lambda number, other: {"Host": site(number), "X-Forwarded-Host": site(other)},
    "forwarded": lambda number, other: {"Host": site(number), "Forwarded": f"host={site(other)}"},
    "X-Host": lambda number, other: {"Host": site(number), "X-Host": site(other)},
    "referred": lambda number, other: {
        "Host": site(number),
        "Referer": f"https://{site(other)}/",
        "Origin": f"https://{site(other)}",
    },
}
ALIASES = {
    "alias": alias,
    "alias in capitals": lambda number: f"{alias(number).upper()}.",
    "twin": lambda number: f"www.site-{number}.example",
}


@pytest.fixture(scope="module", autouse=True)
def sites(live, administrator, nginx):
    """Twenty sites, which both of Django's processes know."""
    live.manage("shell", "-c", MAKE)
    wait_until(lambda: {nginx.open("/", Host=alias(19)).status for _ in range(32)} == {301})


@pytest.fixture
def editor(nginx, administrator):
    """The administrator's browser, at NGINX, with a copy of the cookies."""
    visitor = nginx.visitor()
    visitor.cookies = dict(administrator.cookies)
    return visitor


def edit_about(editor, page_id, number, content):
    """Write the page About of a site in the page itself, as the browser sends it."""
    fields = {"app": "pages", "model": "richtextpage", "fields": "content", "id": page_id}
    host = {"Host": site(number), "Origin": f"https://{site(number)}"}
    answer = editor.open("/edit/", fields | {"content": content}, **host)
    assert (answer.status, answer.text) == (200, "")


def pages_about(database):
    """Return a dict of the id of the page About by the number of its site."""
    rows = database.sql(
        "SELECT domain, page.id FROM pages_page page JOIN django_site site ON site_id = site.id"
        " WHERE slug = 'about' AND domain LIKE 'site-%'"
    )
    pairs = (row.split("|") for row in rows.splitlines())
    return {int(re.search(r"\d+", domain)[0]): page_id for domain, page_id in pairs}


def ask(nginx, editor, number, other, path, way):
    """Ask for a page and return what is wrong with the answer, or None."""
    if way in ALIASES:
        answer = nginx.open(path, Host=ALIASES[way](number))
        right = answer.status == 301 and answer.headers["Location"].startswith(
            f"https://{site(number)}/"
        )
    elif way == "editor":
        answer = editor.open(path, Host=site(number))
        right = marks(answer.text) == {number} and kept(answer) == "BYPASS"
    elif way == "whole URL":
        answer = nginx.open(f"https://{site(number)}{path}", Host=site(other))
        right = marks(answer.text) == {number}
    else:
        answer = nginx.open(path, **WAYS[way](number, other))
        right = marks(answer.text) == {number} and "js/editable." not in answer.text
    return None if right else (number, other, path, way, answer.status, marks(answer.text))


def test_many_at_once_are_each_shown_the_site_that_they_ask_for(nginx, editor, database):
    about = pages_about(database)
    assert sorted(about) == list(NUMBERS)
    chance = random.Random(7)
    ways = [*WAYS, *ALIASES, "editor", "whole URL"]
    every = list(itertools.product(NUMBERS, PATHS, ways))
    requests = [(n, chance.choice(NUMBERS), path, way) for n, path, way in every]
    chance.shuffle(requests)
    edits = itertools.cycle((2, 3, 5, 7))
    with ThreadPoolExecutor(17) as visitors:
        answers = [visitors.submit(ask, nginx, editor, *request) for request in requests]
        while not all(answer.done() for answer in answers):
            number = next(edits)
            edit_about(editor, about[number], number, f"mark-of-{number}- edited")
    assert [fault for answer in answers if (fault := answer.result())] == []


def test_an_edit_of_one_site_is_seen_there_and_nowhere_else(nginx, editor, database):
    about = pages_about(database)

    def page_of(number):
        return nginx.open("/about/", Host=site(number)).text

    for number in (4, 11, 19):
        edit_about(editor, about[number], number, f"mark-of-{number}- once more")
        wait_until(lambda number=number: "once more" in page_of(number))
    assert [number for number in NUMBERS if "once more" in page_of(number)] == [4, 11, 19]


def test_an_edit_of_one_site_leaves_the_pages_of_others_in_memory(nginx, database, editor):
    about, others = pages_about(database), [number for number in NUMBERS if number != 3]
    for number in others:  # what was edited within this second is not kept yet
        wait_until(lambda number=number: kept(nginx.open("/about/", Host=site(number))) == "HIT")
    for _ in range(3):
        edit_about(editor, about[3], 3, "An edit of mark-of-3-")
        second = int(time.time())
        found = [kept(nginx.open("/about/", Host=site(number))) for number in others]
        edited = kept(nginx.open("/about/", Host=site(3)))
        if int(time.time()) == second:
            assert edited == "BYPASS"
        assert "BYPASS" not in found


def test_staff_who_look_at_another_site_change_no_page_of_visitors(nginx, editor):
    host = {"Host": site(5), "Origin": f"https://{site(5)}"}
    assert editor.open("/set_site/", {"site_id": site(3)}, **host).status == 302
    try:
        for path in PATHS:
            assert marks(editor.open(path, Host=site(5)).text) == {3}
            assert marks(nginx.open(path, Host=site(5)).text) == {5}
    finally:
        editor.open("/set_site/", {"site_id": site(5)}, **host)
