"""A conversation with a mail server, told line by line, without passwords."""

import base64

HIDDEN = "***"


def told(backend_class, tell):
    """Return a subclass of a backend for SMTP that calls tell with each line, a str."""

    class Told(backend_class):
        @property
        def connection_class(self):
            return type("Conversation", (Conversation, super().connection_class), {"tell": tell})

    return Told


def plain(text):
    """Return a text without what a terminal or a database would not take for a letter."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


class Conversation:
    """What smtplib sends and reads; `tell` is a function of a line."""

    is_log_in = False  # what is sent next is a name or a password

    def connect(self, host="localhost", port=0, source_address=None):
        type(self).tell(f"-> connect to {host}, port {port}")
        return super().connect(host, port, source_address)

    def putcmd(self, cmd, args=""):
        line = f"{cmd} {args}".strip()
        if cmd.upper() == "AUTH":
            line = f"{cmd} {args.split()[0]} {HIDDEN}"
            self.is_log_in = True
        elif self.is_log_in:
            line = HIDDEN
        type(self).tell(f"-> {line}")
        return super().putcmd(cmd, args)

    def getreply(self):
        code, words = super().getreply()
        self.is_log_in = self.is_log_in and code == 334
        lines = words.decode("utf-8", "replace").splitlines() or [""]
        for line in [self.readable(lines[0])] if code == 334 else lines:
            type(self).tell(plain(f"<- {code} {line}".rstrip()))
        return code, words

    def readable(self, line):
        """Return the question of a log-in, such as "Password:"."""
        try:
            text = base64.b64decode(line, validate=True).decode("ascii")
        except ValueError:
            return line
        return text if text.isprintable() else line
