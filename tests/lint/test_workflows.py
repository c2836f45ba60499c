"""The workflows that a project comes with, of GitHub and of GitLab, and its updates by Renovate."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support import TEMPLATE

PROJECT = TEMPLATE / "{{cookiecutter.project_name}}"
WORKFLOW = PROJECT / ".github/workflows/ci.yml"
GITHUB = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]
GITLAB = yaml.safe_load((PROJECT / ".gitlab-ci.yml").read_text("utf-8"))
JOBS = ["test", "staging", "production"]


def lines_of(job):
    """Return what a job of either types into a shell, two lists, of GitHub's and of GitLab's."""
    github = [step["run"] for step in GITHUB[job]["steps"] if "run" in step]
    return github, GITLAB["default"]["before_script"] + GITLAB[job]["script"]


BIN = Path(sys.executable).parent
ACTIONLINT = [BIN / "actionlint", "-shellcheck", BIN / "shellcheck"]
ZIZMOR = [BIN / "zizmor", "--offline", "--persona=auditor"]


@pytest.mark.parametrize("linter", [ACTIONLINT, ZIZMOR], ids=["actionlint", "zizmor"])
def test_the_one_of_github_passes(linter):
    command = [*linter, WORKFLOW]
    result = subprocess.run(command, cwd=TEMPLATE, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("job", JOBS)
def test_both_do_the_same(job):
    github, gitlab = lines_of(job)
    assert github == gitlab


def test_an_action_is_named_by_its_commit_and_its_version():
    uses = re.findall(r"uses: (.*)", WORKFLOW.read_text("utf-8"))
    assert uses
    assert [line for line in uses if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", line)] == []


def test_a_deploy_waits_for_the_tests_and_staging_comes_first():
    assert GITHUB["staging"]["needs"] == "test"
    assert GITHUB["production"]["needs"] == ["test", "staging"]
    assert GITLAB["stages"] == JOBS
    assert [GITLAB[job]["stage"] for job in JOBS] == JOBS


@pytest.mark.parametrize("job", JOBS[1:])
def test_nothing_is_deployed_unless_a_variable_says_so_and_the_branch_is_protected(job):
    (rule,) = GITLAB[job]["rules"]
    for condition in (GITHUB[job]["if"], rule["if"]):
        assert condition.count("||") == 0
        assert re.search(rf"DEPLOY_TO\W+{job}", condition)
        assert re.search(r"ref_protected|REF_PROTECTED == .true", condition)
        assert re.search(r"default_branch|DEFAULT_BRANCH", condition)


def test_a_tag_that_has_the_name_of_the_default_branch_is_not_deployed():
    """github.ref_name is the same for both; CI_COMMIT_BRANCH is empty for a tag."""
    assert "ref_name" not in WORKFLOW.read_text("utf-8")
    for job in JOBS[1:]:
        branch = "github.ref == format('refs/heads/{0}', github.event.repository.default_branch)"
        assert branch in GITHUB[job]["if"]
        assert "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in GITLAB[job]["rules"][0]["if"]


def test_the_key_is_one_of_an_environment_which_no_other_branch_can_read():
    for job in JOBS[1:]:
        assert GITHUB[job]["environment"] == GITLAB[job]["environment"] == job
    assert "secrets." not in str(GITHUB["test"])
    readme = (PROJECT / "README.md").read_text("utf-8")
    steps = readme.partition("### Deploy from CI")[2].partition("\n### ")[0]
    (row,) = re.findall(r"^\| `SSH_PRIVATE_KEY` \|(.*)", steps, re.M)
    github, gitlab, _ = row.split("|", 2)
    assert "secret of the environment" in github
    assert "protected variable of type File, of that environment alone" in gitlab
    assert "Protected branches only" in steps


def test_the_secrets_of_a_deploy_are_given_to_one_step_alone():
    for job in GITHUB.values():
        assert "env" not in job
        given = [step["name"] for step in job["steps"] if "secrets." in str(step)]
        assert given in ([], ["Log in"])


def log_in(home, **variables):
    """Run .ci/fabric.sh in a home, but for its installation of Fabric."""
    script = (PROJECT / ".ci/fabric.sh").read_text("utf-8").partition("python3 -m venv")[0]
    variables |= {"HOME": str(home), "PATH": os.environ["PATH"]}
    return subprocess.run(["sh", "-c", script], env=variables, capture_output=True, text=True)


def test_a_key_of_somebody_who_types_a_line_of_the_workflows_is_not_replaced(tmp_path):
    ssh = tmp_path / ".ssh"
    ssh.mkdir()
    files = [ssh / "id_ed25519", ssh / "known_hosts"]
    for file in files:
        file.write_text("mine")
    values = {"SSH_PRIVATE_KEY": "key\r\nof ci", "SSH_KNOWN_HOSTS": "one.example ssh-ed25519 A"}
    run = log_in(tmp_path, **values)
    assert (run.returncode, run.stdout) == (2, "")
    assert len(run.stderr.splitlines()) == 1
    run = log_in(tmp_path, CI="true", SSH_PRIVATE_KEY="key")
    assert (run.returncode, run.stderr.partition(" ")[0]) == (2, "SSH_KNOWN_HOSTS")
    assert [file.read_text() for file in files] == ["mine", "mine"]

    assert log_in(tmp_path, CI="true", **values).returncode == 0
    assert files[0].read_text() == "key\nof ci\n"
    assert files[1].read_text().split("\n") == ["mine", "one.example ssh-ed25519 A", ""]


@pytest.mark.parametrize("folder", [TEMPLATE, PROJECT], ids=["template", "project"])
def test_renovate_finds_what_is_locked(folder, tracked_files):
    """It knows locks by the command in their second line, and options with values by their "="."""
    found = json.loads((folder / "renovate.json").read_text("utf-8"))["pip-compile"]
    (pattern,) = [each.strip("/") for each in found["managerFilePatterns"]]
    files = [TEMPLATE / name for name in tracked_files]
    inside = [file for file in files if file.is_relative_to(folder)]
    locks = [file for file in inside if re.search(pattern, str(file.relative_to(folder)))]
    assert sorted(locks) == sorted(PROJECT.glob("requirements/*.txt"))
    for lock in locks:
        words = lock.read_text("utf-8").splitlines()[1].split()
        name = f"requirements/{lock.stem}"
        assert words[:4] == ["#", "uv", "pip", "compile"]
        assert words[-2:] == [f"--output-file={name}.txt", f"{name}.in"]
        assert all(word.startswith("--") for word in words[4:-1])
