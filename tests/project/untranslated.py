"""Print the texts of a project's apps and templates that it does not show in a language.

The Python of the project runs this there: untranslated.py de. What is printed is a list in JSON.
"""

import ast
import json
import re
import sys
from pathlib import Path

import django
from django.utils.translation.template import templatize
from django.utils.translation.trans_real import translation

FUNCTION = re.compile(r"_|n?gettext(_lazy)?")
# What templatize() makes of the tags of a template; the rest of its text is no Python.
CALL = re.compile(r"""\b(?:_|n?gettext)\((?:u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')[\s,)])+""")
ELSEWHERE = ("tests", "deploy", ".")  # they speak to who deploys, in English


def calls(path):
    """Yield the syntax trees of all calls of gettext in a module or a template."""
    source = path.read_text("utf-8")
    if path.suffix == ".py":
        yield from (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    else:
        for found in CALL.finditer(templatize(source)):
            call = found.group().rstrip(" ,)\n")
            yield ast.parse(f"{call})").body[0].value


def texts(path):
    """Yield what is translated there: text, or text for one thing (others come with it)."""
    for call in calls(path):
        if FUNCTION.fullmatch(getattr(call.func, "id", "")) and call.args:
            if isinstance(call.args[0], ast.Constant):
                yield call.args[0].value


def main(language):
    sys.path.insert(0, ".")
    django.setup()
    known = translation(language)._catalog
    found = {
        text
        for suffix in ("py", "html", "txt")
        for path in Path().rglob(f"*.{suffix}")
        if not path.parts[0].startswith(ELSEWHERE)
        for text in texts(path)
    }
    assert len(found) > 300, found
    print(json.dumps(sorted(t for t in found if t not in known and (t, 0) not in known)))


main(*sys.argv[1:])
