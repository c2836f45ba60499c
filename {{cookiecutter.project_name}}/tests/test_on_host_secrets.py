"""Settings whose values the server alone knows, where the program needs no server."""

import json
import os

import pytest
from invoke import Exit

from deploy import secret_settings as asking
from deploy.on_host import checks_of_site, files, secret_settings
from deploy.on_host.checks import Server, Wrong
from deploy.on_host.secret_settings import problem_of_name, read
from deploy.on_host.site import Refused, Site
from deploy.secret_settings import standard_input, without_line_end

ADMINS = '[("Ann", "ann@example.com"), ["Bob", "bob@example.com"]]'


class Release:
    """What a release would answer."""

    kind, refused, problem = "str", "", ""

    def answer(self, site, script, directory, app, answers=""):
        assert script == "setting"
        if "try" in json.loads(answers):
            return {"problem": self.problem}
        return {"kind": self.kind, "refused": self.refused, "reads": True}


@pytest.fixture
def release(monkeypatch):
    release = Release()
    monkeypatch.setattr(secret_settings, "ask", release.answer)
    return release


@pytest.fixture
def written(monkeypatch):
    """Let files belong to whoever runs the tests; return the owner and mode of each, by name."""
    found = {}

    def write(path, content, owner="root:root", mode=0o644):
        found[path.name] = (owner, mode)
        path.write_text(content)

    monkeypatch.setattr(secret_settings, "write", write)
    return found


@pytest.fixture
def site(tmp_path, written):
    for name in ("shared", "state"):
        (tmp_path / name).mkdir()
    return Site("garden", tmp_path)


def change(site, name, value):
    return secret_settings.change(site, name, "garden", value)["changed"]


def kept(site):
    """Return what is kept, as text; a test looks for values in it."""
    path = site.shared / "settings.json"
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize("name", ["EMAIL_HOST", "X", "STRIPE_KEY_2", "LANGUAGES_BIDI"])
def test_settings_have_names_in_capitals(name):
    assert problem_of_name(name) == ""


@pytest.mark.parametrize(
    "name", ["", " ", "A B", "_KEY", "2FA", "Ä", "email_host", "A-B", "A\n", "__doc__", "A.B"]
)
def test_other_names_are_refused(name):
    problem = problem_of_name(name)
    assert "is not the name of a setting" in problem
    assert len(problem.splitlines()) == 1


def test_a_name_in_small_letters_is_told_in_capitals():
    assert problem_of_name("email_host").endswith("; type EMAIL_HOST")


def test_a_value_that_was_typed_after_the_name_is_not_repeated():
    problem = problem_of_name("API_KEY=sk_live_1234")
    assert "sk_live" not in problem
    assert "fab secret API_KEY" in problem


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("str", "587", "587"),
        ("str", " a'b\"c \\ é中 %(x)s ", " a'b\"c \\ é中 %(x)s "),
        ("str", "one\ntwo\n", "one\ntwo\n"),
        ("int", "587", 587),
        ("int", " -1\n", -1),
        ("float", "0.5", 0.5),
        ("float", "2", 2.0),
        ("bool", "True", True),
        ("list", '["a", "b"]', ["a", "b"]),
        ("list", '("a", "b")', ["a", "b"]),
        ("tuple", '["a"]', ("a",)),
        ("dict", "{'a': [1, None]}", {"a": [1, None]}),
    ],
)
def test_a_value_is_read_as_the_type_of_the_default(kind, text, value):
    found = read("NAME", kind, text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "secret"),
        ("int", "587.0"),
        ("int", "True"),
        ("int", "'secret'"),
        ("int", "1 + 1"),
        ("int", "9" * 5000),
        ("float", "1e999"),
        ("float", "True"),
        ("bool", "1"),
        ("bool", "true"),
        ("list", "secret"),
        ("list", "'secret'"),
        ("list", "['secret'"),
        ("list", "[" * 5000),
        ("list", "[secret()]"),
        ("list", "[1e999]"),
        ("dict", "{'secret'}"),
        ("dict", "{[]: 1}"),
        ("tuple", "{}"),
        ("int", "\0"),
    ],
)
def test_a_value_of_another_type_is_refused_in_a_line_without_it(kind, text):
    with pytest.raises(ValueError, match=r"\ANAME takes [^\n]*\Z") as refused:
        read("NAME", kind, text)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("kind", ["str", "int", "list"])
@pytest.mark.parametrize("text", ["", "\n", "  \t"])
def test_an_empty_value_is_refused_with_what_to_type(kind, text):
    with pytest.raises(ValueError, match="--remove"):
        read("NAME", kind, text)


