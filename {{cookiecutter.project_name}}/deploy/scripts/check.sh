# shellcheck shell=sh
# Lets Django check a release, collects its static files, and marks it as complete.
: "${release:?}" "${revision:?}"
set -eu
cd "$release/project"
../venv/bin/python manage.py check --deploy --fail-level ERROR
../venv/bin/python manage.py collectstatic --noinput --verbosity 0
echo "$revision" >"$release/REVISION"
