"""--site and --all-sites on the command line: the sites that a management command works on."""

import os
import re
import sys

from .for_settings import VARIABLE
from .hosts import normal

LISTED = 20
HOST = re.compile(r"(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+)(:\d+)?")
# These need no site, so a site that cannot be looked up without a database does not stop them.
WITHOUT_DATABASE = {"check", "collectstatic", "compilemessages", "diffsettings", "findstatic"}
WITHOUT_DATABASE |= {"help", "makemessages", "makemigrations", "startapp", "version"}


def choose_site(argv):
    """Take --site and --all-sites out of argv, in place, and let what follows work on those sites.

    --site takes an ID, a domain or an alias; the ID goes into MEZZANINE_SITE_ID. --all-sites lets
    what follows work in a process for each site, and exits in that of before. Exit with status 2
    and one line for what is no site, with 1 for one that does not exist. What follows `--` is left
    alone.
    https://mezzanine.readthedocs.io/en/latest/multi-tenancy.html
    """
    values, all_sites = taken(argv)
    variable = os.environ.pop(VARIABLE, "").strip()
    if all_sites:
        if values:
            fail(2, "--all-sites: leave out --site")
        set_up(argv)
        from .all_sites import run

        if (status := run(argv)) is not None:
            sys.exit(status)
    elif values:
        choose(checked(one(values), "--site"), "--site", argv)
    elif variable:
        choose(checked(variable, VARIABLE), VARIABLE, argv)


def taken(argv):
    """Remove both options from argv; return the values of --site, a list, and if it is for all."""
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
    argv[:] = [argument for argument in rest if argument != "--all-sites"] + argv[end:]
    return values, "--all-sites" in rest


def one(values):
    """Return the one value, a str, that all of --site give."""
    value, *others = dict.fromkeys(value.strip() for value in values)
    if others:
        fail(2, f"--site: got {value!r} and {others[0]!r}; one command works on one site")
    if not value or value.startswith("-"):
        fail(2, f"--site: got {value!r}; it needs a value, such as --site=2 or --site=example.com")
    return value


def checked(value, origin):
    """Return the value as an int, where it is an ID, or as a host in its normal form."""
    if value.isascii() and value.isdecimal() and int(value) > 0:
        return int(value)
    try:
        host = normal(value)
    except UnicodeError:
        host = ""
    if origin == VARIABLE or not HOST.fullmatch(host):
        fail(2, f"{origin}: got {value!r}, which is no site; type an ID such as 2")
    return host


def choose(value, origin, argv):
    """Put the ID of that site into MEZZANINE_SITE_ID; value is an ID, an int, or a host."""
    set_up(argv)
    from django.db import DatabaseError

    try:
        site_id = existing(value)
    except DatabaseError as error:  # there is none, or none of its tables yet
        site_id = value if isinstance(value, int) else None
        if not site_id and argv[1:2] and argv[1] not in WITHOUT_DATABASE:
            fail(1, f"{origin}: cannot look up {value}: {error}".partition("\n")[0])
    except LookupError as error:
        fail(1, f"{origin}: {error}")
    if site_id:
        os.environ[VARIABLE] = str(site_id)


def existing(value):
    """Return the ID of a site given as ID, an int, or as host; LookupError names what there is."""
    from .hosts import hosts

    hosts.refresh()
    site_id = value if isinstance(value, int) else hosts.find(value)
    if site_id and hosts.site(site_id):
        return site_id
    raise LookupError(f"no site {value}. {listed()}")


def listed():
    """Return the first sites as one line."""
    from django.contrib.sites.models import Site

    sites = Site.objects.order_by("id").values_list("id", "domain")
    line = ", ".join(f"{site_id} {domain}" for site_id, domain in sites[:LISTED])
    more = " and more: manage.py listsites" if len(sites) > LISTED else ""
    return f"Sites: {line}{more}"


def set_up(argv):
    """Load Django with the --settings and --pythonpath that argv has, as Django itself does."""
    import django
    from django.core.management.base import CommandParser, handle_default_options

    parser = CommandParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--settings")
    parser.add_argument("--pythonpath")
    parser.add_argument("args", nargs="*")
    handle_default_options(parser.parse_known_args(argv[2:])[0])
    django.setup()


def fail(status, message):
    print(message, file=sys.stderr)
    sys.exit(status)
