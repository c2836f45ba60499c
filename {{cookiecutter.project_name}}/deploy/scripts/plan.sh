# shellcheck shell=sh
# Lets the live release's packages and settings serve a revision that was unpacked to look at it.
: "${root:?}" "${release:?}" "${app:?}"
set -eu
ln -sfn "$root/current/venv" "$release/venv"
cp -L "$root/current/project/$app/local_settings.py" "$release/project/$app/" 2>/dev/null || true
