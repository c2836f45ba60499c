"""`nox -s serve` makes a project and runs it; `nox` alone tests all that this machine can run."""

import atexit
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "template", "project", "browser", "deploy"]

HERE = Path(__file__).parent
NEWEST = "3.13"  # of Debian's Pythons; edited projects are tested with the one that runs nox
# At a time, in the order of the alphabet, in which the longest are not the last; those of hosts, in
# that of tests/deploy/conftest.py.
TWO_MODULES = ("--numprocesses=2", "--dist=loadfile", "--no-loadscope-reorder")
# Of hosts a third one fills what the others leave: they wait for boots, for packages and for fab.
THREE_MODULES = ("--numprocesses=3", *TWO_MODULES[1:])
ALSO_LONG = ("-m", "")  # also what is marked as long, which pyproject.toml leaves out
CAPTURED = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
FIGURES = HERE / ".nox" / "figures"
SKIPPED_TESTS = HERE / ".nox" / "skipped-tests"
for file in (FIGURES, SKIPPED_TESTS):
    file.unlink(missing_ok=True)


@atexit.register
def show_what_was_found():
    """Print, as the last lines of the run, its figures, and what this machine could not run."""
    for title, path in ("Figures", FIGURES), ("Not run on this machine", SKIPPED_TESTS):
        if path.exists() and (lines := path.read_text(encoding="utf-8")):
            print(f"\n{title}:", lines, sep="\n", end="")


def pytest(session, *arguments):
    """Run tests, in most sessions those of the folder with its name, and show the slowest."""
    environment = {"SKIPPED_TESTS": str(SKIPPED_TESTS), "FIGURES": str(FIGURES)}
    session.install("-r", "tests/requirements.txt")
    session.run("pytest", "--durations=20", *arguments, *session.posargs, env=environment)


@contextmanager
def beside(session, commands):
    """Run commands, lists of words, one by one beside the block; show then what each printed."""
    with ThreadPoolExecutor(1) as pool:
        runs = [pool.submit(subprocess.run, words, **CAPTURED) for words in commands]
        try:
            yield
        finally:
            for run in runs:
                session.log(" ".join(run.result().args))
                print(run.result().stdout, flush=True)
    if failed := [run.result().args[-1] for run in runs if run.result().returncode]:
        session.error(f"failed: {', '.join(failed)}")


@nox.session
def serve(session):
    """Make a project, mysite, unless it is there, and run it: nox -s serve -- 8080."""
    session.install("cookiecutter", "nox")
    if not (HERE / "mysite").exists():
        session.run("cookiecutter", "--default-config", "--no-input", str(HERE), "-o", str(HERE))
    session.run("nox", "-f", "mysite/noxfile.py", "-s", "serve", "--", *session.posargs)


@nox.session
def lint(session):
    """Is the template readable as the project that it makes, in style, and laid out as it says?"""
    session.install("-r", "tests/requirements.txt")
    no_cache = {"RUFF_NO_CACHE": "true"}  # a cache in the template would end up in the project
    session.run("ruff", "check", ".", env=no_cache)
    session.run("ruff", "format", "--check", ".", env=no_cache)
    blocks = "--custom-blocks=editable"  # of Mezzanine
    session.run("djlint", "--quiet", "--check", "--lint", blocks, "{{cookiecutter.project_name}}")
    with session.chdir("{{cookiecutter.project_name}}"):
        session.run("mypy", f"--config-file={HERE / 'tests' / 'lint' / 'mypy.ini'}")
    pytest(session, "tests/lint")


@nox.session
def template(session):
    """Does cookiecutter make a sound project of every answer, and refuse what would not be one?"""
    pytest(session, "tests/template", *TWO_MODULES)


def own_tests(session, pythons):
    """Make a project with the defaults; return the commands of its lint, and its tests on Pythons.

    Each is a list of words.
    """
    session.install("-r", "tests/requirements.txt")
    where = HERE / ".nox" / "made"  # and made again, over the old one, in the next run
    session.run("cookiecutter", "--default-config", "--no-input", "-f", str(HERE), "-o", str(where))
    here = [python for python in pythons if shutil.which(f"python{python}")]
    with SKIPPED_TESTS.open("a", encoding="utf-8") as file:
        for python in sorted({*pythons} - {*here}):
            print(f"the project's tests on Python {python}: it is not installed", file=file)
    nox_there = [str(Path(session.bin) / "nox"), "-f", str(where / "mysite" / "noxfile.py"), "-s"]
    return [[*nox_there, name] for name in ("lint", *(f"tests-{v}" for v in here))]