def test_people_are_pairs_of_a_name_and_an_address():
    assert read("ADMINS", "list", ADMINS)[0] == ("Ann", "ann@example.com")
    wrong = ['["ann@example.com"]', '[("Ann",)]', '[("Ann", 1)]', "['ab']", '[("Ann", "ann")]']
    wrong += ["Ann <ann@example.com>", "ann@example.com"]
    for text in (*wrong, '[("Ann", "")]', '[("Ann", "ann@example.com\\nBcc: x@example.com")]'):
        with pytest.raises(ValueError, match="names and addresses"):
            read("ADMINS", "list", text)


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_of_the_standard_input_one_line_end_is_dropped(end):
    assert without_line_end(f"one\n\n{end}" if end == "\n" else f"one{end}") in ("one\n\n", "one")
    assert without_line_end(" a ") == " a "


@pytest.fixture
def piped(monkeypatch):
    """A function that writes to what is the standard input from now on."""
    reader, writer = os.pipe()
    monkeypatch.setattr(asking, "PATIENCE", 0)
    with os.fdopen(reader) as stdin, os.fdopen(writer, "wb", 0) as file:
        monkeypatch.setattr("sys.stdin", stdin)
        yield file


def test_what_is_piped_is_read_to_its_end(piped):
    piped.write("\ufeffone\nzwölf\n".encode())
    piped.close()
    assert standard_input("NAME") == "one\nzwölf\n"


@pytest.mark.parametrize("beginning", [b"", b"half a val"])
def test_a_pipe_in_which_nothing_comes_is_not_waited_for(piped, beginning):
    piped.write(beginning)
    with pytest.raises(Exit, match="type it at a terminal") as ended:
        standard_input("NAME")
    assert ended.value.code == 2


def test_what_is_kept_is_for_root_and_the_site_alone(site, release, written):
    assert change(site, "API_KEY", "x'y\nz")
    assert written == {"settings.json": ("root:garden", 0o640)}
    assert json.loads(kept(site)) == {"API_KEY": repr("x'y\nz")}
    secret_settings.confirm(site)
    assert written["settings.json"] == ("root:root", 0o600)


def test_files_are_written_by_the_one_place_that_writes_them():
    assert secret_settings.write is files.write


def test_it_waits_for_the_next_relay(site, release):
    change(site, "API_KEY", "one")
    assert change(site, "API_KEY", "one")  # as where the relay was not agreed to
    assert secret_settings.show(site) == {"names": ["API_KEY"], "waiting": ["API_KEY"]}
    secret_settings.confirm(site)
    assert secret_settings.show(site) == {"names": ["API_KEY"], "waiting": []}
    assert not change(site, "API_KEY", "one")
    change(site, "API_KEY", None)
    assert secret_settings.show(site) == {"names": [], "waiting": ["API_KEY"]}


def test_a_deploy_and_the_status_know_what_waits(site, release):
    server = Server(site, {"app": "garden", "port": 8000, "hostname": "www.garden.example"})
    assert checks_of_site.secrets(server) is None
    change(site, "API_KEY", "one")
    with pytest.raises(Wrong, match="not live yet: API_KEY") as wrong:
        checks_of_site.secrets(server)
    assert wrong.value.type == "fab restart"
    secret_settings.confirm(site)
    assert checks_of_site.secrets(server) == "yes"


def test_where_a_relay_is_undone_all_is_as_at_the_last_one(site, release):
    change(site, "API_KEY", "one")
    change(site, "OTHER", "one")
    secret_settings.confirm(site)
    before = json.loads(kept(site))
    change(site, "API_KEY", "two")
    change(site, "OTHER", None)
    change(site, "NEW", "one")
    assert secret_settings.put_back(site) == ["API_KEY", "NEW", "OTHER"]
    assert json.loads(kept(site)) == before
    assert secret_settings.put_back(site) == []


def test_without_secrets_a_relay_writes_nothing(site, written):
    secret_settings.confirm(site)
    assert secret_settings.put_back(site) == []
    assert written == {}


def test_what_is_refused_changes_nothing(site, release, written):
    release.kind = "int"
    with pytest.raises(Refused, match="NAME takes a number"):
        change(site, "NAME", "secret")
    release.refused = "NAME is set by the template"
    with pytest.raises(Refused, match="by the template"):
        change(site, "NAME", "1")
    with pytest.raises(Refused, match="there is no secret NAME; there are: none"):
        change(site, "NAME", None)
    assert written == {}


def test_what_the_site_does_not_start_with_is_not_kept_and_not_told(site, release, written):
    release.problem = "ValueError: not a key: it's one\n line two"
    with pytest.raises(Refused, match="does not start") as refused:
        change(site, "NAME", "it's one\n line two")
    assert str(refused.value).endswith("nothing was changed: ValueError: not a key: ***")
    release.kind, release.problem = "dict", "KeyError: 'secret' of 'one'"
    with pytest.raises(Refused, match="does not start") as refused:
        change(site, "NAME", "{'one': ['secret']}")
    assert str(refused.value).endswith("KeyError: '***' of '***'")
    assert written == {}
