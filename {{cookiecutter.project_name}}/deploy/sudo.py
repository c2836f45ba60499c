"""How a command runs as root on a server: by root, or by sudo with a password or without one."""

from collections.abc import Callable
from typing import Any

from .connecting import Refused

NO_TERMINAL = "you must have a tty"  # what sudo says to us where sudoers has requiretty


def prefix(
    name: str, user: str, as_login: Callable[..., Any], password: Callable[[], bytes]
) -> tuple[str, bytes]:
    """Return the words that make a command run as root, and what sudo wants to read first.

    `name` is what a refusal calls the server, `user` has logged in there, as_login runs a line of
    shell as that user (see `Host`), and password is called where sudo asks for one. Refused, with
    the reason, where sudo does not let user do that.
    """
    if user == "root":
        return "", b""
    answer = as_login("LC_ALL=C sudo -kn true")
    if answer.status == 0:
        return "sudo -n -- ", b""
    if answer.status == 127:
        raise Refused(f"{name}: it has no sudo; fab secure brings it, or log in as root", 3)
    first = b"" if NO_TERMINAL in answer.output else password()
    answer = as_login("LC_ALL=C sudo -k -S -p '' true", first)
    if answer.status:
        raise Refused(f"{name}: {refusal(user, answer.output)}", 3)
    return "sudo -k -S -p '' -- ", first


def refusal(user: str, output: str) -> str:
    """Return in words, and with what to do about it, why sudo refuses user, by what it printed."""
    if NO_TERMINAL in output:
        return f"sudo wants a terminal; add to /etc/sudoers: Defaults:{user} !requiretty"
    if "incorrect password" in output:
        return f"sudo does not take the password of {user}; see SSH_PASS in FABRIC"
    words = [line for line in output.splitlines() if user in line or line.startswith("sudo")]
    told = "".join(words[-1:]).rstrip(".")
    return f"sudo refuses {user}: {told}; fab secure as root gives SSH_USER that right"
