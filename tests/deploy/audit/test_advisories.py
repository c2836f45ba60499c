"""The advisory database of PyPI knows no fault of what a project installs."""

import json

import pytest
from support import auditor

pytestmark = pytest.mark.long
FAULTY = "Django==3.2"  # there are dozens for it


def faults(path):
    """Return, by name of the package, the faults that are known of requirements, in lists."""
    options = ["--format=json", "--progress-spinner=off", "--no-deps", "--disable-pip"]
    run = auditor("pip-audit", *options, "--requirement", path, timeout=600)
    found = json.loads(run.stdout)["dependencies"] if run.stdout.startswith("{") else []
    return {
        each["name"]: [fault["id"] for fault in each["vulns"]]
        for each in found
        if each.get("vulns")
    }


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """Skips the tests, with the reason, where no database answers; a mirror of PyPI has none."""
    path = tmp_path_factory.mktemp("advisories") / "requirements.txt"
    path.write_text(FAULTY)
    if not faults(path):
        pytest.skip(f"no advisory database is reached here: pip-audit knows no fault of {FAULTY}")


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("name", ["project", "dev", "languages"])
def test_what_is_locked_has_no_fault_that_is_known(template, name):
    folder = template / "{{cookiecutter.project_name}}/requirements"
    assert faults(folder / f"{name}.txt") == {}
