"""The table of checks for Prometheus: a file for the textfile collector of its node exporter.

https://github.com/prometheus/node_exporter#textfile-collector
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..files import write

HEADS = {
    "site_check_ok": "Whether a check of the site finds that all is as it should be.",
    "site_check_asked_seconds": "When a check was asked last, in seconds since 1970.",
    "site_alarms_round_seconds": "When the last round of checks ended, in seconds since 1970.",
    "site_alarms_waiting": "How many lines wait to be told.",
    "site_requests": "How many requests of visitors NGINX has answered in the last ten minutes.",
    "site_errors": "How many of these with a status of 500 and more.",
}


def text(name: str, memory: dict[str, Any], answered: tuple[int, int], now: float) -> str:
    """Return the file in the text format of Prometheus."""
    rows: dict[str, dict[str, Any]] = memory["rows"]
    asked = {row: known for row, known in rows.items() if known["asked"]}
    waiting = sum(len(box["lines"]) for box in memory["outbox"].values())
    site = labels(site=name)
    values: dict[str, Iterable[tuple[str, float]]] = {
        "site_check_ok": [
            (labels(site=name, check=row), float(not known["wrong"]))
            for row, known in asked.items()
        ],
        "site_check_asked_seconds": [
            (labels(site=name, check=row), known["asked"]) for row, known in asked.items()
        ],
        "site_alarms_round_seconds": [(site, now)],
        "site_alarms_waiting": [(site, waiting)],
        "site_requests": [(site, answered[0])],
        "site_errors": [(site, answered[1])],
    }
    lines = []
    for metric, help in HEADS.items():
        lines += [f"# HELP {metric} {help}", f"# TYPE {metric} gauge"]
        lines += [f"{metric}{of} {value:.0f}" for of, value in values[metric]]
    return "\n".join([*lines, ""])


def labels(**values: str) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in values.items()) + "}"


def put(path: str, content: str) -> None:
    """Write the file, where its directory is there: the package of the node exporter makes it."""
    if Path(path).parent.is_dir():
        write(Path(path), content)
