"""In a release: send a mail at once by MAIL_DELIVERY_BACKEND, where that is not SMTP.

Reads JSON: "to", "subject", "text" and "id", the Message-ID. Prints JSON: "problem", why it was not
sent, empty where it was. No database is asked.
"""

import json
import sys

from django.conf import settings
from django.core.mail import EmailMessage

from mail.configuration import get_connection

mail = json.loads(sys.stdin.read())
message = EmailMessage(
    mail["subject"],
    mail["text"],
    settings.SERVER_EMAIL,
    [mail["to"]],
    headers={"Message-ID": mail["id"]},
    connection=get_connection(),
)
try:
    message.send()
except Exception as error:  # whatever the backend of the project raises
    print(json.dumps({"problem": str(error).replace("\n", " ") or repr(error)}))
else:
    print(json.dumps({"problem": ""}))
