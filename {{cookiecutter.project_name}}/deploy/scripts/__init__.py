"""What is shell: *.sh, each of which says what it finds in which variable."""

from pathlib import Path

HERE = Path(__file__).parent


def script(*names: str) -> str:
    """Return scripts of this directory as one, for `as_root` and `as_site` of a Host."""
    return "".join((HERE / f"{name}.sh").read_text("utf-8") for name in names)
