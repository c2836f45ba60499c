"""The rules of Mozilla's Observatory, as observatory.py has them, give what is published."""

from email.message import Message

import pytest
from observatory import Answer, grade

GOOD = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Set-Cookie": "csrftoken=x; Secure; SameSite=Lax",
}
CSP, HSTS, COOKIE = "Content-Security-Policy", "Strict-Transport-Security", "Set-Cookie"


def graded(text="", path_there=("https://one.test/",), **changed):
    headers = Message()
    for name, value in (GOOD | {key.replace("_", "-"): changed[key] for key in changed}).items():
        if value:
            headers[name] = value
    return grade(Answer("https://one.test/", headers, text, list(path_there)))[:2]


def test_a_good_page_has_the_best_grade_and_all_that_is_given_besides():
    assert graded() == ("A+", 145)


def test_the_first_audit_of_this_project_comes_out_as_it_did():
    assert graded(**{CSP: "", HSTS: "max-age=300", "X-Frame-Options": "DENY"}) == ("B-", 65)


@pytest.mark.parametrize(
    ("changed", "score"),
    [
        ({CSP: "script-src 'self' 'unsafe-inline'"}, 80),
        ({CSP: "default-src 'self'; script-src 'self' 'unsafe-eval'"}, 125),
        ({CSP: "default-src 'none'; style-src 'self' 'unsafe-inline'"}, 135),
        ({CSP: "default-src 'self'; img-src http:"}, 125),
        ({HSTS: ""}, 80),
        ({HSTS: "max-age=86400"}, 135),
        ({COOKIE: "sessionid=x; HttpOnly; SameSite=Lax"}, 130),
        ({COOKIE: "sessionid=x; HttpOnly; SameSite=Lax", HSTS: ""}, 40),
        ({COOKIE: "csrftoken=x; SameSite=Lax"}, 135),
        ({COOKIE: "csrftoken=x; Secure; SameSite=Sometimes"}, 80),
        ({COOKIE: "csrftoken=x; Secure"}, 80),
        ({COOKIE: "sessionid=x; Secure; SameSite=Lax"}, 70),
        ({"X-Content-Type-Options": ""}, 140),
        ({"X-Frame-Options": "", CSP: "default-src 'none'"}, 80),
        ({"Referrer-Policy": "unsafe-url"}, 135),
        ({"Cross-Origin-Embedder-Policy": "require-corp"}, 155),
        ({"path_there": []}, 80),
        ({"path_there": ["http://two.test/", "https://one.test/"]}, 135),
        ({"text": "<script src='https://elsewhere.test/x.js'></script>"}, 140),
        ({"text": "<script src='http://elsewhere.test/x.js'></script>"}, 50),
    ],
)
def test_what_is_worse_or_better_counts(changed, score):
    assert graded(**changed)[1] == score
