"""The program that runs on a server, as one file: its bytecode, and what it refuses."""

import json
import subprocess
import sys
from inspect import signature
from zipfile import ZipFile

import pytest

from deploy.on_host.__main__ import COMMANDS
from deploy.program import archive

BYTECODE = "on_host/__main__.pyc"
STAGE = {"command": "stage", "files": [], "values": {}, "release": "1", "fabric": {}}


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "on_host.pyz"
    path.write_bytes(archive())
    return path


def run(program, **request):
    request |= {"name": "garden", "root": str(program.parent)}
    return subprocess.run(
        [sys.executable, "-BI", program],
        input=json.dumps(request) + "\n",
        cwd=program.parent,
        capture_output=True,
        text=True,
    )


def answer(program):
    result = run(program, command="where")
    assert (result.returncode, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_it_refuses_in_one_line(program):
    result = run(program, **STAGE)
    assert result.returncode == 1
    assert result.stderr == "There is no site yet; type fab all\n"


def test_no_command_wants_what_the_program_keeps_for_itself():
    taken = {"command", "name", "root", "home", "environment"}
    wanted = {name: {*signature(command).parameters} for name, command in COMMANDS.items()}
    assert {name: names & taken for name, names in wanted.items() if names & taken} == {}


def test_it_is_compiled_at_its_first_start_alone_and_stays_what_it_is(program):
    first = answer(program)
    kept = program.stat()
    with ZipFile(program) as zipped:
        assert BYTECODE in zipped.namelist()
    assert answer(program) == first
    assert program.stat().st_mtime_ns == kept.st_mtime_ns
    assert list(program.parent.iterdir()) == [program]


def test_who_runs_it_already_reads_on_in_it(program):
    with ZipFile(program) as zipped:
        places = {info.filename: info.header_offset for info in zipped.infolist()}
    answer(program)
    with ZipFile(program) as zipped:
        now = {info.filename: info.header_offset for info in zipped.infolist()}
    assert places.items() <= now.items()


def test_the_bytecode_of_another_python_is_replaced(program):
    with ZipFile(program, "a") as zipped:
        zipped.writestr(BYTECODE, bytes(16))
    answer(program)
    size = program.stat().st_size
    answer(program)
    assert program.stat().st_size == size
    with ZipFile(program) as zipped:
        assert zipped.read(BYTECODE) != bytes(16)
