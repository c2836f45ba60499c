"""Settings of this machine only: never committed, they override settings.py."""

DEBUG = True

SECRET_KEY = "{{ random_ascii_string(50) }}"
NEVERCACHE_KEY = "{{ random_ascii_string(50) }}"

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
