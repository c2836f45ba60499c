"""Old addresses lead to the new ones."""

from django.contrib.redirects.models import Redirect
from django.db import connections, router
from django.http import HttpResponseGone, HttpResponsePermanentRedirect
from django.utils.encoding import escape_uri_path, iri_to_uri, uri_to_iri
from mezzanine.core import middleware as mezzanine
from mezzanine.utils.sites import current_site_id


class RedirectFallbackMiddleware(mezzanine.RedirectFallbackMiddleware):
    """A redirect holds with any query, which goes along, unless there is one for that query.

    Its address may have umlauts. No browser keeps it: when the page is renamed back, it would lead
    in a circle.
    """

    def process_response(self, request, response):
        if response.status_code != 404:
            return response
        query = request.META.get("QUERY_STRING", "")
        wanted = addresses(request, query)
        known = getattr(request, "redirects", None)  # from page_cache/missing.py
        found = redirects(current_site_id(), wanted) if known is None else known
        old = next((each for each in wanted if each in found), None)
        if old is None:
            return response
        new = found[old]
        if not new:
            return HttpResponseGone()
        if query and "?" not in old:
            new += ("&" if "?" in new else "?") + iri_to_uri(query)
        return HttpResponsePermanentRedirect(new, headers={"Cache-Control": "no-cache"})


def addresses(request, query):
    """Return the old paths of which a redirect would be one of that request, the nearest first."""
    path = escape_uri_path(request.path)
    full = f"{path}?{iri_to_uri(query)}" if query else path
    wanted = [full, uri_to_iri(full), path, uri_to_iri(path)]
    # CommonMiddleware has added a slash, also to /old.html.
    wanted += [each.removesuffix("/") for each in (path, uri_to_iri(path))]
    return list(dict.fromkeys(filter(None, wanted)))


def redirects(site_id, paths):
    """Return the new path by each of the old ones that a site has.

    By SQL: robots ask for thousands of addresses that there are not, and Django would make the
    statement anew for each.
    """
    table, places = Redirect._meta.db_table, ", ".join(["%s"] * len(paths))
    sql = f"SELECT old_path, new_path FROM {table} WHERE site_id = %s AND old_path IN ({places})"
    with connections[router.db_for_read(Redirect)].cursor() as cursor:
        cursor.execute(sql, [site_id, *paths])
        return dict(cursor.fetchall())
