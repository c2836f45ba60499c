"""A dict that remembers what it was asked, to know what a page depends on."""

import sys
from functools import wraps

EVERYTHING = "everything"

# Who asks for what without the page depending on it, by module: to refuse some robots.
NO_MATTER = {("django.middleware.common", "HTTP_USER_AGENT")}


class Observed(dict):
    """A dict whose .asked is the set of the keys asked for, and EVERYTHING where all of it was.

    dict.get(observed, key) asks without a trace.
    """

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = set()


def observe(method, what=None):
    """Return a method of dict that first adds its first argument, or what, to .asked."""

    @wraps(method)
    def observed(self, *args, **kwargs):
        key = what or args[0]
        if (sys._getframe(1).f_globals.get("__name__"), key) not in NO_MATTER:
            self.asked.add(key)
        return method(self, *args, **kwargs)

    return observed


for name in ("__contains__", "__getitem__", "get", "pop", "setdefault"):
    setattr(Observed, name, observe(getattr(dict, name)))
for name in (
    *["__eq__", "__iter__", "__len__", "__ne__", "__or__", "__repr__", "__reversed__", "__ror__"],
    *["copy", "items", "keys", "popitem", "values"],
):
    setattr(Observed, name, observe(getattr(dict, name), EVERYTHING))
