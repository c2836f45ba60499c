"""Static files under hashed names, which browsers may keep for ever, and compressed for NGINX."""

import gzip
from pathlib import Path

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
            for name in {*paths, *self.hashed_files.values()}:
                self.compress(Path(self.path(name)))

    def compress(self, path):
        """Put a compressed file beside it, which gzip_static of NGINX sends in its place."""
        if path.suffix in self.compressed and path.exists():
            content = gzip.compress(path.read_bytes(), mtime=0)
            if len(content) < path.stat().st_size:
                Path(f"{path}.gz").write_bytes(content)

    def hashed_name(self, name, content=None, filename=None):
        try:
            return super().hashed_name(name, content, filename)
        except ValueError:
            return name
