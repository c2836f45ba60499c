"""The uploads where UPLOADS says: that the bucket can be used, and the way there and back."""

from invoke import Exit

from .host import Host
from .on_host import bucket
from .steps import step


def check(host: Host) -> None:
    """Exit where the bucket, if there is one, is another site's, or cannot be written and read."""
    config = host.config
    if config.uploads:
        with step(host, f"Bucket {bucket.parse(config.uploads).bucket}"):
            host.call("uploads_ready", address=config.uploads, owner=config.environment)


def move(host: Host, before: str, after: str) -> None:
    """Copy the uploads of one release to where another has them, if that is another place.

    What comes until that takes over is brought by the relay: Exit where other hosts would have the
    one place while this one has the other.
    """
    if before and host.call("uploads_differ", before=before, after=after)["differ"]:
        refuse_several(host)
        with step(host, "Uploads to their new place"):
            host.call("move_uploads", before=before, after=after)


def refuse_several(host: Host) -> None:
    if len(host.config.hosts) > 1:
        line = "UPLOADS can only become another with one of HOSTS alone: see README.md"
        raise Exit(f"{line}. Nothing was changed", 2)


def bring_here(host: Host) -> None:
    """Let the directories of the server have all uploads, also where these are in a bucket."""
    host.call("uploads_here")
