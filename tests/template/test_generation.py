"""What cookiecutter makes of the answers."""

import ast
import json
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support import unavailable

HOSTILE_TITLES = [
    """It's "quoted" and 'quoted' \\ back\\slashed \\""",
    "{{ 7 * 7 }} {% load x %} {# gone #} <% raise %> <# gone #> %(name)s ${HOME}",
    "<script>alert(1)</script> &amp; <b>",
    "Zoë’s 😀 日本語 \u202eright to left",
    '"""; import os; os.mkdir("pwned")',
    "x" * 200,
]


def title_of(project):
    """Return the title that the first site of a generated project will have, a str."""
    fixture = project / "multisite/fixtures/first_site.json"
    return json.loads(fixture.read_text("utf-8"))[0]["fields"]["value"]


def git(project, *arguments):
    command = ["git", "-C", str(project), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_defaults_make_a_project(baker):
    project = baker.bake()
    assert project.name == "mysite"
    assert title_of(project) == "Mysite"


def test_the_tree_is_the_templates_with_the_name_filled_in(baker, tracked_files):
    project = baker.bake(project_name="other_name")
    top = "{{cookiecutter.project_name}}"
    expected = {
        path.removeprefix(f"{top}/").replace(top, "other_name")
        for path in tracked_files
        if path.startswith(f"{top}/")
    }
    made = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    assert {path for path in made if not path.startswith(".git/")} == expected


def test_no_file_is_left_half_rendered(baker):
    project = baker.bake(project_name="other_name", live_hostname="one.example")
    for path in project.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            text = path.read_text("utf-8", "replace")
            assert "cookiecutter" not in text, path
            assert "mysite" not in text, path


@pytest.mark.parametrize("title", HOSTILE_TITLES)
def test_a_title_arrives_as_it_was_typed(baker, title):
    assert baker.run(typed=["mysite", title, "", ""]).returncode == 0
    project = baker.output / "mysite"
    assert title_of(project) == title
    for path in project.rglob("*.py"):
        ast.parse(path.read_text("utf-8"))
    assert not list(baker.home.rglob("pwned"))


def test_a_title_of_two_lines_arrives_as_it_was_given(baker):
    assert title_of(baker.bake(site_title="two\nlines")) == "two\nlines"


def test_the_answers_stand_in_the_settings(baker):
    project = baker.bake(
        live_hostname="www.one.example", repo_url="ssh://git@one.example:2222/~me/site.git"
    )
    settings = (project / "mysite/settings.py").read_text("utf-8")
    assert settings.count('"www.one.example"') == 2
    assert '"REPO_URL": "ssh://git@one.example:2222/~me/site.git"' in settings


REFUSED = {
    "project_name": [
        *[
            "",
            " ",
            "my site",
            "my-site",
            "My_site",
            "1site",
            "_site",
            "site.py",
            "é",
            "日本",
            "x" * 32,
        ],
        *["x" * 64, "x" * 300, "../escape", "/tmp/absolute/name", "a/b/c", ".", "..", "~", "a\\b"],
        *["class", "match", "os", "json", "site", "test", "tests", "django", "mezzanine"],
        *["theme", "multisite", "feeds", "page_addresses", "page_cache", "staff", "mail", "deploy"],
        *["importers", "media_library", "navigation", "transfer", "visitors"],
        *["fabfile", "psycopg", "memcache", "postgres", "root", "news", "pg_site"],
        *["a'b", 'a"b', "a\nb", "$(touch pwned)", "x';import os;os.mkdir('pwned');'", "{# x #}"],
    ],
    "site_title": ["", "  ", "x" * 201],
    "live_hostname": [
        *[
            "",
            "http://one.example",
            "one.example/",
            "one.example:80",
            "one_two.example",
            "-one.example",
        ],
        *["one..example", ".one.example", "one example", "one.example\n", "x" * 64 + ".example"],
        *[
            ".".join(["x" * 63] * 4) + ".example",
            ".".join(["x" * 46] * 2) + ".example",
            "1.2.3",
            "300.1.1.1",
            "münchen.example",
            "One.example",
        ],
        *['one.example"', "one.example'", "*.one.example", "user@one.example"],
    ],
    "repo_url": [
        *[
            "site",
            "github.com/me/site",
            "https://",
            "https://one.example",
            "ftp://one.example/site",
        ],
        *[
            "https://me:secret@one.example/site.git",
            "--upload-pack=touch pwned",
            "ext::sh -c touch",
        ],
        *["git@one.example", "git@one.example:", "-x@one.example:site", "https://one.example/a b"],
        *['https://one.example/"', "git@one.example:a'b\"", "https://one.example/a\\"],
    ],
}


@pytest.mark.parametrize(
    ("question", "answer"), [(name, answer) for name in REFUSED for answer in REFUSED[name]]
)
def test_a_bad_answer_is_refused_in_one_line_and_nothing_is_left(baker, question, answer):
    before = set(baker.home.rglob("*"))
    result = baker.run(**{question: answer})
    assert result.returncode == 1
    *_, last = result.stderr.splitlines()
    assert last.startswith(f"{question} cannot be ")
    assert "type" in last
    assert "Traceback" not in result.stderr
    left = set(baker.home.rglob("*")) - before
    assert {path for path in left if ".cookiecutter" not in str(path)} == set()


@pytest.mark.parametrize("name", ["a", "x" * 31, "order", "shop2", "blog", "admin", "my_site"])
def test_an_unusual_but_good_name_is_taken(baker, name):
    assert baker.bake(project_name=name).name == name


@pytest.mark.parametrize(
    "host", ["localhost", "203.0.113.9", "xn--mnchen-3ya.example", "a.b.c.d.e"]
)
def test_an_unusual_but_good_host_name_is_taken(baker, host):
    baker.bake(live_hostname=host)


@pytest.mark.parametrize(
    "url",
    [
        *["git@github.com:me/site.git", "https://github.com/me/site", "file:///srv/git/site.git"],
        *["ssh://hg@hg.one.example/site", "https://me@one.example/site", "http://127.0.0.1:8000/s"],
    ],
)
def test_an_unusual_but_good_url_is_taken(baker, url):
    baker.bake(repo_url=url)


def test_every_module_that_the_project_installs_is_refused_as_its_name(baker, project):
    code = "from importlib.metadata import packages_distributions as p; print(*p())"
    command = [str(project.python), "-c", code]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    hook = (baker.template / "hooks/pre_gen_project.py").read_text("utf-8")
    names = {name.lower() for name in modules if name.isidentifier() and not name.startswith("_")}
    assert names
    assert names - set(hook.split()) == set()


def test_the_first_commit_holds_everything_but_secrets(baker):
    project = baker.bake()
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "log", "--format=%s") == "Start the project\n"
    assert git(project, "branch", "--show-current") == "main\n"
    assert (project / "mysite/local_settings.py").exists()
    assert "local_settings.py\n" not in git(project, "ls-files")
    assert git(project, "status", "--porcelain", "--ignored") == "!! mysite/local_settings.py\n"


