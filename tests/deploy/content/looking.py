"""What there is of a site at one end: its addresses, the rows of its tables, its uploads."""

import json
import subprocess

# Each tenth public address is asked for; what is around the main part has names of the site and of
# the release.
LOOK = """
import hashlib, json, os, re
from django.conf import settings
from django.contrib.sites.models import Site
from django.test import Client
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import Page
from transfer.kinds import travelling

def digest(data):
    return hashlib.sha256(data).hexdigest()[:16]

def answer(path):
    got = client.get(path, secure=True, headers={{"host": domain}})
    main = re.search("<main.*</main>", got.content.decode(), re.S)
    return [got.status_code, digest(main[0].replace(domain, "").encode()) if main else ""]

def uploads():
    for top, folders, files in os.walk(settings.MEDIA_ROOT):
        folders[:] = [name for name in folders if name != ".thumbnails"]
        for path in (os.path.join(top, name) for name in files):
            with open(path, "rb") as file:
                inside = os.path.relpath(path, settings.MEDIA_ROOT)
                yield inside, hashlib.file_digest(file, "sha256").hexdigest()

domain, client = Site.objects.get(pk=1).domain, Client(raise_request_exception=False)
rows = [row for model in (Page, BlogPost) for row in model.objects.published()]
paths = sorted({{row.get_absolute_url() for row in rows}})[::10]
print(json.dumps({{
    "addresses": {{path: answer(path) for path in paths}},
    "counts": {{m._meta.label: m._base_manager.count() for m in travelling({everything})}},
    "uploads": dict(uploads()),
}}))
"""


def here(site, everything=False):
    """Return what there is on this machine: a dict of dicts; without accounts, if not asked for."""
    return json.loads(shell(site, LOOK.format(everything=everything)).splitlines()[-1])


def there(site, everything=False):
    """Return the same of the live site."""
    return json.loads(site.answer("python", LOOK.format(everything=everything)).splitlines()[-1])


def differ(one, other):
    """Return how many there are of each, and how many differ: (int, int) by what they are."""
    found = {}
    for what in one:
        names = {*one[what], *other[what]}
        unlike = [name for name in names if one[what].get(name) != other[what].get(name)]
        found[what] = len(names), len(unlike)
    return found


def shell(site, code):
    return manage(site, "shell", "-v0", "-c", code)


def manage(site, *arguments):
    words = [site.python, "manage.py", *arguments]
    run = subprocess.run(words, cwd=site.project, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout
