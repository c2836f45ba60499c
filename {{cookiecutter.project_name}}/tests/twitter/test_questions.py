"""What people type and paste, and what X is asked."""

import pytest

from feeds.questions import plain


@pytest.mark.parametrize(
    ("type", "typed", "asked"),
    [
        ("user", "Example_Org", "example_org"),
        ("user", " @example_org\n", "example_org"),
        ("user", "https://x.com/Example_Org", "example_org"),
        ("user", "http://www.twitter.com/example_org/", "example_org"),
        ("user", "mobile.twitter.com/@example_org?s=20&t=x", "example_org"),
        ("user", "x.com/example_org/status/1990000000000000007", "example_org"),
        ("list", "84839422", "84839422"),
        ("list", "https://x.com/i/lists/84839422", "84839422"),
        ("list", "twitter.com/i/lists/84839422/members?s=20", "84839422"),
        ("search", "  #été  lang:fr ", "#été lang:fr"),
        ("search", "https://x.com/example_org", "https://x.com/example_org"),
    ],
)
def test_what_is_pasted_is_understood(type, typed, asked):
    assert plain(type, typed) == asked


@pytest.mark.parametrize(
    ("type", "typed"),
    [
        *[("user", text) for text in ("", "@", "two words", "x" * 16, "é", "a/b", "a.b", "１")],
        *[("user", f"https://x.com/{rest}") for rest in ("", "i/lists/84", "search?q=a", "home")],
        *[("user", "https://example.com/name"), ("user", "x.com.example.com/name")],
        *[("list", text) for text in ("", "owner/slug", "-1", "８４", "1e3", "84/members")],
        *[("list", "x.com/owner/lists/slug"), ("list", "x.com/84")],
        *[("search", ""), ("search", "  "), ("search", "x" * 513), ("people", "ada")],
    ],
)
def test_what_cannot_be_asked_is_refused_and_what_to_type_is_said(type, typed):
    with pytest.raises(ValueError, match="type|characters"):
        plain(type, typed)
