# shellcheck shell=sh
# Brings the database up to the release of that name.
: "${root:?}" "${release:?}"
set -eu
cd "$root/releases/$release/project"
export PGOPTIONS='-c lock_timeout=10s'
../venv/bin/python manage.py createdb --noinput --nodata --verbosity 0
