"""Fixtures shared by the tests of the template, and how they say what a machine cannot run."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

TEMPLATE = Path(__file__).resolve().parent.parent


def unavailable(reason):
    """Skip the test and say why. Where CI is set everything must run, so the test fails instead."""
    if os.environ.get("CI"):
        pytest.fail(f"CI runs everything, but {reason}", pytrace=False)
    pytest.skip(reason)


def program(name, package):
    """Return the path of a program, a str, or make the test unavailable for want of a package."""
    path = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"]))
    return path or unavailable(f"{name} is not installed: apt-get install {package}")


def pytest_terminal_summary(terminalreporter):
    """Hand the reasons of skipped tests to nox, which repeats them as its last lines."""
    if "SKIPPED_TESTS" in os.environ:
        with open(os.environ["SKIPPED_TESTS"], "a", encoding="utf-8") as file:
            for report in terminalreporter.stats.get("skipped", []):
                print(f"{report.nodeid}: {report.longrepr[2]}", file=file)


class Baker:
    """Runs cookiecutter on the template in a home of its own, as a stranger's machine would."""

    def __init__(self, template, home):
        self.template = template
        self.home = home
        self.output = home / "output"
        self.output.mkdir()

    def run(self, *arguments, typed=None, environment=None, prefix=(), **answers):
        """Run cookiecutter and return the CompletedProcess, with text output.

        typed is a list of answers for the prompts; without it nothing is asked. environment is a
        dict of variables to add, prefix a list of words to put before the command.
        """
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        command = [*prefix, sys.executable, "-m", "cookiecutter", "--default-config", *arguments]
        command += ["--output-dir", str(self.output), str(self.template)]
        command += ["--no-input"] if typed is None else []
        return subprocess.run(
            [*command, *(f"{name}={value}" for name, value in answers.items())],
            input="".join(f"{answer}\n" for answer in typed or []),
            env={**inherited, "HOME": str(self.home), "USERPROFILE": str(self.home)}
            | (environment or {}),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )

    def bake(self, *arguments, **answers):
        """Generate a project and return its Path."""
        result = self.run(*arguments, **answers)
        assert result.returncode == 0, result.stdout + result.stderr
        (path,) = self.output.iterdir()
        return path


@pytest.fixture(scope="session")
def tracked_files():
    """The paths of all files of the template, relative to it, with slashes."""
    command = ["git", "-C", str(TEMPLATE), "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [path for path in listed.split("\0") if path and (TEMPLATE / path).is_file()]


@pytest.fixture(scope="session")
def template(tmp_path_factory, tracked_files):
    """The template as a clone has it: nothing that tools have left beside its files."""
    copy = tmp_path_factory.mktemp("template")
    for path in tracked_files:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEMPLATE / path, copy / path)
    return copy


@pytest.fixture
def baker(template, tmp_path):
    return Baker(template, tmp_path)


@pytest.fixture(scope="session")
def project(template, tmp_path_factory):
    """A project made with the defaults: .path, and .python, which has what is locked installed."""
    path = Baker(template, tmp_path_factory.mktemp("project")).bake()
    environment = path.parent / "environment"
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    requirements = str(path / "requirements/dev.txt")
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(environment)],
        ["pip", "sync", "--quiet", "--python", str(python), "--require-hashes", requirements],
    ):
        subprocess.run([sys.executable, "-m", "uv", *command], check=True)
    return SimpleNamespace(path=path, python=python)


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
