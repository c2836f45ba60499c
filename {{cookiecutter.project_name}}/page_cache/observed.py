"""A dict that remembers what it was asked, to know what a page depends on."""

from functools import wraps

EVERYTHING = "everything"


class Observed(dict):
    """A dict whose .asked is the set of the keys asked for, and EVERYTHING where all of it was."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = set()


def observe(method, what=None):
    """Return a method of dict that first adds its first argument, or what, to .asked."""

    @wraps(method)
    def observed(self, *args, **kwargs):
        self.asked.add(what or args[0])
        return method(self, *args, **kwargs)

    return observed


for name in ("__contains__", "__getitem__", "get", "pop", "setdefault"):
    setattr(Observed, name, observe(getattr(dict, name)))
for name in (
    *["__eq__", "__iter__", "__len__", "__ne__", "__or__", "__repr__", "__reversed__", "__ror__"],
    *["copy", "items", "keys", "popitem", "values"],
):
    setattr(Observed, name, observe(getattr(dict, name), EVERYTHING))
