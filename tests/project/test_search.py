"""Searching a live site, by the full text of PostgreSQL, also in models of the project's own."""

import json
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from servers import Visitor

MODELS = """
from django.db import models
from mezzanine.core.models import Displayable, RichText
from mezzanine.pages.models import Page

class Loaf(Page, RichText):
    flour = models.CharField(max_length=99)
    recipe = models.TextField()
    search_fields = {"flour": 3}

class Baker(Displayable):
    def get_absolute_url(self):
        return f"/{self.slug}/"
"""
FILL = """
from datetime import timedelta
from django.core.management import call_command
from django.utils.timezone import now
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.sites import override_current_site_id
from bread.models import Baker, Loaf

then, user = now() - timedelta(days=30), 1
def post(title, content="", **fields):
    fields = {"publish_date": then, "user_id": user, "gen_description": False} | fields
    BlogPost.objects.create(title=title, content=content, **fields)

post("Text", "<p>Once we baked a <b>zebra</b>-cake.</p>")
post("Described", description="A zebra.")
post("Zebra")
post("Draft", "zebra", status=1)
post("Expired", "zebra", expiry_date=then)
post("Later", "zebra", publish_date=now() + timedelta(days=1))
post("Long ago", "rye bread, and <i>butter</i>", publish_date=then - timedelta(days=3000))
post("Turned", "Bread. Butter, rye.")
loaf = Loaf.objects.create(title="Rings", content="Round.", flour="spelt", recipe="Whisked eggs")
loaf.children.model.objects.filter(pk=loaf.pk).update(publish_date=then)
RichTextPage.objects.create(title="Oven", content="Of stone, for rye.")
Baker.objects.create(title="Ann", slug="ann")
call_command("addsite", "two.example", verbosity=0)
"""
OF_ANOTHER_SITE = """
from mezzanine.blog.models import BlogPost
BlogPost.objects.create(title="Foreign", content="zebra", user_id=1)
"""


@pytest.fixture(scope="module")
def site(live, administrator):
    """The live site with an app of its own and content."""
    (live.path / "bread/migrations").mkdir(parents=True)
    for file in ("__init__.py", "migrations/__init__.py"):
        (live.path / "bread" / file).touch()
    (live.path / "bread/models.py").write_text(MODELS)
    settings = live.path / "mysite/local_settings.py"
    with settings.open("a") as file:
        file.write("from .settings import INSTALLED_APPS\nINSTALLED_APPS.append('bread')\n")
    live.manage("makemigrations", "bread")
    live.manage("createdb", "--noinput", "--nodata")
    live.manage("shell", "-v0", "-c", FILL)
    live.manage("shell", "-v0", "-c", OF_ANOTHER_SITE, MEZZANINE_SITE_ID="2")
    live.stop()
    live.start()
    return live


@pytest.fixture
def settings(site):
    """A function that adds lines to the settings, until the test is over; then migrate again."""
    path = site.path / "mysite/local_settings.py"
    before = path.read_text()
    yield lambda text: path.write_text(before + text)
    path.write_text(before)
    site.manage("migrate", "-v0")


@pytest.fixture
def search(site):
    """A function that returns the titles of what a visitor finds, a list."""

    def found(query, visitor=None, **parameters):
        address = f"/search/?{urlencode({'q': query} | parameters)}"
        page = (visitor or Visitor(site.port)).open(address)
        assert page.status == 200
        _, _, results = page.text.partition('id="search-results"')
        return re.findall(r"<h2[^>]*><a[^>]*>([^<]*)</a>", results)

    return found


def shell(site, code):
    """Run code; return what it prints, which is JSON."""
    before = "from mezzanine.core.models import Displayable as D; import json;"
    return json.loads(site.manage("shell", "-v0", "-c", before + code).stdout)


def titles(site, query):
    return shell(site, f"print(json.dumps([r.title for r in D.objects.search({query!r})]))")


