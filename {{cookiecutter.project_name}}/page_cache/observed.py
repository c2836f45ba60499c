"""A dict that remembers what it was asked, to know what a page depends on."""

import sys
from functools import wraps

from django.conf import settings
from django.http import QueryDict

EVERYTHING = "everything"
NOTHING = ";"  # no name of a cookie; it is in a dict that has no others

# Who asks for what without the page depending on it, by module: to refuse some robots, and to
# protect forms. A token that is shown makes a page private all the same.
NO_MATTER = {
    ("django.middleware.common", "HTTP_USER_AGENT"),
    ("django.middleware.csrf", "CSRF_COOKIE"),
    ("django.middleware.csrf", "CSRF_COOKIE_NEEDS_UPDATE"),
    ("django.middleware.csrf", settings.CSRF_COOKIE_NAME),
}


# Modules that look at a path to write the whole of it, or to find the page there, of which is none.
SEE_THE_WHOLE = {
    *["django.db", "django.http", "django.utils", "html", "urllib.parse", "mezzanine.utils"],
    *["languages.addresses", "navigation.menus", "page_cache.reads", "staff.sidebar"],
}


class Observed(dict):
    """A dict whose .asked is the set of the keys asked for, and EVERYTHING where all of it was.

    dict.get(observed, key) asks without a trace.
    """

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = set()
        fill(self)


def fill(observed):
    """Let an empty one not be empty until all of it is asked for, or JSON is made without asking.

    CPython looks whether there is anything in a dict past all methods.
    """
    if not dict.__len__(observed):
        dict.__setitem__(observed, NOTHING, "")


def observe(method, what=None):
    """Return a method of dict that first adds its first argument, or what, to .asked."""

    @wraps(method)
    def observed(self, *args, **kwargs):
        key = what or args[0]
        if what:
            dict.pop(self, NOTHING, None)
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


class Path(str):
    """A path whose .parts, a list, has the methods that asked for more than the whole of it."""

    def __new__(cls, path, parts):
        new = super().__new__(cls, path)
        new.parts = parts
        return new

    def __str__(self):
        return self  # filters of templates ask that one, too

    def __bool__(self):
        return True  # without asking for its length

    def __reduce_ex__(self, protocol):
        return str, (str.__str__(self),)


def observe_parts(name):
    """Return a method of str that first adds its name to .parts."""
    method = getattr(str, name)

    @wraps(method)
    def observed(self, *args, **kwargs):
        module = sys._getframe(1).f_globals.get("__name__", "")
        if ".".join(module.split(".")[:2]) not in SEE_THE_WHOLE:
            self.parts.append(name)
        return method(self, *args, **kwargs)

    return observed


for name in vars(str).keys() - vars(Path).keys() - {"__format__", "__getattribute__", "encode"}:
    setattr(Path, name, observe_parts(name))


class Parameters(QueryDict):
    """A QueryDict that remembers the names that it was asked for, as Observed does.

    is_changed: whether anybody has made it mutable and changed it.
    """

    def __init__(self, *args, **kwargs):
        self.asked, self.copied = set(), None
        super().__init__(*args, **kwargs)
        self.asked.clear()
        self.is_changed = False
        fill(self)

    def _assert_mutable(self):
        self.is_changed = True
        super()._assert_mutable()

    def keys(self):
        self.asked.add(EVERYTHING)
        dict.pop(self, NOTHING, None)
        self.copied = instruction(), [*dict.keys(self)]
        return dict.keys(self)

    def __getitem__(self, name):
        """Return the last value; in dict(parameters) a list of all, as a QueryDict does.

        Python asks for keys() and then for each of them, within one instruction of who copies.
        """
        self.asked.add(name)
        if self.copied and self.copied[1][:1] == [name] and self.copied[0] == instruction():
            self.copied[1].pop(0)
            return dict.__getitem__(self, name)
        return super().__getitem__(name)


def instruction():
    """Return what tells the instruction that calls a method from others."""
    caller = sys._getframe(2)
    return id(caller), caller.f_lasti


for name in ("__contains__", "get", "getlist"):
    setattr(Parameters, name, observe(getattr(QueryDict, name)))
for name in (
    *["__copy__", "__deepcopy__", "__eq__", "__iter__", "__len__", "__ne__", "__or__", "__repr__"],
    *["__reversed__", "__ror__", "copy", "dict", "items", "lists", "urlencode", "values"],
):
    setattr(Parameters, name, observe(getattr(QueryDict, name), EVERYTHING))
