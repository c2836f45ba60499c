"""A project takes over a newer template, whether cruft made it or cookiecutter."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile

import pytest
from support import TEMPLATE

PROJECT = "{{cookiecutter.project_name}}"


@pytest.fixture
def repository(template, tmp_path):
    """A repository with the template as it is now."""
    path = shutil.copytree(template, tmp_path / "template")
    run("git", "init", "-q", "-b", "main", cwd=path)
    commit(path)
    return path


def run(*command, cwd, environment=None, typed=""):
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment = inherited | (environment or {})
    captured = {"capture_output": True, "text": True}
    result = subprocess.run(command, cwd=cwd, env=environment, input=typed, **captured)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def commit(repository):
    """Commit all that is there, and return the commit, 40 digits."""
    run("git", "add", "--force", ".", cwd=repository)
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    run("git", *identity, "commit", "-q", "-m", "Test", cwd=repository)
    return head(repository)


def head(repository):
    return run("git", "rev-parse", "HEAD", cwd=repository).strip()


def make_newer(repository):
    """Add a line to a style sheet of the template; return the commit."""
    source = repository / PROJECT / "theme/static/css/theme.css"
    source.write_text(source.read_text("utf-8") + "\n/* newer */\n", "utf-8")
    return commit(repository)


def cruft(*arguments, cwd, typed=""):
    return run(sys.executable, "-m", "cruft", *arguments, cwd=cwd, typed=typed)


def cookiecutter(*arguments, cwd, **environment):
    """Run it in a home of its own, whose folder is `cwd`; return the project's path."""
    command = [sys.executable, "-m", "cookiecutter", "--default-config", "--no-input", *arguments]
    run(*command, cwd=cwd, environment={"HOME": str(cwd), "PWD": str(cwd)} | environment)
    return cwd / "mysite"


def record_of(project):
    return json.loads((project / ".cruft.json").read_text("utf-8"))


def test_a_project_takes_over_what_changed_and_keeps_its_own(repository, tmp_path):
    cruft("create", str(repository), "--no-input", "--default-config", cwd=tmp_path)
    project = tmp_path / "mysite"
    keys = (project / "mysite/local_settings.py").read_text("utf-8")
    urls = project / "mysite/urls.py"
    urls.write_text(urls.read_text("utf-8") + "\n# our own\n", "utf-8")
    commit(project)

    make_newer(repository)
    cruft("update", "--skip-apply-ask", cwd=project)

    assert "/* newer */" in (project / "theme/static/css/theme.css").read_text("utf-8")
    assert urls.read_text("utf-8").endswith("# our own\n")
    assert (project / "mysite/local_settings.py").read_text("utf-8") == keys
    changed = run("git", "status", "--porcelain", cwd=project).split()
    assert set(changed) == {"M", ".cruft.json", "theme/static/css/theme.css"}
    assert "up to date" in cruft("check", cwd=project)


def test_one_that_cookiecutter_made_does_so_with_the_one_command_of_the_readme(
    repository, tmp_path
):
    made_at = head(repository)
    answers = ['site_title=It\'s "ours" 😀', "live_hostname=www.one.example"]
    project = cookiecutter(f"git+file://{repository}", *answers, cwd=tmp_path)
    assert record_of(project)["commit"] == made_at
    assert run("git", "status", "--porcelain", cwd=project) == ""

    make_newer(repository)
    readme = (project / "README.md").read_text("utf-8")
    words = re.search(r"`pipx run cruft (update)`", readme)[1]
    cruft(words, "--skip-apply-ask", cwd=project)

    changed = run("git", "status", "--porcelain", cwd=project).split()
    assert set(changed) == {"M", ".cruft.json", "theme/static/css/theme.css"}
    assert record_of(project)["context"]["cookiecutter"]["live_hostname"] == "www.one.example"
    assert "up to date" in cruft("check", cwd=project)


