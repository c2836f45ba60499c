"""Where a page is kept: by its site, its address, the release, and the parameters that it shows.

A page says itself for which parameters it was made. So a request may look in several places, and
what no view has asked for, such as ?utm_source=x, leads to the page without it.
"""

from hashlib import sha256

from django.conf import settings

from .observed import EVERYTHING, Parameters

MANY = 100  # names; what else is asked for is kept with the whole query

known = set()  # the names of parameters that views have asked for in this process


def key_of(request, query=""):
    """Return the key of a page whose address has that query.

    And the name of the site, which pages have from memory, so that none of its reads has it.
    """
    return key(request, request.path, query)


def key(request, *parts, kind="page_cache"):
    start = vars(request).get("start_of_keys")
    if not start:
        start = request.start_of_keys = sha256(chr(0).join(common(request)).encode())
    whole = start.copy()
    whole.update("".join(f"\0{part}" for part in parts).encode())
    return f"{kind}.{request.site_id}.{whole.hexdigest()}"


def common(request):
    """Return what all pages of a host have in common."""
    release = settings.BASE_DIR.parent.name  # on a server: see deploy/releases.py
    site = getattr(request, "site", None)
    domain, name = (site.domain, site.name) if site else ("", "")
    return release, domain, name, request.scheme, request.get_host()


def query_of(request):
    return dict.get(request.META, "QUERY_STRING", "")


def places_of(request):
    """Return the keys where the page for a request may be: the likeliest one first."""
    query = query_of(request)
    if not query:
        return [key_of(request)]
    found = [key_of(request, some(request, known)), key_of(request), key_of(request, f"?{query}")]
    return list(dict.fromkeys(found))


def some(request, names):
    """Return those parameters of a request as text."""
    if not isinstance(request.GET, Parameters):
        return ""
    pairs = [(name, dict.get(request.GET, name)) for name in sorted(names)]
    return "&".join(repr(pair) for pair in pairs if pair[1])


def asked_by_views(request):
    """Return what the page depends on: a dict of the values by name, or the query, a str."""
    parameters = request.GET
    whole = not isinstance(parameters, Parameters) or EVERYTHING in parameters.asked
    if whole or "QUERY_STRING" in getattr(request.META, "asked", ["QUERY_STRING"]):
        return query_of(request)
    if len(known | parameters.asked) > MANY:
        return query_of(request)
    known.update(parameters.asked)
    return {name: dict.get(parameters, name) for name in parameters.asked}


def place_for(request, depends_on):
    """Return the key under which a page is kept that depends on asked_by_views()."""
    if isinstance(depends_on, str):
        return key_of(request, f"?{depends_on}" if depends_on else "")
    return key_of(request, some(request, depends_on))


def fits(page, request):
    """Return whether a page that was found is the one for the parameters of a request."""
    depends_on = page["depends_on"]
    if isinstance(depends_on, str):
        return depends_on == query_of(request)
    if not isinstance(request.GET, Parameters):
        return not depends_on and not query_of(request)
    return all(dict.get(request.GET, name) == value for name, value in depends_on.items())
