"""A dict that notes what it was asked, to know what the making of a page depended on."""

from functools import wraps

EVERYTHING = "everything"


class Noted(dict):
    """A dict whose .asked is the set of the keys asked for, and EVERYTHING where all of it was."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = set()


def noting(method, what=None):
    """Return the method of dict, noting its first argument, or what, before it answers."""

    @wraps(method)
    def noted(self, *args, **kwargs):
        self.asked.add(what or args[0])
        return method(self, *args, **kwargs)

    return noted


for name in ("__contains__", "__getitem__", "get", "pop", "setdefault"):
    setattr(Noted, name, noting(getattr(dict, name)))
for name in (
    *["__eq__", "__iter__", "__len__", "__ne__", "__or__", "__repr__", "__reversed__", "__ror__"],
    *["copy", "items", "keys", "popitem", "values"],
):
    setattr(Noted, name, noting(getattr(dict, name), EVERYTHING))