def test_the_record_has_the_answers_and_nothing_else_of_the_machine(repository, tmp_path):
    project = cookiecutter(f"git+file://{repository}", "site_title=Ours", cwd=tmp_path)
    assert record_of(project) == {
        "template": f"file://{repository}",
        "commit": head(repository),
        "checkout": None,
        "context": {
            "cookiecutter": {
                "project_name": "mysite",
                "site_title": "Ours",
                "live_hostname": "www.example.com",
                "repo_url": "",
            }
        },
        "directory": None,
    }


def test_a_short_name_is_recorded_as_the_url_without_a_password(repository, tmp_path):
    """What gh:org/template stands for, as git has fetched it; the URL leads to this machine."""
    rule = f"url.file://{repository}.insteadOf"
    urls = {
        "gh:org/template": "https://github.com/org/template.git",
        "https://me:secret@one.example/template.git": "https://one.example/template.git",
    }
    for number, (typed, url) in enumerate(urls.items()):
        home = tmp_path / str(number)
        home.mkdir()
        fetched = url.replace("https://", "https://me:secret@") if "@" in typed else url
        variables = ["GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0"]
        environment = dict(zip(variables, ["1", rule, fetched], strict=True))
        project = cookiecutter(typed, cwd=home, **environment)
        assert record_of(project)["template"] == url
        assert "secret" not in (project / ".cruft.json").read_text("utf-8")


@pytest.mark.parametrize("typed", ["{}/template", "template", "./template"])
def test_a_path_is_recorded_so_that_it_leads_there_from_everywhere(repository, tmp_path, typed):
    project = (
        cookiecutter(typed.format(tmp_path), "-o", "made", cwd=tmp_path).parent / "made/mysite"
    )
    assert record_of(project)["template"] == str(repository)
    assert "up to date" in cruft("check", cwd=project)


def test_an_older_tag_is_what_a_project_was_made_of_and_not_where_it_stays(repository, tmp_path):
    run("git", "tag", "v1", cwd=repository)
    tagged = head(repository)
    newest = make_newer(repository)
    project = cookiecutter(f"git+file://{repository}", "--checkout", "v1", cwd=tmp_path)
    assert (record_of(project)["commit"], record_of(project)["checkout"]) == (tagged, None)
    cruft("update", "--skip-apply-ask", cwd=project)
    assert record_of(project)["commit"] == newest


def test_a_branch_is_followed(repository, tmp_path):
    run("git", "branch", "next", cwd=repository)
    project = cookiecutter(f"git+file://{repository}", "--checkout", "next", cwd=tmp_path)
    assert record_of(project)["checkout"] == "next"


def test_of_a_zip_file_nothing_is_recorded_as_cruft_can_clone_none(repository, tmp_path):
    run("git", "archive", "--prefix=t/", "-o", tmp_path / "main.zip", "HEAD", cwd=repository)
    project = cookiecutter("main.zip", cwd=tmp_path)
    assert not (project / ".cruft.json").exists()


@pytest.mark.parametrize("inside", ["no repository", "another repository"])
def test_where_the_revision_is_not_known_nothing_is_recorded(template, tmp_path, inside):
    shutil.copytree(template, tmp_path / "template")
    if inside == "another repository":
        run("git", "init", "-q", cwd=tmp_path)
        (tmp_path / "file").touch()
        run("git", "add", "file", cwd=tmp_path)
        run("git", "-c", "user.name=T", "-c", "user.email=t@t", "commit", "-qm", "x", cwd=tmp_path)
    project = cookiecutter("template", cwd=tmp_path)
    assert not (project / ".cruft.json").exists()


def record_of_hook(repository, folder, made, **context):
    """Return what the hook records of a template that lies in a folder; None where nothing."""
    hook = (repository / "hooks/post_gen_project.py").read_text("utf-8")
    context = {"_repo_dir": str(folder), "project_name": "mysite"} | context
    source = hook.replace("{{ cookiecutter | tojson }}", json.dumps(context))
    made.mkdir()
    run(sys.executable, "-c", source.replace("sys.path.pop(0)", ""), cwd=made)
    return record_of(made) if (made / ".cruft.json").exists() else None


@pytest.fixture(params=["no repository", "another repository"])
def unpacked(request, repository, tmp_path):
    """A folder in which cookiecutter has unpacked a zip file: TMPDIR may lie anywhere."""
    folder = tmp_path / "unpacked"
    folder.mkdir()
    if request.param == "another repository":
        run("git", "init", "-q", cwd=folder)
        run("git", "remote", "add", "origin", "https://one.example/other.git", cwd=folder)
        (folder / "file").touch()
        commit(folder)
    run("git", "archive", "--prefix=t/", "-o", tmp_path / "t.zip", "HEAD", cwd=repository)
    zipfile.ZipFile(tmp_path / "t.zip").extractall(folder)
    return folder / "t"


FORGES = {
    "https://github.com/org/template/archive/refs/heads/main.zip": "https://github.com/org/template",
    "https://gitlab.com/org/t/-/archive/main/t-main.zip": "https://gitlab.com/org/t",
    "https://u:p@ss@h/org/archive/archive/v1.zip?private_token=s3cret&x=.zip": (
        "https://h/org/archive"
    ),
    "https://bitbucket.org/org/t/get/main.zip": None,
    "http://h/tpl.zip?private_token=s3cret&x=.zip": None,
    "https://h/T.ZIP": None,
    "/home/me/archive/main.zip": None,
    "short:main": None,
}


@pytest.mark.parametrize("typed", FORGES)
def test_a_zip_file_of_a_forge_is_recorded_as_its_repository(repository, unpacked, tmp_path, typed):
    record = record_of_hook(repository, unpacked, tmp_path / "mysite", _template=typed)
    found = record and (record["template"], record["commit"])
    assert found == (FORGES[typed] and (FORGES[typed], head(repository)))


@pytest.mark.parametrize(
    ("cloned", "recorded"),
    [
        ("https://u:p@ss@h/t.git", "https://h/t.git"),
        ("HTTPS://s3cret@h/t.git", "HTTPS://h/t.git"),
        ("http://u:p?s3cret@h:8000/t", "http://h:8000/t"),
        ("https://h/t.git?private_token=s3cret#s3cret", "https://h/t.git"),
        ("https://h/@org/t.git", "https://h/@org/t.git"),
        ("https://h/archive/t.git", "https://h/archive/t.git"),
        ("ssh://git:s3cret@h/tpl.git", "ssh://git@h/tpl.git"),
        ("git+ssh://git:s3@cret@h:22/t.git", "git+ssh://git@h:22/t.git"),
        ("ssh://git@h/t.git", "ssh://git@h/t.git"),
        ("git@h:org/t.git", "git@h:org/t.git"),
        ("file:///a#b/t", "file:///a#b/t"),
    ],
)
def test_no_secret_of_the_address_is_recorded(repository, tmp_path, cloned, recorded):
    run("git", "remote", "add", "origin", cloned, cwd=repository)
    record = record_of_hook(repository, repository, tmp_path / "mysite", _template=cloned)
    assert record["template"] == recorded


def test_a_project_without_a_record_gets_one_by_the_line_of_the_readme(
    repository, template, tmp_path
):
    project = cookiecutter(str(template), cwd=tmp_path)
    assert not (project / ".cruft.json").exists()
    line = re.search(
        r"^`pipx run (cruft link .*)`$", (TEMPLATE / "README.md").read_text("utf-8"), re.M
    )
    line = line[1].replace("https://github.com/org/template", str(repository))
    line = line.replace("9f05cf0", head(repository)[:8])
    newest = make_newer(repository)
    cruft(*shlex.split(line)[1:], cwd=project, typed="\n" * 5)
    commit(project)
    cruft("update", "--skip-apply-ask", cwd=project)
    assert "/* newer */" in (project / "theme/static/css/theme.css").read_text("utf-8")
    assert record_of(project)["commit"] == newest
