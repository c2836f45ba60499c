"""Commands, on this machine and inside a host."""

import os
import subprocess

PIPES = {"stdin": -1, "stdout": -1, "stderr": -1, "text": True}


def tool(*words, check=True, input=None):
    """Run a tool of this machine and return its output; RuntimeError if it fails."""
    words = [str(word) for word in words]
    result = subprocess.run(words, check=False, input=input, capture_output=True, text=True)
    if check and result.returncode:
        raise RuntimeError(f"{' '.join(words)}: {result.stderr.strip()}")
    return result.stdout


class Process(subprocess.Popen):
    """A command in a session of its own. A signal to it reaches all that it started there."""

    def __init__(self, words, **kw):
        super().__init__(words, start_new_session=True, **kw)

    def send_signal(self, sig):
        if self.poll() is None:
            os.killpg(self.pid, sig)


def finish(process, command, input=None, timeout=600, check=True):
    """Wait for a process as subprocess.run does, and return the same.

    A failure names it by the `command` line that was asked for, and tells what it printed.
    """
    with process:
        try:
            out, err = process.communicate(input, timeout)
        except BaseException:
            process.kill()
            raise
    if check and process.returncode:
        error = subprocess.CalledProcessError(process.returncode, command, out, err)
        error.add_note((out + err)[-3000:])
        raise error
    return subprocess.CompletedProcess(command, process.returncode, out, err)
