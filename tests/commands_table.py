"""The table of commands in the README of the project, made from the docstrings of its fabfile.

Run as a script it writes the table into the README.
"""

import ast
import re

from support import TEMPLATE

PROJECT = TEMPLATE / "{{cookiecutter.project_name}}"
README = PROJECT / "README.md"
KINDS = ("command", "commands.once", "commands.together")
TABLE = re.compile(r"(?<=<!-- commands -->\n).*(?=<!-- end of commands -->)", re.S)


def commands():
    """Yield (usage, help) of each command, in the order of the fabfile."""
    for node in ast.parse((PROJECT / "fabfile.py").read_text("utf-8")).body:
        decorators = getattr(node, "decorator_list", [])
        if any(ast.unparse(each) in KINDS for each in decorators):
            _, *arguments = node.args.args
            required = len(arguments) - len(node.args.defaults)
            words = [node.name.rstrip("_").replace("_", "-")]
            words += [argument.arg.upper() for argument in arguments[:required]]
            optional = zip(arguments[required:], node.args.defaults, strict=True)
            words += [f"[{a.arg.upper()}]" for a, default in optional if default.value is None]
            yield " ".join(words), ast.get_docstring(node).splitlines()[0]


def table():
    """Return the table, as Markdown."""
    lines = [f"| `fab {usage}` | {help} |\n" for usage, help in commands()]
    return "".join(["| | |\n|---|---|\n", *lines])


if __name__ == "__main__":
    README.write_text(TABLE.sub(lambda _: table(), README.read_text("utf-8")), "utf-8")
