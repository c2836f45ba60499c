"""A site in German has no English words in it: locale/ has what Django and Mezzanine lack."""

import gettext
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from support import TEMPLATE

PROJECT = TEMPLATE / "{{cookiecutter.project_name}}"
LOCALE = PROJECT / "locale/de/LC_MESSAGES"
COMMENT = re.compile(r"/\*.*?\*/|(?:^|\s)//\s.*?$", re.DOTALL | re.MULTILINE)
TEXT = re.compile(r"""(["'`])([A-Z][a-z]+\b.*?|[^"'`\n]* [^"'`\n]*[a-z][.?!…])\1""")
# What looks like a word in a script, and is a name of keys, headers, fields and types of files.
NAMES = {"Accept", "Arrow", "Escape", "File", "Filedata", "Files", "Image", "Mod-k"}


@pytest.fixture(scope="module")
def catalog():
    with (LOCALE / "django.po").open("rb") as file:
        return read_po(file, "de")


def test_every_text_of_the_project_is_translated(project):
    script = Path(__file__).with_name("untranslated.py")
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "mysite.settings"}
    command = [project.python, script, "de"]
    shown = subprocess.check_output(command, cwd=project.path, env=environment, text=True)
    assert json.loads(shown) == [], "translate them in locale/de/LC_MESSAGES/django.po"


def test_scripts_have_their_words_from_templates_which_are_translated():
    scripts = [*PROJECT.glob("*/static/**/*.js")]
    assert len(scripts) > 10
    found = {text for script in scripts for text in texts_of(script.read_text("utf-8"))}
    assert found - NAMES == set(), "give the script a data attribute with the words"


def texts_of(script):
    return [found[2] for found in TEXT.finditer(COMMENT.sub("", script))]


@pytest.mark.parametrize("text", ['"Close"', "`Close ${name}`", "'could not be saved.'"])
def test_a_new_word_in_a_script_would_be_found(text):
    assert texts_of(f"// No word\nlabel.textContent = {text}; /* Nor this. */") == [text[1:-1]]


def test_translations_are_whole_and_have_the_variables_of_their_texts(catalog):
    messages = [message for message in catalog if message.id]
    assert len(messages) > 250
    for message in messages:
        forms = message.string if message.pluralizable else [message.string]
        assert all(forms), message.id
        assert not message.fuzzy, message.id
        assert not [*message.check(catalog)], message.id


def test_what_the_site_reads_is_what_was_translated(catalog):
    with (LOCALE / "django.mo").open("rb") as file:
        read = gettext.GNUTranslations(file)
    for message in catalog:
        if message.pluralizable:
            shown = tuple(read.ngettext(*message.id, number) for number in (1, 2))
        else:
            shown = read.gettext(message.id) if message.id else message.string
        assert shown == message.string, "type nox -s words"
    assert len(read._catalog) == sum(1 + bool(message.pluralizable) for message in catalog)
