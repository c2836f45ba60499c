"""`nox -s serve` runs the site on this machine; `nox` alone checks and tests it."""

from pathlib import Path
from secrets import token_urlsafe

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "tests"]

LOCAL_SETTINGS = Path("{{ cookiecutter.project_name }}/local_settings.py")


def install(session, requirements):
    """Install what is locked; without --no-deps, pip would refuse Mezzanine with this Django."""
    session.install("--no-deps", "--require-hashes", "-r", f"requirements/{requirements}.txt")


def make_local_settings():
    """Write the settings of this machine, which a clone comes without."""
    if not LOCAL_SETTINGS.exists():
        keys = [f'{name} = "{token_urlsafe(50)}"\n' for name in ("SECRET_KEY", "NEVERCACHE_KEY")]
        LOCAL_SETTINGS.write_text("DEBUG = True\n" + "".join(keys))


@nox.session
def serve(session):
    """Run the site, at http://127.0.0.1:8000/ or another address: nox -s serve -- 8080."""
    install(session, "project")
    make_local_settings()
    session.run("python", "manage.py", "createdb", "--noinput", "--verbosity=0")
    session.log("Log in at /admin/ as admin with the password default, and change it there.")
    session.run("python", "manage.py", "runserver", "--nobanner", *session.posargs)


@nox.session
def manage(session):
    """Run a command of manage.py on this machine: nox -s manage -- addsite two.example."""
    install(session, "project")
    make_local_settings()
    session.run("python", "manage.py", *session.posargs)


@nox.session
def lint(session):
    """Check the style of the Python code; nox -s lint -- --fix mends what it can."""
    install(session, "dev")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", *([] if "--fix" in session.posargs else ["--check"]))


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session):
    """Run the tests, on each Python that this machine has: nox -s tests-3.11 -- -k blog."""
    install(session, "dev")
    make_local_settings()
    session.run("python", "manage.py", "check")
    session.run("python", "manage.py", "makemigrations", "--check")
    session.run("pytest", *session.posargs)


@nox.session
def lock(session):
    """Lock the newest versions that requirements/*.in allow, with the hash of every file."""
    session.install("uv")
    as_in_project = "--constraints=requirements/project.txt"
    for name, *constraints in (["project"], ["dev", as_in_project], ["languages", as_in_project]):
        session.run(  # options with "=", since Renovate reads the command in the files
            *["uv", "pip", "compile", "--quiet", "--upgrade", "--universal", "--generate-hashes"],
            *["--python-version=3.11", *constraints, f"--output-file=requirements/{name}.txt"],
            f"requirements/{name}.in",
        )
