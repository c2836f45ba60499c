"""In the Python of a project, in its directory: what answers cost there.

Reads requests from its standard input, a line of JSON each: {"path": "/", "who": "uncached"}, or
{"run": "code"}. Writes what cost() returns for each.
"""

import json
import os
import sys
import time
from pathlib import Path

HOST = "www.example.com"
LONG = 1  # second of CPU
# By who asks, the cookies: who has just sent a form gets no page that is kept.
VISITORS = {"cached": {}, "uncached": {"just-sent": "1"}, "staff": {}}


def cost(client, path):
    """Return the "status", "queries" and "bytes" of an answer, and its "cpu", in seconds.

    That is the CPU of this process and of the one of PostgreSQL that works for it. It is that of a
    second time, when all that is loaded once is there, unless the first took more than LONG.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        answer, took = ask(client, path)
    asked = len(queries)  # before Django forgets them
    if took < LONG:
        answer, took = ask(client, path)
    size = len(answer.content)
    return {"cpu": took, "status": answer.status_code, "bytes": size, "queries": asked}


def ask(client, path):
    start = cpu()
    answer = client.get(path)
    return answer, cpu() - start


def cpu():
    from django.db import connection

    backend = connection.connection.info.backend_pid
    nanoseconds = int(Path(f"/proc/{backend}/schedstat").read_text().split()[0])
    return time.process_time() + nanoseconds / 1e9


def client_of(who):
    """Return the client for one of VISITORS."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(HTTP_HOST=HOST)
    client.cookies.load(VISITORS[who])
    if who == "staff":
        client.force_login(get_user_model().objects.get(is_superuser=True))
    return client


def main():
    answers, sys.stdout = sys.stdout, sys.stderr
    sys.path.insert(0, os.getcwd())
    import django

    django.setup()
    for line in sys.stdin:
        asked = json.loads(line)
        if "run" in asked:
            answer = exec(asked["run"], {})
        else:
            answer = cost(client_of(asked["who"]), asked["path"])
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
