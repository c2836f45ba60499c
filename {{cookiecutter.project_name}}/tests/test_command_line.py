"""--site on the command line of manage.py."""

import os

import pytest

from multisite.command_line import choose_site


def chosen(monkeypatch, arguments):
    """Return the site that was chosen, a str or None, and what is left of the arguments."""
    monkeypatch.delenv("MEZZANINE_SITE_ID", raising=False)
    argv = ["manage.py", *arguments.split()]
    choose_site(argv)
    return os.environ.get("MEZZANINE_SITE_ID"), " ".join(argv[1:])


@pytest.mark.parametrize(
    ("arguments", "site", "rest"),
    [
        ("check", None, "check"),
        ("check --site=2", "2", "check"),
        ("--site=2 check", "2", "check"),
        ("check --site 2 -v0", "2", "check -v0"),
        ("check --site=2 --site=2", "2", "check"),
        (
            "check --sitemap --sites=all --site-id=3",
            None,
            "check --sitemap --sites=all --site-id=3",
        ),
        ("run -- --site=2", None, "run -- --site=2"),
    ],
)
def test_a_site_is_taken_from_the_command_line(monkeypatch, arguments, site, rest):
    assert chosen(monkeypatch, arguments) == (site, rest)


@pytest.mark.parametrize(
    "value", ["", "=", "=abc", "=0", "=-1", "=２", "=1=2", "=1;rm", "=1 --site=2"]
)
def test_what_is_no_site_is_told_in_one_line(monkeypatch, capsys, value):
    with pytest.raises(SystemExit) as stopped:
        chosen(monkeypatch, f"check --site{value}")
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("--site: ")
