"""Make the project a git repository with a first commit, and say what to do next."""

import sys

sys.path.pop(0)  # the shared temporary directory, where anyone's json.py would be imported

import subprocess  # noqa: E402


def git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True)


def commit_all():
    """Return what kept git from committing, or an empty string."""
    try:
        inside = git("rev-parse", "--is-inside-work-tree").returncode == 0
        if inside and git("check-ignore", "-q", ".").returncode != 0:
            return "the project lies inside another repository: commit it there"
    except OSError:
        return "git is not installed: commit the project when it is"
    identity = []
    if git("config", "user.email").returncode != 0:
        identity = ["-c", "user.name={{ cookiecutter.project_name }}", "-c", "user.email=nobody@localhost"]
    for arguments in (
        ["-c", "init.defaultBranch=main", "init", "-q"],
        ["add", "."],
        [*identity, "commit", "-q", "--no-verify", "--no-gpg-sign", "-m", "Start the project"],
    ):
        result = git(*arguments)
        if result.returncode != 0:
            return f"git {arguments[-1]}: {result.stderr.strip()}"
    return ""


if problem := commit_all():
    print(f"No first commit was made: {problem}.", file=sys.stderr)
print("""
{{ cookiecutter.project_name }} is ready. Next:

    cd {{ cookiecutter.project_name }}
    nox -s serve    (pip install nox, if you have none)

README.md in it says the rest.""")
