"""Static files under hashed names, which browsers may keep for ever, and compressed for NGINX."""

import filecmp
import gzip
import os
import shutil
from pathlib import Path

import brotli
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class TolerantManifestStaticFilesStorage(ManifestStaticFilesStorage):
    """Django's storage, for packages whose files name others that they do not ship.

    Mezzanine's stylesheets name source maps that it leaves out. Django's storage ends collectstatic
    there, and answers 500 for a page that names a missing file; this one leaves that name as it is.
    """

    manifest_strict = False
    support_js_module_import_aggregation = True  # modules of the editor import one another
    compressed = {".css", ".html", ".js", ".json", ".map", ".svg", ".txt", ".xml"}

    def __init__(self, *args, earlier=None, **kwargs):
        """`earlier` is the directory with the static files of earlier releases, if there is one."""
        super().__init__(*args, **kwargs)
        self.earlier = earlier

    def post_process(self, paths, dry_run=False, **options):
        yield from super().post_process(paths, dry_run=dry_run, **options)
        if not dry_run:
            hashed = set(self.hashed_files.values())
            for path, name in self.compressible(hashed):
                compress(path, PACKERS, self.earlier and Path(self.earlier, name))
            for path, name in self.compressible({*paths} - hashed):
                twin = self.hashed_files.get(self.hash_key(name))
                compress_like(path, twin and self.path(twin))

    def compressible(self, names):
        """Yield the paths of those files that NGINX sends compressed, with their names."""
        for name in names:
            path = Path(self.path(name))
            if path.suffix in self.compressed and path.exists():
                yield path, name

    def hashed_name(self, name, content=None, filename=None):
        try:
            return super().hashed_name(name, content, filename)
        except ValueError:
            return name


# Brotli takes ten times as long, and saves a sixth: it is for what browsers are led to.
PACKERS = {
    ".gz": lambda content: gzip.compress(content, mtime=0),
    ".br": lambda content: brotli.compress(content, mode=brotli.MODE_TEXT, quality=10),
}


def compress(path, suffixes, earlier=None):
    """Put compressed files beside it, which gzip_static and brotli_static of NGINX send instead.

    `earlier` is where an earlier release may have the file, under a name that tells its content:
    what was compressed then is not compressed again.
    """
    for suffix in suffixes:
        target = Path(f"{path}{suffix}")
        target.unlink(missing_ok=True)
        if earlier and os.path.exists(f"{earlier}{suffix}"):
            os.link(f"{earlier}{suffix}", target)
            continue
        content = path.read_bytes()
        short = PACKERS[suffix](content)
        if len(short) < len(content):
            target.write_bytes(short)


def compress_like(path, other):
    """Put a file compressed by gzip beside it: that of the other, if any, where both are the same.

    A copy: a link would count as another release that has the file, see static.py of on_host.
    """
    if other and os.path.exists(f"{other}.gz") and filecmp.cmp(path, other, shallow=False):
        Path(f"{path}.gz").unlink(missing_ok=True)
        shutil.copyfile(f"{other}.gz", f"{path}.gz")
    else:
        compress(path, [".gz"])
