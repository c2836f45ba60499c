"""The uploads where UPLOADS says: that the bucket can be used, and the way there and back."""

from .host import Host
from .on_host import bucket
from .steps import step


def check(host: Host) -> None:
    """Exit where the bucket, if there is one, has no keys or cannot be written and read."""
    if host.config.uploads:
        with step(host, f"Bucket {bucket.parse(host.config.uploads).bucket}"):
            host.call("uploads_ready", address=host.config.uploads)


def differ(host: Host, before: str, after: str) -> bool:
    """Return whether two releases have their uploads in different places; `before` may be empty."""
    return bool(before) and host.call("uploads_differ", before=before, after=after)["differ"]


def move(host: Host, before: str, after: str) -> None:
    """Copy the uploads of one release to where another has them."""
    with step(host, "Uploads to their new place"):
        host.call("move_uploads", before=before, after=after)
