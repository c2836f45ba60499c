"""--site=ID on the command line: the site that a management command works on."""

import os
import sys


def choose_site(argv):
    """Take --site out of argv, in place, and put its ID where Mezzanine looks for it.

    Exit with status 2 and one line for a value that is no ID. What follows `--` is left alone.
    https://mezzanine.readthedocs.io/en/latest/multi-tenancy.html
    """
    end = argv.index("--") if "--" in argv else len(argv)
    values, rest = [], []
    arguments = iter(argv[:end])
    for argument in arguments:
        if argument == "--site":
            values.append(next(arguments, ""))
        elif argument.startswith("--site="):
            values.append(argument.removeprefix("--site="))
        else:
            rest.append(argument)
    argv[:] = rest + argv[end:]
    if values:
        os.environ["MEZZANINE_SITE_ID"] = str(site_id(values))


def site_id(values):
    """Return the one ID, an int above 0, that all values of --site give."""
    ids = {value.strip() for value in values}
    value = ids.pop()
    if ids:
        fail(f"got {value!r} and {ids.pop()!r}; one command works on one site")
    if not (value.isascii() and value.isdecimal() and int(value) > 0):
        fail(f"got {value!r}; type the ID of a site, such as --site=1")
    return int(value)


def fail(message):
    print(f"--site: {message}", file=sys.stderr)
    sys.exit(2)
