"""A mail server on this machine that takes mail, or fails in one of the ways that real ones do."""

import time
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

# What it answers to which command instead of what it should; None: it hangs up.
FAULTS = {
    "is busy": ("", b"421 4.3.2 Too busy"),
    "does not take the password": ("AUTH", b"535 5.7.8 Wrong password"),
    "does not take the sender": ("MAIL", b"550 5.7.1 Not your domain"),
    "does not take the address yet": ("RCPT", b"450 4.2.0 Greylisted"),
    "does not know us": ("MAIL", b"530 5.7.0 Authentication required"),
    "does not take the address": ("RCPT", b"550 5.1.1 No such mailbox"),
    "hangs up at once": ("", None),
    "hangs up in the middle": ("DATA", None),
    "does not take the text": (".", b"554 5.6.0 Spam"),
    "hangs up after the text": (".", None),
    "speaks something else": ("", b"HTTP/1.1 400 Bad Request"),
}
SILENT, SILENT_LATER = "is silent", "is silent after the text"
ANSWERS = {"": b"220 here", "DATA": b"354 go on", "QUIT": b"221 bye", "AUTH": b"235 let in"}
QUESTION = b"334 UGFzc3dvcmQ6"  # Password:


class Session(StreamRequestHandler):
    """One connection; the texts of mails that it takes go to server.taken."""

    def handle(self):
        self.server.sessions += 1
        time.sleep(self.server.delay)
        if self.server.fault == SILENT:
            self.rfile.read()  # until the client has had enough
            return
        answered = self.answer("")
        while answered and (line := self.rfile.readline()):
            command = line.decode("ascii", "replace").strip().partition(" ")[0].upper()
            if command == "EHLO":
                self.wfile.write(b"250-here\r\n250-AUTH %s\r\n" % self.server.log_in)
            if command == "AUTH" and b"PLAIN" not in line:
                self.wfile.write(QUESTION + b"\r\n")
                self.rfile.readline()
            if command == "RCPT" and self.server.refused and self.server.refused in line:
                self.wfile.write(b"550 5.1.1 No such mailbox\r\n")
                continue
            answered = self.answer(command) and command != "QUIT"
            if answered and command == "DATA":
                answered = self.take()

    def take(self):
        lines = iter(self.rfile.readline, b".\r\n")
        text = b"".join(lines).decode()
        if self.server.fault == SILENT_LATER:
            self.rfile.read()
            return False
        if self.server.fault is None:
            self.server.taken.append(text)  # before the client knows, who looks for it at once
        return self.answer(".")

    def answer(self, command):
        """Answer the command; return whether the conversation goes on."""
        place, fault = FAULTS.get(self.server.fault, (None, None))
        answer = fault if place == command else ANSWERS.get(command, b"250 ok")
        if answer:
            self.wfile.write(answer + b"\r\n")
        return answer is not None


@contextmanager
def mail_server(fault=None, port=0):
    """Run a server with that fault on that port, or on a free one; yield it.

    `taken` has the texts of what it took, and `sessions` counts the connections. `fault`, `delay`,
    in seconds before it says anything, `log_in`, the ways to do so, and `refused`, a part of
    addresses, may change while it runs.
    """
    with ThreadingTCPServer(("127.0.0.1", port), Session) as server:
        server.daemon_threads = True
        server.fault, server.taken, server.sessions, server.delay = fault, [], 0, 0
        server.log_in, server.refused = b"PLAIN", b""
        server.port = server.server_address[1]
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
