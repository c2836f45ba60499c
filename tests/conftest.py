"""Fixtures shared by the tests of the template."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import pytest
from support import TEMPLATE, Baker

# A job in the background, which this may be, ignores Ctrl-C, and so would what its tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["servers", "webserver", "chromium"]


def pytest_terminal_summary(terminalreporter):
    """Hand the reasons of skipped tests to nox, which repeats them as its last lines."""
    if "SKIPPED_TESTS" in os.environ:
        skipped = terminalreporter.stats.get("skipped", [])
        reasons = Counter(
            (report.nodeid.partition("::")[0], report.longrepr[2].removeprefix("Skipped: "))
            for report in skipped
        )
        with open(os.environ["SKIPPED_TESTS"], "a", encoding="utf-8") as file:
            for (module, reason), count in reasons.items():
                print(f"{count} of {module}: {reason}", file=file)


@pytest.fixture(scope="session")
def figures():
    """A function that takes a line for the table at the end of the run."""

    def note(line):
        with open(os.environ.get("FIGURES", os.devnull), "a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    return note


@pytest.fixture(scope="session")
def tracked_files():
    """The paths of all files of the template, relative to it, with slashes."""
    command = ["git", "-C", str(TEMPLATE), "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [path for path in listed.split("\0") if path and (TEMPLATE / path).is_file()]


@pytest.fixture(scope="session")
def plain_template(tmp_path_factory, tracked_files):
    """The template as a clone has it: nothing that tools have left beside its files."""
    copy = tmp_path_factory.mktemp("template")
    for path in tracked_files:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEMPLATE / path, copy / path)
    return copy


@pytest.fixture(scope="session")
def template(plain_template):
    """What tests make projects of; those of hosts have another one."""
    return plain_template


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


@pytest.fixture(scope="session")
def translation_packages(project, tmp_path_factory):
    """The path of what requirements/languages.txt names, for PYTHONPATH."""
    path = tmp_path_factory.mktemp("languages")
    locked = str(project.path / "requirements/languages.txt")
    install = ["pip", "install", "--quiet", "--python", str(project.python), "--target", str(path)]
    command = [*install, "--no-deps", "--require-hashes", "-r", locked]
    subprocess.run([sys.executable, "-m", "uv", *command], check=True)
    return path


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
