"""A site in German has no English words in it: locale/ has what Django and Mezzanine lack."""

import gettext
import json
import os
import subprocess
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from support import TEMPLATE

LOCALE = TEMPLATE / "{{cookiecutter.project_name}}/locale/de/LC_MESSAGES"


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