def test_a_title_counts_more_than_a_description_and_that_more_than_a_text(search):
    assert search("zebra") == ["Zebra", "Described", "Text"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("baking", ["Text"]),
        ("rye bread", ["Long ago", "Oven", "Turned"]),
        ('"rye bread"', ["Long ago"]),
        ("+rye +bread", ["Long ago", "Turned"]),
        ("+rye bread", ["Long ago", "Oven", "Turned"]),
        ("rye -bread", ["Oven"]),
        ('rye - "rye bread"', ["Oven", "Turned"]),
        ("oven rye -round", ["Long ago", "Oven", "Turned"]),
        ("+oven +stone", ["Oven"]),
        ("+oven +the +stone", ["Oven"]),
        ("the", []),
        ("-rye", []),
        ("the -rye", []),
        ("eggs", []),
        ("tabulation", []),
        ("zzz", []),
        ("spelt", ["Rings"]),
        ("rings", ["Rings"]),
        ("\" + - ( & | ! :* \\ ' zzz", []),
    ],
)
def test_words_phrases_and_signs_are_as_mezzanine_says(search, query, found):
    assert sorted(search(query)) == found


def test_a_query_may_have_thousands_of_words(site):
    code = "print(json.dumps(len(D.objects.search(' '.join(map(str, range(5000)))))))"
    assert shell(site, code) == 0


def test_words_of_html_are_not_found(search):
    assert search("p") == search("strong") == []


def test_what_is_newer_comes_first(search):
    assert search("bread") == ["Turned", "Long ago"]


def test_one_kind_alone_is_searched(search):
    assert search("rye", type="blog.BlogPost") == ["Turned", "Long ago"]
    assert search("rings", type="pages.Page") == ["Rings"]
    assert search("rings", type="bread.Loaf") == ["Rings"]
    assert search("ann", type="bread.Baker") == ["Ann"]


def test_drafts_are_for_staff_and_what_is_of_another_site_for_neither(search, administrator):
    hidden = {"Draft", "Expired", "Later"}
    assert set(search("zebra", administrator)) == {*search("zebra"), *hidden}
    assert hidden.isdisjoint(search("zebra"))


def test_each_site_finds_its_own(site):
    page = Visitor(site.port).open("/search/?q=zebra", Host="two.example")
    assert "Foreign" in page.text
    assert "Described" not in page.text


@pytest.mark.parametrize(
    "write",
    [
        "B.objects.filter(title='Text').update(content='An okapi')",
        "c.cursor().execute(\"UPDATE blog_blogpost SET content = 'okapi' WHERE title = 'Text'\")",
    ],
)
def test_what_is_written_past_signals_is_found(site, database, write):
    code = "from mezzanine.blog.models import BlogPost as B; from django.db import connection as c;"
    site.manage("shell", "-v0", "-c", code + write)
    assert titles(site, "okapi") == ["Text"]
    back = "<p>Once we baked a <b>zebra</b>-cake.</p>"
    database.sql(f"UPDATE blog_blogpost SET content = '{back}' WHERE title = 'Text'")
    assert titles(site, "okapi") == []


def test_words_are_counted_again_only_when_a_text_has_changed(site, database):
    where = "WHERE title = 'Turned'"
    database.sql(
        "ALTER TABLE blog_blogpost DISABLE TRIGGER navigation_search;"
        f"UPDATE blog_blogpost SET navigation_search = 'ibex:1A' {where};"
        "ALTER TABLE blog_blogpost ENABLE TRIGGER navigation_search;"
        f"UPDATE blog_blogpost SET comments_count = 7, title = title {where}"
    )
    assert titles(site, "ibex") == ["Turned"]
    database.sql(f"UPDATE blog_blogpost SET content = content || ' Eland.' {where}")
    assert titles(site, "ibex") == []
    assert titles(site, "eland") == titles(site, '"rye Eland"') == ["Turned"]
    database.sql(f"UPDATE blog_blogpost SET content = 'Bread. Butter, rye.' {where}")


def test_a_vector_that_others_write_is_made_right_again(site, database):
    database.sql("UPDATE blog_blogpost SET navigation_search = 'ibex:1A' WHERE title = 'Turned'")
    assert titles(site, "ibex") == []


def test_a_text_of_any_length_is_saved_and_found(site, database):
    words = "SELECT string_agg(to_hex(n * 7919::bigint), ' ') FROM generate_series(1, 400000) n"
    database.sql(
        f"UPDATE blog_blogpost SET content = 'giraffe ' || ({words}) WHERE title = 'Described'"
    )
    assert titles(site, "giraffe") == ["Described"]
    database.sql("UPDATE blog_blogpost SET content = '' WHERE title = 'Described'")


def test_rows_are_found_by_the_index(database):
    plan = database.sql(
        "SET enable_seqscan = off; EXPLAIN SELECT 1 FROM blog_blogpost"
        " WHERE navigation_search @@ websearch_to_tsquery('english', 'zebra')"
    )
    assert "blog_blogpost_navigation_search" in plan


