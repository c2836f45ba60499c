"""Running cookiecutter on the template, and saying what a machine cannot run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).resolve().parent.parent
AUDITORS = {"pip-audit": "pip-audit==2.10.1", "sslyze": "sslyze==6.3.1"}


def unavailable(reason):
    """Skip the test and say why. Where CI is set everything must run, so the test fails instead."""
    if os.environ.get("CI"):
        pytest.fail(f"CI runs everything, but {reason}", pytrace=False)
    pytest.skip(reason)


def program(name, package):
    """Return the path of a program, a str, or make the test unavailable for want of a package."""
    path = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"]))
    return path or unavailable(f"{name} is not installed: apt-get install {package}")


def auditor(name, *arguments, **options):
    """Run an auditor from PyPI, and return the CompletedProcess, with text output.

    In an environment of its own: sslyze holds back what Fabric needs for the newest ciphers.
    """
    run = [sys.executable, "-m", "uv", "tool", "run", "--python", sys.executable, AUDITORS[name]]
    return subprocess.run([*run, *map(str, arguments)], capture_output=True, text=True, **options)


# Changes of settings.py, for edit().
TRANSLATED = {
    'LANGUAGES = [("en", "English")]': 'LANGUAGES = [("en", "English"), ("de", "Deutsch")]',
    "USE_MODELTRANSLATION = False": "USE_MODELTRANSLATION = True",
}
GERMAN = {'LANGUAGE_CODE = "en"': 'LANGUAGE_CODE = "de"'}


def edit(path, changes):
    """Put the values of a dict where its keys are, each of which is there once."""
    text = path.read_text("utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


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
            timeout=300,
        )

    def bake(self, *arguments, **answers):
        """Generate a project and return its Path."""
        result = self.run(*arguments, **answers)
        assert result.returncode == 0, result.stdout + result.stderr
        (path,) = self.output.iterdir()
        return path
