# shellcheck shell=sh
# Makes the user admin, with the password that it reads, where there is no superuser; then says so.
: "${root:?}" "${host:?}"
read -r DJANGO_SUPERUSER_PASSWORD
export DJANGO_SUPERUSER_PASSWORD
cd "$root/current/project" || exit 1
manage() { ../venv/bin/python manage.py "$@"; }
manage shell -v0 -c "
from django.contrib.auth import get_user_model
raise SystemExit(get_user_model().objects.filter(is_superuser=True).exists())" || exit 0
manage createsuperuser --noinput --username admin --email "admin@$host" >/dev/null
echo made
