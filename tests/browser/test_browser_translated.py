"""The admin of a German site with English texts: the tabs for the languages of a text."""

import shutil
import subprocess
from types import SimpleNamespace

import pytest
from chromium import expect, log_in, running_site
from support import GERMAN, TRANSLATED, edit

CONTRAST = """axe.run({runOnly: ["color-contrast"], preload: false}).then(
    found => found.violations.flatMap(({nodes}) => nodes.map(node => node.html)))"""


@pytest.fixture(scope="module")
def site(browser, project, translation_packages, tmp_path_factory):
    directory = tmp_path_factory.mktemp("translated")
    path = shutil.copytree(project.path, directory / "project")
    edit(path / "mysite/settings.py", TRANSLATED | GERMAN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(translation_packages))
        for words in (["makemigrations", "--verbosity=0"], ["createdb", "--noinput"]):
            command = [project.python, "manage.py", *words]
            subprocess.run(command, cwd=path, check=True, stdout=subprocess.DEVNULL)
        translated = SimpleNamespace(path=path, python=project.python)
        with running_site(translated, directory) as address:
            yield address


@pytest.fixture
def add(page):
    """Return a function that opens the form for a new page of a kind."""
    log_in(page)
    return lambda kind: page.goto(f"/admin/{kind}/add/")


def tab(part, language):
    return part.get_by_role("tab", name=language, exact=True).first


def test_an_error_is_seen_whatever_language_is_shown_first(page, add):
    add("pages/richtextpage")
    expect(page.locator("#id_title_en")).to_be_visible()
    expect(page.locator("#id_title_de")).to_be_hidden()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    expect(page.locator("#id_title_de")).to_be_visible()


def test_a_tab_is_for_all_texts_of_the_form_and_works_in_a_new_row(page, add):
    add("galleries/gallery")
    page.locator(".add-row a").click()
    row = page.locator(".dynamic-images").last
    texts = {
        language: (row.locator(f"[name$=description_{language}]"), page.locator(f"#id_{title}"))
        for language, title in (("en", "title_en"), ("de", "title_de"))
    }
    for part, language, other in ((row, "de", "en"), (page, "en", "de")):
        tab(part, language).click()
        for text in texts[language]:
            expect(text).to_be_visible()
        for text in texts[other]:
            expect(text).to_be_hidden()


def test_the_keyboard_goes_from_tab_to_tab_and_into_the_text(page, add):
    add("pages/richtextpage")
    tab(page, "en").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#id_title_de")).to_be_visible()
    expect(tab(page, "de")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#id_title_de")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tabs_can_be_read(page, add, axe, scheme):
    page.emulate_media(color_scheme=scheme)
    add("pages/richtextpage")
    expect(tab(page, "de")).to_be_visible()
    page.evaluate(axe)
    assert page.evaluate(CONTRAST) == []
