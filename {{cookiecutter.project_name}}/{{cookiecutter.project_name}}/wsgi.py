"""WSGI entry point, for gunicorn."""

import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{Path(__file__).parent.name}.settings")

application = get_wsgi_application()
