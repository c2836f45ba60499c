"""fab, with a fault at its Nth remote command: cut_fab.py N FAULT ARGUMENTS...

FAULT is "line" (the connection is gone), "kill" (fab is killed), "list" (none: the commands are
printed), or a shell command, which is run as root on the host before that command. N counts from 1;
the fault comes when the command has begun.
"""

import itertools
import os
import signal
import subprocess
import sys
import threading

from fabric.main import program

sys.path.insert(0, os.getcwd())
from deploy.host import Host  # noqa: E402  the project's

number, fault, sys.argv[1:] = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
count = itertools.count(1)
start = Host._open


def cut(host):
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault == "line":
        host.connection.transport.sock.close()


def open_with_fault(host, command):
    this = next(count)
    if fault == "list":
        print(f"command {this}: {command[:300]!r}", file=sys.stderr)
    if this != number:
        return start(host, command)
    if fault not in ("kill", "line", "list"):
        subprocess.run(["sh", "-c", os.environ["ON_HOST"]], check=True)
        return start(host, command)
    channel = start(host, command)
    threading.Timer(float(os.environ.get("AFTER", "0.05")), cut, [host]).start()
    return channel


Host._open = open_with_fault
program.run()
