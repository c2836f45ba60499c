"""What Django and Mezzanine have in their source, whatever the project has put in its place."""

import ast
from importlib import import_module
from importlib.util import find_spec


def original(path):
    """Return what is defined at a dotted path, of a function or of a value that is assigned.

    A template tag comes without what registers it. LookupError where the source has no such thing:
    then it was moved, and a patch of it no longer does what PATCHES.md says.
    """
    module, tree, name = parse(path)
    for node, owner in definitions(tree):
        if owner + getattr(node, "name", "") == name and isinstance(node, ast.FunctionDef):
            return run(node, module, owner)
        if isinstance(node, ast.Assign) and owner + ast.unparse(node.targets[0]) == name:
            return eval(ast.unparse(node.value), dict(vars(module)))
    raise LookupError(f"there is no {name} in {module.__file__}")


def parse(path):
    """Return the module of a dotted path, its syntax tree, and the rest of the path, a str."""
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:length])
        try:
            spec = find_spec(module)
        except ModuleNotFoundError:
            continue
        if spec and spec.origin:
            with open(spec.origin, encoding="utf-8") as file:
                return import_module(module), ast.parse(file.read()), ".".join(parts[length:])
    raise LookupError(f"there is no module {path}")


def definitions(tree):
    """Yield the statements of a module and of its classes, with the class and a dot before it."""
    for node in tree.body:
        yield node, ""
        if isinstance(node, ast.ClassDef):
            yield from ((child, f"{node.name}.") for child in node.body)


def run(node, module, owner):
    """Return the function of that node; where it has a class, super() works in it."""
    decorators = node.decorator_list
    node.decorator_list = [each for each in decorators if "register" not in ast.unparse(each)]
    inner = "\n    ".join(ast.unparse(node).splitlines())
    namespace = dict(vars(module))
    cell = f"__class__ = {owner[:-1] or None}"
    exec(f"def outer():\n    {cell}\n    {inner}\n    return {node.name}", namespace)
    return namespace["outer"]()
