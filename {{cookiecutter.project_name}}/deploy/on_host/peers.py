"""What runs between the hosts of a site."""

from collections.abc import Sequence
from typing import Any

from .site import Site


def put(site: Site, others: Sequence[str]) -> dict[str, Any]:
    return {}


def make(site: Site) -> str:
    return ""
