"""In a release: whether it can send mail, and what of it was not delivered.

Prints JSON: see report.py of the app mail; an empty dict where the release keeps no mail.
"""

import json

import django

django.setup()

try:
    from mail.report import report
except (ImportError, RuntimeError):  # of an earlier version, or of a project that does without
    print("{}")
else:
    print(json.dumps(report()))
