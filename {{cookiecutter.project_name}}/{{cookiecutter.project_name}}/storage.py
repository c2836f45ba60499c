"""Static files under hashed names, which browsers may keep for ever, and compressed for NGINX."""

import gzip
from pathlib import Path

import brotli
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class TolerantManifestStaticFilesStorage(ManifestStaticFilesStorage):
    """Django's storage, for packages whose files name others that they do not ship.

    Mezzanine's stylesheets name source maps that it leaves out. Django's storage ends collectstatic
    there, and answers 500 for a page that names a missing file; this one leaves that name as it is.
    """

    manifest_strict = False
    compressed = {".css", ".html", ".js", ".json", ".map", ".svg", ".txt", ".xml"}

    def post_process(self, paths, dry_run=False, **options):
        yield from super().post_process(paths, dry_run=dry_run, **options)
        if not dry_run:
            hashed = set(self.hashed_files.values())
            for name in {*paths, *hashed}:
                path = Path(self.path(name))
                if path.suffix in self.compressed and path.exists():
                    compress(path, br=name in hashed)

    def hashed_name(self, name, content=None, filename=None):
        try:
            return super().hashed_name(name, content, filename)
        except ValueError:
            return name


def compress(path, br):
    """Put compressed files beside it, which gzip_static and brotli_static of NGINX send instead.

    br is for what browsers are led to: it takes ten times as long, and saves a sixth.
    """
    content = path.read_bytes()
    packed = {".gz": gzip.compress(content, mtime=0)}
    if br:
        packed[".br"] = brotli.compress(content, mode=brotli.MODE_TEXT, quality=10)
    for suffix, short in packed.items():
        if len(short) < len(content):
            Path(f"{path}{suffix}").write_bytes(short)
