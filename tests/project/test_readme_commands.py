"""The commands in the README of the project can be typed as they stand."""

import ast
import re
import shlex
import shutil
import subprocess

import pytest
from support import TEMPLATE, program

PROJECT = TEMPLATE / "{{cookiecutter.project_name}}"
README = (PROJECT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```$", README, re.M | re.S)
LINES = [line for block in BLOCKS for line in block.splitlines()]
MANAGE = "nox -s manage -- "
# What may stand before a command: those of its FABRIC_ENVIRONMENTS, and the one that FABRIC is.
ENVIRONMENTS = [*re.findall(r'^    "(\w+)": {$', README, re.M), "production"]


def functions(path, decorator):
    """Return the names of the functions in a file that have a decorator."""
    return {
        node.name.rstrip("_").replace("_", "-")
        for node in ast.parse((PROJECT / path).read_text("utf-8")).body
        if any(decorator in ast.unparse(each) for each in getattr(node, "decorator_list", []))
    }


def test_each_is_of_a_program_that_the_readme_brings():
    sessions, commands = functions("noxfile.py", "nox.session"), functions("fabfile.py", "command")
    named = re.findall(r"`((?:nox|fab) [^`]*)`", README) + LINES
    assert len(named) > 30
    for line in named:
        program, *words = shlex.split(line)
        assert program in ("nox", "fab", "cp"), line
        if program == "nox" and words:
            assert words[0] == "-s", line
            assert words[1].partition("-")[0] in sessions, line
        if program == "fab":  # whose further words are arguments, or commands too
            words = [word for word in words if not word.startswith("-")]
            words = words[1:] if words and words[0] in ENVIRONMENTS else words
            assert not words or words[0] in commands or words[0].isupper(), line


@pytest.fixture(scope="module")
def made(project, tmp_path_factory):
    """A project with a database, as `nox -s serve` leaves it: its path."""
    path = tmp_path_factory.mktemp("readme") / "mysite"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".git"))
    subprocess.run([project.python, "manage.py", "createdb", "--noinput"], cwd=path, check=True)
    return path


def test_those_of_manage_do_what_they_say_one_after_the_other(made, project):
    """nox, which installs first, runs them with the Python of the project."""
    lines = [line.removeprefix(MANAGE) for line in LINES if line.startswith(MANAGE)]
    lines = [line for line in lines if not line.startswith("adopt ")]  # see test_adoption.py
    assert len(lines) == 8
    for line in lines:
        command = [project.python, "manage.py", *shlex.split(line)]
        run = subprocess.run(command, cwd=made, capture_output=True, text=True)
        assert run.returncode == 0, f"{line}\n{run.stdout}{run.stderr}"


def test_words_of_an_app_are_translated_and_those_of_the_project_stay(project, tmp_path):
    program("xgettext", "gettext")
    path = tmp_path / "mysite"
    shutil.copytree(project.path, path)
    (path / "bread/locale").mkdir(parents=True)
    code = 'from django.utils.translation import gettext as _\n\nRYE = _("Rye of ours")\n'
    (path / "bread/words.py").write_text(code)
    typed = re.findall(r"`nox -s manage --\s((?:make|compile)messages [^`]*)`", README)
    assert len(typed) == 2
    commands = [[project.python, "manage.py", *shlex.split(line)] for line in typed]
    commands = [[{"fr": "de"}.get(word, word) for word in command] for command in commands]
    commands.append(shlex.split(re.search(r"`(git checkout locale)`", README)[1]))
    for command in commands:
        subprocess.run(command, cwd=path, capture_output=True, check=True)
    status = ["git", "status", "--porcelain"]
    assert subprocess.check_output(status, cwd=path, text=True) == "?? bread/\n"
    translated = path / "bread/locale/de/LC_MESSAGES"
    assert 'msgid "Rye of ours"' in (translated / "django.po").read_text("utf-8")
    assert (translated / "django.mo").exists()
