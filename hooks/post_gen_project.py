"""Record the template, make the project a git repository with a first commit, say what is next."""

import sys

sys.path.pop(0)  # as in pre_gen_project.py

import json
import os
import pathlib
import re
import subprocess

NAME = "{{ cookiecutter.project_name }}"
CONTEXT = json.loads(r"""{{ cookiecutter | tojson }}""")


def git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True)


def template_folder():
    """Return where the template lies, an absolute Path; None where cookiecutter does not say.

    A path may be relative to where cookiecutter was started, and a hook runs in the project. cruft
    says none: it writes the record itself.
    """
    name = CONTEXT.get("_repo_dir")
    for start in (os.environ.get("PWD", ""), CONTEXT.get("_output_dir", "")) if name else ():
        folder = pathlib.Path(start, name)
        if folder.is_absolute() and (folder / "cookiecutter.json").is_file():
            return folder


def revision_of(folder):
    """Return the commit of the template, None where it is unknown, and whether git is there."""
    known = git("-C", folder, "rev-parse", "--show-prefix", "HEAD").stdout
    archived = folder / ".git_archival.txt"
    text = archived.read_text("utf-8") if archived.is_file() else ""
    own = re.fullmatch(r"\n([0-9a-f]{40,64})\n", known)  # not of a repository around it
    commit = own or re.fullmatch(r"([0-9a-f]{40,64})\n", text)
    return commit and commit[1], bool(own)


def address_of(folder, is_clone):
    """Return where `cruft update` can clone the template from; None for most zip files."""
    if CONTEXT["_repo_dir"] == CONTEXT["_template"]:
        return os.path.normpath(folder)
    origin = git("-C", folder, "config", "remote.origin.url").stdout.strip()
    url = origin if is_clone else CONTEXT["_template"]
    url = re.sub(r"^(https?://)[^/]*@", r"\1", url, flags=re.I)  # of ssh, the user is no secret
    url = re.sub(r"^(\w[\w+.-]*://[^/:@]*)(:[^/]*)?@", r"\1@", url)
    url = re.sub(r"^(?!file:)(\w[\w+.-]*://[^?#]*).*", r"\1", url)
    forge = re.fullmatch(r"(https?://[^/]+/[^/]+/.+?)(/-)?/archive/.+\.zip", url, re.I)
    return url if is_clone else forge and forge[1]


def record_the_template():
    """Write .cruft.json: which template at which revision, and the answers."""
    folder = template_folder()
    commit, is_clone = revision_of(folder) if folder else (None, False)
    if not commit or not (address := address_of(folder, is_clone)):
        return
    is_branch = git("-C", folder, "symbolic-ref", "-q", "HEAD").returncode == 0
    record = {
        "template": address,
        "commit": commit,
        "checkout": CONTEXT.get("_checkout") if is_branch else None,  # a tag has no updates
        "context": {"cookiecutter": {k: v for k, v in CONTEXT.items() if not k.startswith("_")}},
        "directory": None,
    }
    text = json.dumps(record, ensure_ascii=False, indent=2)
    pathlib.Path(".cruft.json").write_text(f"{text}\n", "utf-8")


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
    record_the_template()
    problem = why_not_committed()
except OSError as error:  # no git
    problem = error
print(f"\n{NAME} is ready" + (f", but not committed: {problem}." if problem else "."))
print(f"Next: cd {NAME}, then nox -s serve (pipx install nox brings nox). README.md says the rest.")
