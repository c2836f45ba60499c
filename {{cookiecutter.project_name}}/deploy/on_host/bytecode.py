"""The program with its bytecode: Python would compile what it finds in a zip at each start.

That was half of the CPU time of a command.
"""

import marshal
import os
import shutil
import warnings
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

UNCHECKED = (1).to_bytes(4, "little") + bytes(8)  # PEP 552: the source is not compared with it


def keep(program: Path) -> None:
    """Add the bytecode of this Python to the program, a zip, where one may write beside it.

    What is in it keeps its place, since others who run it read on there.
    """
    draft = program.with_suffix(f".{os.getpid()}")
    try:
        shutil.copyfile(program, draft)
        with zipfile.ZipFile(draft, "a") as zipped, warnings.catch_warnings(action="ignore"):
            for name in without_bytecode(zipped):
                code = compile(zipped.read(name), f"{program}/{name}", "exec", dont_inherit=True)
                data = MAGIC_NUMBER + UNCHECKED + marshal.dumps(code)
                zipped.writestr(zipfile.ZipInfo(f"{name}c"), data)  # a second one counts alone
        draft.rename(program)
    except OSError:  # such as of a user who may only read there, or of a full disk
        draft.unlink(missing_ok=True)


def without_bytecode(zipped: zipfile.ZipFile) -> list[str]:
    """Return the names of the modules that have none of this Python."""
    names = set(zipped.namelist())
    current = {n for n in names if n.endswith(".pyc") and zipped.read(n)[:4] == MAGIC_NUMBER}
    return sorted(name for name in names if name.endswith(".py") and f"{name}c" not in current)
