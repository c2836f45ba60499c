"""In a release: several of these scripts in one start of Django, which costs more than they do.

Reads their sources as JSON, by name; prints JSON, what each prints, or {"error": "why it cannot"}.
"""

import json
import sys
from contextlib import redirect_stdout
from io import StringIO


def answer(name, source):
    printed = StringIO()
    try:
        with redirect_stdout(printed):
            exec(compile(source, name, "exec"), {"__name__": "__main__"})  # noqa: S102 - a script of the release
        return json.loads(printed.getvalue().splitlines()[-1])
    except Exception as error:  # whatever the project raises: the others are asked all the same
        words = str(error).strip() or repr(error)
        return {"error": words.splitlines()[-1]}


sources = json.load(sys.stdin)
print(json.dumps({name: answer(name, source) for name, source in sources.items()}))
