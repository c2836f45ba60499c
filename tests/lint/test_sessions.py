"""Each module of tests runs in a session, and the README names the sessions."""

import ast
import re

import pytest
from support import TEMPLATE

NOXFILE = ast.parse((TEMPLATE / "noxfile.py").read_text("utf-8"))


@pytest.fixture(scope="session")
def sessions():
    """The source of each session of the noxfile, by name."""
    return {
        node.name: ast.unparse(node)
        for node in NOXFILE.body
        if isinstance(node, ast.FunctionDef)
        and "nox.session" in map(ast.unparse, node.decorator_list)
    }


@pytest.fixture(scope="session")
def modules(tracked_files):
    """The source of each module of tests, by path."""
    paths = [path for path in tracked_files if re.fullmatch(r"tests/(.+/)?test_\w+\.py", path)]
    return {path: (TEMPLATE / path).read_text("utf-8") for path in paths}


def folders(sources):
    """Return the folders of tests that sessions run, each with a slash at its end."""
    return tuple(
        f"{folder}/" for text in sources for folder in re.findall(r"'(tests/[\w/]+)'", text)
    )


def test_every_module_lies_in_the_folder_of_a_session(sessions, modules):
    run = folders(sessions.values())
    assert "tests/deploy/" in run
    assert [path for path in modules if not path.startswith(run)] == []


def test_what_is_marked_as_long_lies_in_the_folder_of_a_long_session(sessions, modules):
    run = folders(text for text in sessions.values() if "ALSO_LONG" in text)
    marked = [path for path, text in modules.items() if re.search(r"\bmark[.]long\b", text)]
    assert marked
    assert [path for path in marked if not path.startswith(run)] == []


def test_the_readme_names_every_session(sessions):
    text = (TEMPLATE / "README.md").read_text("utf-8")
    assert set(re.findall(r"`nox -s (\w+)", text)) | {"serve"} == sessions.keys()
