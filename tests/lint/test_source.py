"""The template, before it is rendered: it reads as the project that it makes."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest
import yaml
from commands_table import README, TABLE, table
from support import TEMPLATE

NAME = "{{cookiecutter.project_name}}"
PROJECT = f"{NAME}/"
VARIABLE = re.compile(r"\{\{.*?\}\}")


ANSWERS = json.loads((TEMPLATE / "cookiecutter.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def sources(tracked_files):
    """The text of every file that is rendered, by its path in the project."""
    paths = [path.removeprefix(PROJECT) for path in tracked_files if path.startswith(PROJECT)]
    return {
        path: (TEMPLATE / PROJECT / path).read_text("utf-8")
        for path in paths
        if not any(fnmatch(path, pattern) for pattern in ANSWERS["_copy_without_render"])
    }


def test_python_toml_and_yaml_parse_as_they_are(sources):
    parsers = {".py": ast.parse, ".toml": tomllib.loads}
    parsers |= {".yaml": yaml.safe_load, ".yml": yaml.safe_load}
    parsed = set()
    for path, text in sources.items():
        suffix = PurePosixPath(path).suffix
        if suffix in parsers:
            parsers[suffix](text)
            parsed.add(suffix)
    assert parsed == parsers.keys()


def test_nothing_but_variables_is_rendered(sources):
    for path, text in sources.items():
        assert not re.search(r"<%|%>|<#|#>", text), path


def test_in_python_a_variable_stands_in_a_string_or_a_comment(sources):
    for path, text in sources.items():
        if path.endswith(".py"):
            strings = [
                node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)
            ]
            in_strings = sum(
                len(VARIABLE.findall(value)) for value in strings if isinstance(value, str)
            )
            in_comments = len(re.findall(r"#[^\n\"]*?\{\{.*?\}\}", text))
            assert len(VARIABLE.findall(text)) == in_strings + in_comments, path


def test_the_tests_of_public_pages_know_every_middleware(sources):
    """They leave out what a project adds, and would leave out a new one of ours as well."""
    ours, known = (
        {name.replace("project_settings.", "") for name in re.findall(r'"(\S+Middleware)"', text)}
        for text in (sources[f"{NAME}/settings.py"], sources["tests/conftest.py"])
    )
    assert known == ours


def test_few_places_depend_on_an_answer(sources):
    assert sum(len(VARIABLE.findall(text)) for text in sources.values()) < 40


def test_the_hooks_are_small():
    lines = [
        line for hook in (TEMPLATE / "hooks").iterdir() for line in hook.open(encoding="utf-8")
    ]
    assert len(lines) < 190


def test_file_names_work_on_every_system(tracked_files):
    folded = [path.casefold() for path in tracked_files]
    assert len(set(folded)) == len(folded)
    for path in tracked_files:
        plain = path.replace("{{cookiecutter.project_name}}", "name")
        assert re.fullmatch(r"[\w./-]+", plain, re.ASCII), path
        reserved = {"con", "prn", "aux", "nul", "com1", "lpt1"}
        assert not reserved & {part.split(".")[0].lower() for part in PurePosixPath(plain).parts}
        assert len(plain) < 150


def test_lines_end_as_git_stores_them(tracked_files):
    for path in tracked_files:
        content = (TEMPLATE / path).read_bytes()
        assert b"\r" not in content or b"\0" in content, path  # which a picture has


def test_no_registry_is_named(sources):
    for path, text in sources.items():
        assert not re.search(r"--(extra-)?index-url|--find-links|pythonhosted|pypi\.org", text), (
            path
        )


@pytest.mark.parametrize("name", ["project", "dev"])
def test_everything_that_is_installed_is_locked_with_its_hash(sources, name):
    lock = sources[f"requirements/{name}.txt"]
    requirements = re.findall(r"^[a-z][^ ]*==.*?(?=^\S|\Z)", lock, re.M | re.S)
    assert len(requirements) > 25
    assert not [text for text in requirements if "--hash=sha256:" not in text]
    assert re.search(r"^django==5\.2\.", lock, re.M)
    assert re.search(r"^mezzanine==6\.1\.1\b", lock, re.M)


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", PROJECT + "README.md"])
def test_the_files_that_a_page_names_are_there(tracked_files, page):
    text = (TEMPLATE / page).read_text("utf-8").replace("{{ cookiecutter", "{{cookiecutter")
    made = {"local_settings.py", "deploy/NAME.template", ".nox/"}  # on the machine of the reader
    there = {PurePosixPath(path) for path in tracked_files}
    there |= {folder for path in there for folder in path.parents}
    names = (
        set(re.findall(r"`(\.?[\w{][^\s`*%:]*(?:/|\.(?:py|md|html|sh|template)))`", text)) - made
    )
    assert len(names) > 15
    assert [name for name in names if not any(path.match(name) for path in there)] == []


def test_shell_passes_shellcheck(tracked_files):
    texts = {path: (TEMPLATE / path).read_text("utf-8", "replace") for path in tracked_files}
    scripts = [
        path
        for path, text in texts.items()
        if path.endswith(".sh") or text.startswith("#!/bin/sh\n")
    ]
    assert len(scripts) > 20
    shellcheck = Path(sys.executable).with_name("shellcheck")
    command = [shellcheck, "--norc", *scripts]
    result = subprocess.run(command, cwd=TEMPLATE, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def strings(source):
    """Return the strings of a Python source that are no docstrings, as nodes."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return [node for node in nodes if isinstance(node.value, str) and id(node) not in prose]


