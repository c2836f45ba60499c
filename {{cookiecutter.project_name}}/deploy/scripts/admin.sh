# shellcheck shell=sh
# Makes the user admin, with the password that it reads, where there is no superuser; then says so.
: "${root:?}" "${host:?}"
set -eu
IFS= read -r DJANGO_SUPERUSER_PASSWORD
export DJANGO_SUPERUSER_PASSWORD
cd "$root/current/project"
manage() { ../venv/bin/python manage.py "$@"; }
found=$(manage shell -v0 -c "
from django.contrib.auth import get_user_model
print('superusers:', get_user_model().objects.filter(is_superuser=True).count())")
case $found in
    *"superusers: 0") ;;
    *"superusers: "*) exit 0 ;;
    *) echo "$found" >&2; exit 1 ;;
esac
manage createsuperuser --noinput --username admin --email "admin@$host" >/dev/null
echo made
