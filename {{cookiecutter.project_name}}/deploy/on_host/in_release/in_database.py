"""In a release: a command of manage.py, on another database than the live one.

Reads JSON: "database", its name, and "command", a list of words. Prints JSON: "refused", why the
command was refused, or an empty str.
"""

import io
import json
import sys

import django

django.setup()

from django.core.management import CommandError, call_command  # noqa: E402
from django.db import connection  # noqa: E402

request = json.load(sys.stdin)
connection.close()
connection.settings_dict["NAME"] = request["database"]
try:
    call_command(*request["command"], stdout=io.StringIO())
    refused = ""
except CommandError as error:
    refused = str(error)
print(json.dumps({"refused": refused}))
