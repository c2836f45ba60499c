"""Whether the site may have a bucket, and can write and read there.

The object .of.NAME.ENVIRONMENT says whose it is.
"""

import secrets
from typing import Any

from . import bucket
from .site import Refused, Site

MARK = ".of."


def prove(site: Site, place: bucket.Access) -> None:
    """Write an object, read it and delete it; Refused where one of these fails."""
    text = secrets.token_hex(8)
    # With a name of its own: another host may prove it at this moment.
    probe = bucket.there(place, f".{site.name}-probe-{text}")
    bucket.rclone(site, "private", place, "rcat", probe, input=text)
    try:
        read = bucket.rclone(site, "private", place, "cat", probe)
    finally:
        bucket.rclone(site, "private", place, "deletefile", probe)
    if read != text:
        raise Refused(f"the bucket {place['bucket']} does not give back what was written to it")


def claim(site: Site, place: bucket.Access, environment: str) -> None:
    """Let the bucket be this environment's; Refused where it is another's, or has foreign files."""
    mine = f"{MARK}{site.name}.{environment}"
    found = bucket.rclone(site, "private", place, "lsf", bucket.there(place, "")).splitlines()
    others = [each for each in found if each.startswith(MARK) and each != mine]
    if others:
        _, _, project, owner = others[0].split(".", 3)
        raise Refused(
            f"the bucket {place['bucket']} has the uploads of {project} ({owner}); name another"
            f" one in UPLOADS, or, where that is over, delete the object {others[0]} there"
        )
    if mine in found:
        return
    if taken := [name for name in bucket.FOLDERS if f"{name}/" in found]:
        raise Refused(
            f"the bucket {place['bucket']} has {taken[0]}/ already, and nothing says of which"
            " site; name an empty one in UPLOADS, or, where these are this site's uploads, make"
            f" an empty object {mine} there"
        )
    bucket.rclone(site, "private", place, "rcat", bucket.there(place, mine), input=site.name)


def ready(site: Site, address: str, owner: str) -> dict[str, Any]:
    """Refused where a bucket has no keys, is another's, or cannot be written and read.

    `address` is UPLOADS, `owner` the environment that it is for.
    """
    if place := bucket.access(site, address):
        prove(site, place)
        claim(site, place, owner)
    return {}
