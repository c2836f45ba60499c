"""Faults of Mezzanine with comments."""

import inspect

from mezzanine.generic import defaults


def test_comments_are_shown_at_once():
    source = inspect.getsource(defaults)
    asked = source.partition('name="COMMENTS_DEFAULT_APPROVED"')[2].partition("register_setting")[0]
    assert "default=True" in asked
