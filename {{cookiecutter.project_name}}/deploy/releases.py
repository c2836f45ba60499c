"""Releases: a version of the project in a directory of its own, complete before it is looked at.

ROOT/releases/20261122T100501Z-1a2b3c4d/   project/, venv -> ../../venvs/HASH, REVISION, COMPLETE
ROOT/current -> releases/...               the one that is live
ROOT/venvs/HASH/                           one for each content of the locked requirements
ROOT/shared/                               settings, secrets and uploads, kept over all releases
"""

import hashlib
import subprocess

from invoke import Exit

from .config import PROJECT_ROOT
from .host import CommandFailed
from .steps import step

KEPT = 5

FETCH = """
set -eu
export GIT_TERMINAL_PROMPT=0 HGPLAIN=1 HOME=$root
export GIT_SSH_COMMAND="ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new"
cd $root
if hg identify --config ui.interactive=off "$url" >/dev/null 2>&1; then
    if [ "$(hg -R repo paths default 2>/dev/null)" != "$url" ]; then
        rm -rf repo
        hg clone --noupdate --quiet "$url" repo
    fi
    hg -R repo pull --quiet
    hg -R repo identify --debug --id --rev default
else
    if [ "$(git -C repo config remote.origin.url 2>/dev/null)" != "$url" ]; then
        rm -rf repo
        git clone --quiet --mirror "$url" repo
    fi
    git -C repo remote update --prune
    git -C repo rev-parse HEAD
fi
"""

UNPACK_REMOTE = """
set -eu
mkdir -p $release/project
cd $root
if [ -d repo/.hg ]; then
    hg -R repo archive --rev $revision --type tar --prefix . -
else
    git -C repo archive $revision
fi | tar -C $release/project -x
"""

VENV = """
set -eu
cd $root/venvs
[ ! -d $digest ] || exit 0
rm -rf .new-$digest
export UV_CACHE_DIR=$root/venvs/.cache
/opt/uv/bin/uv venv --quiet --python /usr/bin/python3 --relocatable .new-$digest
/opt/uv/bin/uv pip install --quiet --python .new-$digest \
    --system-certs --no-deps --require-hashes --requirement $requirements
.new-$digest/bin/python -c "import django, gunicorn, mezzanine, psycopg"
mv .new-$digest $digest
"""

PREPARE = """
set -eu
cd $release
ln -sfn $root/venvs/$digest venv
ln -sfn $root/shared/local_settings.py project/$app/local_settings.py
cd project
../venv/bin/python manage.py check --deploy --fail-level ERROR
../venv/bin/python manage.py collectstatic --noinput --verbosity 0
"""


def local_revision():
    """Return the revision of the local repository, a str of 40 digits; Exit where there is none."""
    for command in (["git", "rev-parse", "HEAD"], ["hg", "identify", "--debug", "--id"]):
        try:
            result = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True)
        except FileNotFoundError:
            continue
        if result.returncode == 0:
            return result.stdout.strip().rstrip("+")
    raise Exit("There is no commit to deploy: git init, git add and git commit come first", 2)


def local_archive(revision):
    """Return the local repository at that revision as a tar, in bytes."""
    if (PROJECT_ROOT / ".hg").is_dir():
        command = ["hg", "archive", "--rev", revision, "--type", "tar", "--prefix", ".", "-"]
    else:
        command = ["git", "archive", "--format=tar", revision]
    return subprocess.run(command, cwd=PROJECT_ROOT, check=True, capture_output=True).stdout


def newest_revision(host):
    """Return the newest revision there is to deploy, fetching it to the host where it is remote."""
    if not host.config.repo_url:
        return local_revision()
    try:
        return host.run(FETCH, user=host.app_user, url=host.config.repo_url).stdout.split()[-1]
    except CommandFailed as error:
        key = host.run("cat $root/.ssh/id_ed25519.pub", check=False).stdout.strip()
        error.output += (
            f"\nIf the repository is private, let this key of the server read it:\n{key}"
        )
        raise


def build(host, revision):
    """Build a release of the revision, unless one is there; return its name."""
    existing = host.run(
        "grep -lsx $revision $root/releases/*/REVISION | tail -n 1", revision=revision, check=False
    ).stdout.split("/")
    if len(existing) > 2:
        return existing[-2]
    name = host.run("date -u +%Y%m%dT%H%M%SZ").stdout.strip() + f"-{revision[:8]}"
    release = f"{host.root}/releases/{name}"
    try:
        with step(host, f"Code of {revision[:8]}"):
            unpack(host, release, revision)
        with step(host, "Python packages"):
            digest = virtualenv(host, release)
        with step(host, "Checks and static files"):
            host.run(
                PREPARE,
                user=host.app_user,
                release=release,
                digest=digest,
                app=host.config.project_app,
            )
            host.run(f"echo {revision} >{release}/REVISION", user=host.app_user)
    except BaseException:
        host.run(f"rm -rf {release}", check=False)
        raise
    return name


def unpack(host, release, revision):
    if host.config.repo_url:
        host.run(UNPACK_REMOTE, user=host.app_user, release=release, revision=revision)
    else:
        host.run(
            "mkdir -p $release/project && tar -C $release/project -x",
            user=host.app_user,
            stdin=local_archive(revision),
            release=release,
        )


def virtualenv(host, release):
    """Make the virtualenv for the release's requirements, unless it is there; return its name."""
    requirements = f"{release}/project/{host.config.requirements_path}"
    seen = host.run(f"python3 --version; cat {requirements}", user=host.app_user).stdout
    digest = hashlib.sha256(seen.encode()).hexdigest()[:16]
    host.run(VENV, user=host.app_user, digest=digest, requirements=requirements)
    return digest


def migrate(host, name):
    """Bring the database up to the release; what is there already is left as it is."""
    with step(host, "Database migrations"):
        host.run(
            "cd $root/releases/$release/project && export PGOPTIONS='-c lock_timeout=10s' && "
            "../venv/bin/python manage.py createdb --noinput --nodata --verbosity 0",
            user=host.app_user,
            release=name,
        )


def switch(host, name):
    """Make the release the live one, at once."""
    host.run(
        "cd $root && ln -sfn releases/$release .current.new && mv -T .current.new current",
        user=host.app_user,
        release=name,
    )


def live_revision(host):
    """Return the revision of the live release, or an empty string."""
    return host.run("cat $root/current/REVISION", check=False).stdout.strip()


def live(host):
    """Return the name of the live release, or None."""
    link = host.run("readlink $root/current", check=False).stdout.strip()
    return link.rpartition("/")[2] or None


def complete(host):
    """Return the names of all complete releases, the oldest first."""
    listed = host.run("cd $root/releases && ls -d */REVISION", check=False).stdout.split()
    return sorted(path.partition("/")[0] for path in listed)


def prune(host, keep=KEPT):
    """Delete all but the newest complete releases and the live one, and virtualenvs of none."""
    names = complete(host)
    for release in set(names[:-keep]) - {live(host)}:
        host.run("rm -rf $root/releases/$release", release=release)
    host.run(
        "cd $root/venvs && for venv in *; do "
        "readlink $root/releases/*/venv | grep -q /$venv$ || rm -rf $venv; done",
        check=False,
    )
