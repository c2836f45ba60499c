# shellcheck shell=sh
# Sends a test mail from the live release to $address, and prints what the mail server says.
: "${root:?}" "${address:?}"
set -eu
cd "$root/current/project"
if ! [ -e mail/management/commands/testmail.py ]; then
    echo "The live release is too old for this: type fab deploy" >&2
    exit 1
fi
exec env PYTHONUNBUFFERED=1 ../venv/bin/python manage.py testmail -- "$address"