MANY = """
from django.db import connection
from django.test.utils import CaptureQueriesContext
from mezzanine.blog.models import BlogPost
from django.utils.timezone import now
BlogPost.objects.bulk_create(
    BlogPost(title=f"Many {n}", slug=f"many-{n}", content="hyena", user_id=1, site_id=1,
             publish_date=now(), status=2) for n in range(1100))
with CaptureQueriesContext(connection) as queries:
    found = BlogPost.objects.search("hyena")
    counts = [len(found), len({row.pk for row in found[20:30]}), found[0].content]
texts = sum('"content"' in query["sql"] for query in queries)
BlogPost.objects.filter(content="hyena").delete()
print(json.dumps([*counts, texts]))
"""


def test_texts_are_loaded_where_they_are_shown_and_results_have_a_bound(site):
    assert shell(site, "exec(" + repr(MANY) + ")") == [1000, 10, "hyena", 2]


def test_a_queryset_of_a_search_is_one_like_any_other(site):
    code = "from mezzanine.blog.models import BlogPost as B; f = B.objects.all().search('zebra');"
    code += "print(json.dumps([f.filter(status=2).count(), f.order_by('title').first().title]))"
    assert shell(site, code) == [5, "Described"]


def test_other_fields_are_searched_as_mezzanine_does(site):
    code = "from bread.models import Loaf as L;"
    code += "print(json.dumps([len(L.objects.search('hisk', search_fields=['recipe']))]))"
    assert shell(site, code) == [1]


def test_a_field_that_is_searched_from_now_on_is_found_after_migrate(site, settings):
    models = Path(site.path, "bread/models.py")
    models.write_text(MODELS.replace('{"flour": 3}', '{"flour": 3, "recipe": 1}'))
    try:
        site.manage("migrate", "-v0")
        assert titles(site, "eggs") == ["Rings"]
        assert titles(site, "spelt") == ["Rings"]
    finally:
        models.write_text(MODELS)


def test_another_migrate_changes_nothing(site, database):
    rows = "SELECT string_agg(xmin::text || ctid::text, ',' ORDER BY id) FROM blog_blogpost"
    before = database.sql(rows)
    site.manage("migrate", "-v0")
    assert database.sql(rows) == before


def test_filling_that_was_cut_off_is_ended_by_the_next_migrate(site, database):
    database.sql(
        "ALTER TABLE blog_blogpost DISABLE TRIGGER navigation_search;"
        "UPDATE blog_blogpost SET navigation_search = NULL;"
        "ALTER TABLE blog_blogpost ENABLE TRIGGER navigation_search"
    )
    assert titles(site, "zebra") == []
    site.manage("migrate", "-v0")
    assert titles(site, "zebra") == ["Zebra", "Described", "Text"]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("de", {"Häuser": ["Haus"], "Haus": ["Haus"], "nach Haus": ["Haus"], "Hau": []}),
        ("de-at", {"Häuser": ["Haus"]}),
        ("pl", {"Haus": ["Haus"], "haus": ["Haus"], "Häuser": []}),
        ("zh-hans", {"面包": ["Chinese"]}),
    ],
)
def test_the_language_is_that_of_the_settings(site, settings, database, code, found):
    settings(f"LANGUAGE_CODE = {code!r}\n")
    site.manage("migrate", "-v0")
    database.sql("UPDATE pages_page SET title = 'Haus' WHERE title = 'Rings'")
    add = "from mezzanine.blog.models import BlogPost as B;"
    add += "B.objects.get_or_create(title='Chinese', content='我们烤黑面包', user_id=1)"
    site.manage("shell", "-v0", "-c", add)
    try:
        assert {query: titles(site, query) for query in found} == found
    finally:
        database.sql("UPDATE pages_page SET title = 'Rings' WHERE title = 'Haus'")
        database.sql("DELETE FROM blog_blogpost WHERE title = 'Chinese'")


def test_a_column_that_is_searched_may_change_and_go(site, database):
    database.sql("ALTER TABLE bread_loaf ALTER flour TYPE varchar(300)")
    database.sql("ALTER TABLE bread_loaf RENAME flour TO grain; UPDATE bread_loaf SET recipe = 'x'")
    database.sql("ALTER TABLE bread_loaf RENAME grain TO flour")