@nox.session
def project(session):
    """Does the project pass its own checks, and run as it would live?"""
    with beside(session, own_tests(session, [NEWEST])):
        pytest(session, "tests/project", *TWO_MODULES)


@nox.session
def browser(session):
    """Do the pages work in a browser, for visitors and in the admin?"""
    pytest(session, "tests/browser", *TWO_MODULES)


@nox.session
def deploy(session):
    """Does what the README promises hold on brand-new Debian hosts?"""
    pytest(session, "tests/deploy", *THREE_MODULES)


@nox.session
def faults(session):
    """Does every fault of a deploy, at every point, leave the site up? It takes 90 minutes."""
    pytest(session, "tests/deploy/faults", *TWO_MODULES, *ALSO_LONG)


@nox.session
def secure(session):
    """Does fab secure shut out others and never its user? Ten minutes, so not part of nox alone."""
    pytest(session, "tests/deploy/secure", *TWO_MODULES, *ALSO_LONG)


@nox.session
def audit(session):
    """What do auditors with no stake in it say of a server after fab secure all? Eight minutes."""
    auditors = {"nmap": "nmap", "testssl": "testssl.sh", "npm": "npm"}
    if absent := [package for name, package in auditors.items() if not shutil.which(name)]:
        session.error(f"apt install {' '.join(absent)}")
    session.run("npm", "ci", "--ignore-scripts", "--prefix", "tests/deploy/audit", external=True)
    pytest(session, "tests/deploy/audit", *ALSO_LONG)


@nox.session
def everything(session):
    """The sessions deploy, faults, secure and audit in one, on Debian 12 and 13. Three hours.

    And the project's own tests on the other Pythons, and all of them in an edited project.
    """
    with beside(session, own_tests(session, ["3.11", "3.12"])):
        pytest(session, "tests/deploy", "tests/project", *TWO_MODULES, *ALSO_LONG)


@nox.session
def sites(session):
    """Is the site of a request found among ten thousand as fast as alone? Prints the ratios."""
    session.install("cookiecutter")
    where = HERE / ".nox" / "made"
    session.run("cookiecutter", "--default-config", "--no-input", "-f", str(HERE), "-o", str(where))
    session.chdir(where / "mysite")
    session.install("--no-deps", "--require-hashes", "-r", "requirements/project.txt")
    session.run("python", str(HERE / "tests/benchmark_sites.py"), env={"PYTHONPATH": "."})


@nox.session
def growth(session):
    """What does a page cost as a site grows, beside its rivals, and how often is it made?

    Writes docs/growth.md and .svg, and docs/kept.md.
    """
    pytest(session, "--capture=no", "tests/growth/growth.py", "tests/growth/kept.py")


@nox.session
def bench(session):
    """How fast is it, beside a static file, stock Mezzanine and Wagtail? Writes docs/speed.md.

    And what growth writes.
    """
    modules = "tests/deploy/bench/speed.py", "tests/growth/growth.py", "tests/growth/kept.py"
    pytest(session, "--capture=no", *modules)


@nox.session
def content(session):
    """What do push, pull, backup and restore cost a large site? Writes docs/content.md."""
    pytest(session, "--capture=no", "tests/deploy/content/figures.py")


@nox.session
def machines(session):
    """What do visitors of a site on three hosts notice where hosts fail, come and go?"""
    if not shutil.which("haproxy"):
        session.error("apt install haproxy")
    modules = [f"tests/deploy/machines/{name}.py" for name in ("figures", "replacing")]
    pytest(session, "--capture=no", *modules)


@nox.session
def mezzanine(session):
    """Do Mezzanine's own tests pass? They are in its repository alone, so this needs GitHub."""
    pytest(session, "tests/mezzanine", *ALSO_LONG)


@nox.session
def commands(session):
    """Write the commands of fabfile.py into the table in the README of the project."""
    session.install("-r", "tests/requirements.txt")
    session.run("python", "tests/commands_table.py")


@nox.session
def words(session):
    """Compile locale/ of the project, after an edit of a .po file."""
    session.install("-r", "tests/requirements.txt")
    session.run("pybabel", "compile", "-D", "django", "-d", "{{cookiecutter.project_name}}/locale")


@nox.session
def lock(session):
    """Lock the newest versions of what generated projects install."""
    session.install("nox")
    session.run("nox", "-f", "{{cookiecutter.project_name}}/noxfile.py", "-s", "lock")
