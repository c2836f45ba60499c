# shellcheck shell=sh
# Lets Django check a release, collects its static files, and marks it as complete.
: "${release:?}" "${revision:?}"
set -eu
cd "$release/project"
# Both in one start of Django, which takes longer than the checks.
../venv/bin/python - <<'END'
import runpy
import sys

for words in ("check --deploy --fail-level ERROR", "collectstatic --noinput --verbosity 0"):
    sys.argv = ["manage.py", *words.split()]
    try:
        runpy.run_path("manage.py", run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
END
echo "$revision" >"$release/REVISION"
