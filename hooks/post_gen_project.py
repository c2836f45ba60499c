"""Make the project a git repository with a first commit, and say what to do next."""

import sys

sys.path.pop(0)  # as in pre_gen_project.py

import subprocess

NAME = "{{ cookiecutter.project_name }}"


def git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True)


def why_not_committed():
    """Commit all files; return what prevents it, or None."""
    if git("rev-parse", "--git-dir").returncode == 0 and git("check-ignore", ".").returncode:
        return "it lies inside another repository, so commit it there"
    identity = [] if git("config", "user.email").stdout else ["-c", f"user.email={NAME}@localhost"]
    identity += [] if git("config", "user.name").stdout else ["-c", f"user.name={NAME}"]
    commit = ["commit", "-q", "--no-verify", "--no-gpg-sign", "-m", "Start the project"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*identity, *commit]):
        if (result := git(*command)).returncode:
            return result.stderr.strip()


try:
    problem = why_not_committed()
except OSError as error:  # no git
    problem = error
print(f"\n{NAME} is ready" + (f", but not committed: {problem}." if problem else "."))
print(f"Next: cd {NAME}, then nox -s serve (pipx install nox brings nox). README.md says the rest.")
