"""Releases: a version of the project in a directory of its own, complete before it is looked at.

ROOT/releases/20261122T100501Z-1a2b3c4d/   project/, venv -> ../../venvs/HASH, REVISION, PROVEN
ROOT/current -> releases/...               the one that is live
ROOT/next -> releases/...                  the one that takes over, during a relay
ROOT/venvs/HASH/                           one for each content of the locked requirements
ROOT/shared/                               secrets, uploads, and static files of all releases
ROOT/state/                                configuration of the releases, history, journals
"""

import hashlib
import json

from invoke import Exit

from . import files, repository
from .steps import step

KEPT = 5

# What deploys have left that failed or were cut off.
LEFT_OVERS = """
cd $root/releases
for release in *; do
    [ -e $release/PROVEN ] || [ $release = "$(basename "$(readlink ../current)")" ] ||
        rm -rf $release
done
rm -rf .plan.*
"""

# The code and the static files, packages if none of that digest are there, and two dumps.
ROOM = """
size() { du -sk "$1" 2>/dev/null | awk '{kB = $1} END {print kB + 0}'; }
needed=$((200000 + 2 * $(size $root/current/project/)))
[ "$(find $root/venvs -maxdepth 1 -name "$digest")" ] ||
    needed=$((needed + 300000 + $(size $root/current/venv/)))
dump=$(ls -d $root/backups/*/database 2>/dev/null | tail -n 1)
needed=$((needed + 2 * $(size "$dump")))
free=$(df -Pk $root | tail -n 1 | awk '{print $4}')
[ "$free" -ge "$needed" ] ||
    { echo "disk full: $((needed / 1000)) MB are needed, $((free / 1000)) MB are free"; exit 1; }
"""

VENV = """
set -eu
cd $root/venvs
[ ! -d $digest ] || exit 0
rm -rf .new-*
export UV_CACHE_DIR=$root/venvs/.cache
/opt/uv/bin/uv venv --quiet --python /usr/bin/python3 --relocatable .new-$digest
/opt/uv/bin/uv pip install --quiet --python .new-$digest \
    --system-certs --no-deps --require-hashes --requirement $requirements
.new-$digest/bin/python -c "import django, gunicorn, mezzanine, psycopg"
mv .new-$digest $digest
"""

CHECK = """
set -eu
cd $release/project
../venv/bin/python manage.py check --deploy --fail-level ERROR
../venv/bin/python manage.py collectstatic --noinput --verbosity 0
"""

MIGRATE = """
set -eu
cd $root/releases/$release/project
export PGOPTIONS='-c lock_timeout=10s'
../venv/bin/python manage.py createdb --noinput --nodata --verbosity 0
"""


# Building


def build(host, revision):
    """Build a release of the revision, of which nothing is live yet; return its name."""
    name = host.as_root(LEFT_OVERS + "date -u +%Y%m%dT%H%M%SZ").stdout.strip() + f"-{revision[:8]}"
    release = f"{host.root}/releases/{name}"
    with step(host, "Room on the disk"):
        host.as_root(ROOM, digest="*")
    try:
        with step(host, f"Code of {revision[:8]}"):
            repository.unpack(host, revision, f"{release}/project")
        with step(host, "Python packages"):
            digest = virtualenv(host, release)
        files.stage(host, name)
        with step(host, "Checks and static files"):
            host.as_site(CHECK, release=release)
            share_static(host)
        host.as_site(f"echo {revision} >{release}/REVISION")
    except BaseException:
        discard(host, name)
        raise
    return name, digest


def virtualenv(host, release):
    """Make the virtualenv for the release's requirements, unless it is there; return its name."""
    requirements = f"{release}/project/{host.config.requirements_path}"
    seen = host.as_site(f"python3 --version; cat {requirements}").stdout
    digest = hashlib.sha256(seen.encode()).hexdigest()[:16]
    host.as_root(ROOM, digest=digest)
    host.as_site(VENV, digest=digest, requirements=requirements)
    host.as_site(f"ln -sfn ../../venvs/{digest} {release}/venv")
    return digest


def share_static(host):
    """Let one directory serve the static files of all releases: see on_host/static.py."""
    host.call("share_static", as_site=True)


def discard(host, name):
    """Remove what a build has left that failed; where the line is cut the next deploy does."""
    try:
        host.as_root("rm -rf $root/releases/$release", release=name, check=False)
    except Exit:
        pass


# The database of a release


def migrations(host, directory):
    """Return what the migrations of a release would do: see on_host/in_release/."""
    source = (files.HERE / "on_host/in_release/migrations.py").read_bytes()
    shown = host.as_site(
        "cd $directory && DJANGO_SETTINGS_MODULE=$app.settings ../venv/bin/python -",
        stdin=source,
        directory=directory,
        app=host.config.project_app,
    )
    return json.loads(shown.stdout.splitlines()[-1])


def migrate(host, name):
    """Bring the database up to the release; what is there already is left as it is."""
    with step(host, "Database migrations"):
        host.as_site(MIGRATE, release=name)


# What is there


def live(host):
    """Return the name of the live release, or None."""
    link = host.as_root("readlink $root/current", check=False).stdout.strip()
    return link.rpartition("/")[2] or None


def proven(host):
    """Return the names of the releases that have been live, the oldest first."""
    listed = host.as_root("cd $root/releases && ls -d */PROVEN", check=False).stdout.split()
    return sorted(path.partition("/")[0] for path in listed)


# What visitors sent through forms, before it had a place of its own.
KEEP_FORMS = """
cd $root
for forms in releases/*/project/forms; do
    [ ! -d $forms ] || cp -a --no-clobber $forms shared/private/
done
"""

PRUNE = """
cd $root
kept=" $keep $(basename "$(readlink current)") $(cat backups/*/release 2>/dev/null | tr '\\n' ' ') "
for release in $(ls releases); do
    case $kept in
        *" $release "*) ;;
        *) rm -rf releases/$release ;;
    esac
done
for file in state/configuration/*.json; do
    [ -d releases/$(basename $file .json) ] || rm -f $file
done
for venv in $(ls venvs); do
    readlink releases/*/venv | grep -q /$venv$ || rm -rf venvs/$venv
done
find shared/static -type f -links 1 -delete
find shared/static -mindepth 1 -type d -empty -delete
"""


def prune(host, before):
    """Delete all releases but the newest proven ones, the live one, that before, those of backups.

    The virtualenvs and the static files of none go with them.
    """
    with step(host, "Old releases"):
        host.as_site(KEEP_FORMS)
        host.as_root(PRUNE, keep=" ".join([before, *proven(host)[-KEPT:]]), check=False)
        share_static(host)
