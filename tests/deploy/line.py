"""A line to a host's sshd that takes its time, or goes dead without a word."""

import contextlib
import queue
import socket
import threading
import time


class Line:
    """Forwards 127.0.0.1:port to a host's port 22; each way takes `delay` seconds.

    `dead` can be set: from then on nothing comes through, and nobody is told.
    """

    def __init__(self, address, delay=0.0):
        self.address, self.delay, self.dead = address, delay, threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.close()

    def _accept(self):
        with contextlib.suppress(OSError):  # closed: that is the end
            while True:
                near, far = self._server.accept()[0], socket.create_connection((self.address, 22))
                for source, target in ((near, far), (far, near)):
                    pieces = queue.SimpleQueue()
                    for work in (self._read, source, pieces), (self._write, target, pieces):
                        threading.Thread(target=work[0], args=work[1:], daemon=True).start()

    def _read(self, source, pieces):
        data = b"."
        while data:
            try:
                data = source.recv(2**16)
            except OSError:
                data = b""
            pieces.put((time.monotonic() + self.delay, data))

    def _write(self, target, pieces):
        with contextlib.suppress(OSError):
            while True:
                due, data = pieces.get()
                time.sleep(max(0, due - time.monotonic()))
                if self.dead.is_set():
                    return
                if not data:
                    return target.shutdown(socket.SHUT_WR)
                target.sendall(data)