def test_shell_of_more_than_two_lines_is_in_files_of_its_own(sources):
    is_shell = re.compile(r"\$\w|\$\(|\|\||&& |^set -|\w \| \w", re.M)
    for path, text in sources.items():
        for node in strings(text) if re.match(r"(deploy/.*|fabfile)\.py$", path) else ():
            is_long = len(node.value.strip().splitlines()) > 2
            assert not (is_long and is_shell.search(node.value)), f"{path}:{node.lineno}"


def test_every_script_is_run_by_something(sources):
    python = "".join(text for path, text in sources.items() if re.match(r"deploy/.*\.py", path))
    for path in sources:
        if path.startswith("deploy/scripts/") and path.endswith(".sh"):
            assert re.search(rf'"{PurePosixPath(path).stem}(\.sh)?"', python), path


def test_fab_asks_in_one_place_which_knows_whether_anybody_can_answer(sources):
    asks = re.compile(
        r"(?<![\w.])input\(|getpass\.getpass\(|auth_interactive_dumb|\.isatty\(|/dev/tty|\.peek\("
    )
    found = [
        path
        for path, text in sources.items()
        if re.match(r"(deploy/.*|fabfile)\.py$", path)
        and asks.search(text.replace("sys.stderr.isatty", ""))
    ]
    assert found == ["deploy/terminal.py"]


def exit_statuses(source):
    """Return the numbers that a Python source gives to Exit, Refused and sys.exit."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Exit", "Refused", "sys.exit"):
            for value in [*node.args, *(each.value for each in node.keywords)]:
                if isinstance(value, ast.Constant) and isinstance(value.value, int):
                    yield value.value


def test_every_exit_status_is_in_the_table(sources):
    used = {
        status
        for path, text in sources.items()
        if re.match(r"(deploy/.*|fabfile)\.py$", path)
        for status in exit_statuses(text)
    }
    table = sources["deploy/README.md"].partition("## Exit statuses")[2].partition("\n## ")[0]
    (away,) = re.findall(r"^AWAY = (\d+)", sources["deploy/hosts.py"], re.M)
    (lost,) = re.findall(r"^LOST = (\d+)", sources["deploy/host.py"], re.M)
    used |= {0, int(away), int(lost)}  # 0 and AWAY are of a run that came to its end
    assert used == {int(number) for number in re.findall(r"^\| (\d+) ", table, re.M)}


def test_the_readme_has_the_commands_of_the_fabfile():
    assert TABLE.search(README.read_text("utf-8"))[0] == table(), "nox -s commands writes it anew"
