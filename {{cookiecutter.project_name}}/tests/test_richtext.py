"""The editor of rich texts: the field around it, and that the filter takes what it makes."""

import json
import re
from pathlib import Path

import pytest
from addresses import POST
from bs4 import BeautifulSoup
from django.conf import settings as project_settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from mezzanine.core.fields import RichTextField
from translated_texts import column

from theme import views

PROJECT_APP = project_settings.PROJECT_APP_PATH.name
ADD = "/admin/pages/richtextpage/add/"
MODULE = re.compile(r'from "(\.[^"]+)"')

# What the buttons of the editor make, and what it keeps of others.
MADE = """
<h2>A</h2>
<p style="text-align: center;">One <strong>two</strong> <em>three</em> <s>four</s></p>
<p><a href="/about/" target="_blank" rel="noopener">link</a> H<sub>2</sub>O<sup>3</sup></p>
<ul><li>a<ul><li>b</li></ul></li></ul>
<ol><li>c</li></ol>
<blockquote><p>d</p></blockquote>
<pre>x = 1
y</pre>
<hr>
<figure>
<img src="/media/uploads/a.png" alt="A" width="1200" height="900"><figcaption>B</figcaption>
</figure>
<table><tbody><tr><th colspan="2">e</th></tr><tr><td>f</td><td>g</td></tr></tbody></table>
<!-- kept --><dl><dt>h</dt><dd id="i" class="j">k</dd></dl>
<details open=""><summary>l</summary><p>m</p></details>
<p><mark>n</mark> <time datetime="2026-01-01">o</time> <kbd>p</kbd></p>
"""
EMBED = (
    '<iframe src="https://video.example/1" width="560" height="315" allowfullscreen=""></iframe>'
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english"),
]


@pytest.fixture
def see(browse):
    """Return a function that shows a page to a user; a BeautifulSoup."""

    def see(address, user="admin"):
        answer = browse(user).get(address)
        assert answer.status_code == 200
        return BeautifulSoup(answer.content, "html.parser")

    return see


def filtered(html):
    return str(RichTextField().clean(html, None))


def same(*htmls):
    first, second = (BeautifulSoup(html, "html.parser") for html in htmls)
    return first == second


def test_the_filter_leaves_what_the_editor_makes(settings):
    assert same(filtered(MADE), MADE)
    settings.RICHTEXT_FILTER_LEVEL = 2
    assert same(filtered(EMBED), EMBED)


def test_the_filter_leaves_all_that_the_style_guide_shows(settings):
    settings.RICHTEXT_FILTER_LEVEL = 2
    sample = Path(views.__file__).parent / "templates/theme/sample.html"
    html = sample.read_text("utf-8")
    assert same(filtered(html), html)


def test_the_field_is_one_of_html_that_a_module_makes_an_editor(see):
    page = see(ADD)
    editor = page.select_one("rich-text")
    assert editor.textarea["name"] == column("content")
    assert json.loads(editor["data-words"])["bold"] == "Bold"
    for name in ("browse", "upload", "links"):
        assert editor[f"data-{name}"].startswith("/")
    (script,) = page.select("script[src*='richtext/editor']")
    assert script["type"] == "module"


def test_the_editor_comes_from_a_package_and_its_modules_are_found():
    modules = [path for path in Path(finders.find("richtext/editor.js")).parent.glob("*.js")]
    found = {name for path in modules for name in MODULE.findall(path.read_text("utf-8"))}
    assert "../django_prose_editor/editor.js" in found
    for name in found:
        path = finders.find(f"richtext/{name}".replace("richtext/../", "").replace("./", ""))
        assert path, name
    assert "site-packages" in finders.find("django_prose_editor/editor.js")


def test_modules_have_hashed_names_in_one_another_on_a_server(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    backend = f"{PROJECT_APP}.storage.TolerantManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": backend}}
    call_command("collectstatic", "--noinput", verbosity=0, ignore_patterns=["admin", "mezzanine"])
    (editor,) = (tmp_path / "richtext").glob("editor.*.js")
    names = MODULE.findall(editor.read_text("utf-8"))
    assert len(names) > 3
    assert all(re.search(r"\.[0-9a-f]{12}\.js$", name) for name in names)
    assert all((editor.parent / name).exists() for name in names)


def test_an_editor_in_the_page_waits_until_it_is_asked_for_and_needs_no_jquery(see):
    page = see(POST)
    templates = page.find_all("template")
    assert any(template.find("rich-text") for template in templates)
    for template in templates:
        template.decompose()
    assert not page.find_all(["rich-text", "textarea"], id=re.compile("content"))
    scripts = [script.get("src", "") for script in page.find_all("script")]
    assert any("js/editable" in address for address in scripts)
    assert not any("jquery" in address for address in scripts)


def test_visitors_load_nothing_of_the_editor(see):
    page = str(see(POST, None))
    assert "richtext/" not in page
    assert "editable" not in page
