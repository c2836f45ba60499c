"""Which registered domain a name is of, as Let's Encrypt counts: by the list of public suffixes."""

from collections.abc import Callable
from pathlib import Path

LIST = Path("/usr/share/publicsuffix/public_suffix_list.dat")  # Debian's package publicsuffix
LIMITED = "letsencrypt.org"  # the CA whose limits these are; others say for themselves


def counted_by(directory: str, path: Path = LIST) -> Callable[[str], str] | None:
    """Return the function that says by what the CA of an ACME directory counts a name.

    None for a CA of which no limits are known.
    """
    if LIMITED not in directory:
        return None
    text = path.read_text("utf-8") if path.exists() else ""
    lines = [line.strip() for line in text.splitlines()]
    rules = {line.split()[0] for line in lines if line and not line.startswith("//")}
    return lambda name: registered(name, rules)


def registered(name: str, rules: set[str]) -> str:
    """Return the registered domain of a name: the longest public suffix, and one label more.

    https://github.com/publicsuffix/list/wiki/Format
    """
    labels = name.split(".")
    for start in range(len(labels)):
        suffix = ".".join(labels[start:])
        if f"!{suffix}" in rules:
            return suffix
        if suffix in rules or ".".join(["*", *labels[start + 1 :]]) in rules:
            return ".".join(labels[max(start - 1, 0) :])
    return ".".join(labels[-2:])
