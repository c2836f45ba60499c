# shellcheck shell=sh
# Lets the live release's packages and settings serve a revision that was unpacked to look at it.
: "${root:?}" "${release:?}" "${app:?}"
set -eu
ln -sfn "$root/current/venv" "$release/venv"
settings=$root/current/project/$app/local_settings.py
[ ! -e "$settings" ] || cp -L "$settings" "$release/project/$app/"
