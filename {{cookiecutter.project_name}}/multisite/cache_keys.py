"""Keys of the cache that differ from site to site, those of {% cache %} fragments included."""

from mezzanine.utils.sites import current_site_id


def key_of_site(key, key_prefix, version):
    """Return Django's key with the ID of the current site.

    A session is its visitor's on any site; kept pages know their site, and their generation is one.

    https://docs.djangoproject.com/en/5.2/topics/cache/#cache-key-transformation
    """
    if key.startswith(("django.contrib.sessions.", "page_cache.")):
        return f"{key_prefix}:{version}:{key}"
    return f"{key_prefix}:{version}:site-{current_site_id()}:{key}"