def test_keys_are_new_for_every_project_and_kept_nowhere_else(tmp_path, baker):
    first = (baker.bake() / "mysite/local_settings.py").read_text("utf-8")
    (replay,) = (baker.home / ".cookiecutter_replay").iterdir()
    keys = [line.split('"')[1] for line in first.splitlines() if "_KEY" in line]
    assert [len(key) for key in keys] == [50, 50]
    assert keys[0] != keys[1]
    assert not [key for key in keys if key in replay.read_text("utf-8")]
    second = baker.bake("--overwrite-if-exists") / "mysite/local_settings.py"
    assert not [key for key in keys if key in second.read_text("utf-8")]


def test_a_project_inside_another_repository_is_left_to_that_repository(baker):
    git(baker.output, "init", "-q")
    result = baker.run()
    assert "not committed: it lies inside another repository" in result.stdout
    assert not (baker.output / "mysite/.git").exists()


def test_without_git_the_project_is_made_all_the_same(baker):
    result = baker.run(environment={"PATH": ""})
    assert result.returncode == 0, result.stderr
    assert "not committed" in result.stdout
    assert (baker.output / "mysite/manage.py").exists()


def test_a_stray_module_in_the_temporary_directory_is_not_imported(baker, tmp_path):
    for name in ("json", "re", "subprocess", "ipaddress", "keyword"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hijacked')")
    result = baker.run(environment={"TMPDIR": str(tmp_path)})
    assert result.returncode == 0, result.stderr


def test_generation_needs_no_network(baker):
    unshare = ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode:
        unavailable("unshare --net is refused here, so the network cannot be taken away")
    assert baker.run(prefix=unshare).returncode == 0


def test_the_help_of_every_question_is_shown(baker):
    shown = baker.run(typed=["", "", "", ""]).stdout
    questions = json.loads((baker.template / "cookiecutter.json").read_text("utf-8"))
    assert len(questions["__prompts__"]) <= 6
    for number, _ in enumerate(questions["__prompts__"], 1):
        assert f"[{number}/{len(questions['__prompts__'])}]" in shown
    assert set(questions["__prompts__"]) == {name for name in questions if name[0] != "_"}


def test_hooks_import_only_the_standard_library(baker):
    for hook in (baker.template / "hooks").glob("*.py"):
        for node in ast.walk(ast.parse(hook.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert {name.name for name in node.names} <= sys.stdlib_module_names
            assert not isinstance(node, ast.ImportFrom)


FORK = """
[project]
name = "tweepy"
version = "99"
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""


def test_a_fork_takes_the_place_of_a_package_locked_with_its_hash(baker, tmp_path):
    """As README.md says, with an archive: what git+https:// brings has no hash."""
    project = baker.bake()
    with zipfile.ZipFile(tmp_path / "fork.zip", "w") as archive:
        archive.writestr("tweepy-1234/pyproject.toml", FORK)
        archive.writestr("tweepy-1234/tweepy/__init__.py", "")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        fork = f"tweepy @ http://127.0.0.1:{server.server_port}/fork.zip"
        (project / "requirements/project.in").write_text(f"{fork}\n")
        lock = ["--universal", "--generate-hashes", "--python-version", "3.11"]
        uv(project, "pip", "compile", *lock, "requirements/project.in", "-o", "locked.txt")
        assert f"{fork} \\\n    --hash=sha256:" in (project / "locked.txt").read_text()
        uv(project, "venv", "env")
        install = ["--python", "env", "--no-deps", "--require-hashes", "-r", "locked.txt"]
        uv(project, "pip", "install", *install)
        server.shutdown()
    assert f"{fork}\n" == uv(project, "pip", "freeze", "--python", "env")


def uv(project, *arguments):
    command = [sys.executable, "-m", "uv", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout
