"""A project that cruft made takes over a newer template."""

import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def repository(template, tmp_path):
    """A repository with the template as it is now."""
    path = shutil.copytree(template, tmp_path / "template")
    run("git", "init", "-q", "-b", "main", cwd=path)
    commit(path)
    return path


def run(*command, cwd):
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def commit(repository):
    run("git", "add", "--force", ".", cwd=repository)
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    run("git", *identity, "commit", "-q", "-m", "Test", cwd=repository)


def cruft(*arguments, cwd):
    return run(sys.executable, "-m", "cruft", *arguments, cwd=cwd)


def test_a_project_takes_over_what_changed_and_keeps_its_own(repository, tmp_path):
    cruft("create", str(repository), "--no-input", "--default-config", cwd=tmp_path)
    project = tmp_path / "mysite"
    keys = (project / "mysite/local_settings.py").read_text("utf-8")
    urls = project / "mysite/urls.py"
    urls.write_text(urls.read_text("utf-8") + "\n# our own\n", "utf-8")
    commit(project)

    source = repository / "{{cookiecutter.project_name}}/theme/static/css/theme.css"
    source.write_text(source.read_text("utf-8") + "\n/* newer */\n", "utf-8")
    commit(repository)
    cruft("update", "--skip-apply-ask", cwd=project)

    assert "/* newer */" in (project / "theme/static/css/theme.css").read_text("utf-8")
    assert urls.read_text("utf-8").endswith("# our own\n")
    assert (project / "mysite/local_settings.py").read_text("utf-8") == keys
    changed = run("git", "status", "--porcelain", cwd=project).split()
    assert set(changed) == {"M", ".cruft.json", "theme/static/css/theme.css"}
    assert "up to date" in cruft("check", cwd=project)
