"""Old addresses lead to the new ones, by redirects of Django's, which staff see too.

A redirect holds 200 characters. Addresses are stored with their umlauts, which are six each in what
a browser sends.
"""

import logging
from urllib.parse import unquote

from django.conf import settings
from django.contrib.redirects.models import Redirect
from django.urls import reverse
from django.utils import translation
from django.utils.encoding import escape_uri_path, iri_to_uri, uri_to_iri

from .tree import HOME

logger = logging.getLogger(__name__)

BATCH = 5_000  # rows an INSERT; SQLite takes fewer
LONGEST = Redirect._meta.get_field("old_path").max_length


def path(slug):
    """Return the path of a page, in the language at hand, as it is stored."""
    found = reverse("home") if slug == HOME else reverse("page", kwargs={"slug": slug})
    return uri_to_iri(escape_uri_path(unquote(found)))


def paths(changes):
    """Return the new paths, a dict by the old ones, in every language, of a dict of slugs."""
    found = {}
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            found |= {path(old): path(new) for old, new in changes.items() if old}
    return found


def lead(site_id, changes):
    """Let old slugs of pages lead to new ones, a dict, on that site."""
    lead_paths(site_id, paths(changes))


def lead_paths(site_id, changes):
    """Let old paths lead to new ones, a dict, on that site, each by one redirect.

    Redirects that led to an old address lead to the new one. Those that began at a new address go:
    there is a page now.
    """
    new_paths = {old: new for old, new in changes.items() if old != new}
    if not new_paths:
        return
    of_site = Redirect.objects.filter(site_id=site_id)
    now = {*new_paths.values()}
    rows = [(old, uri_to_iri(new)) for old, new in of_site.values_list("old_path", "new_path")]
    wanted = {old: new_paths[new] for old, new in rows if new in new_paths} | new_paths
    of_site.filter(old_path__in=now | {iri_to_uri(each) for each in now}).delete()
    Redirect.objects.bulk_create(
        [
            Redirect(site_id=site_id, old_path=old, new_path=new)
            for old, new in wanted.items()
            if uri_to_iri(old) not in now and is_short(old, new)
        ],
        batch_size=BATCH,
        update_conflicts=True,
        update_fields=["new_path"],
        unique_fields=["site", "old_path"],
    )


def is_short(*addresses):
    """Return whether a redirect can hold the addresses; the log names those that it cannot."""
    if long := [each for each in addresses if len(each) > LONGEST]:
        logger.warning("No redirect, since this address is too long: %s", long[0])
    return not long
