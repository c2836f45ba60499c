"""The way to a server: its key, ours, and what to say where there is none."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from fabric import Connection
from invoke import Exit
from paramiko import BadHostKeyException, SSHException, Transport
from paramiko.ssh_exception import AuthenticationException, NoValidConnectionsError

from . import host_keys
from .logging_in import LogIn, TooMany

CONNECT_TIMEOUT = 15  # seconds
# What fail2ban, and sshd by PerSourcePenalties since Debian 13, do after log-ins that failed.
SHUT_OUT = "; if that was right before, wait ten minutes: after failed log-ins a server shuts out"
ALIVE_INTERVAL, ALIVE_PATIENCE = 15, 60  # seconds between two questions, and for an answer


class Refused(Exit):
    """The server does not let this user in, or not act as root."""


class Away(Exit):
    """Nothing answers there, as where a server is off."""


def connect(
    connection: Connection, name: str, password: str, kind: Callable[..., LogIn] = LogIn
) -> None:
    """Open the connection, unless it is open; Exit with one line where that is not possible.

    `name` is what that line calls the server; the password may be empty. `kind` makes the LogIn.
    """
    if connection.is_connected:
        return
    gateway = connection.gateway
    if gateway and not isinstance(gateway, str):
        connect(gateway, gateway.original_host, "")  # the password is for nobody on the way
    host_keys.check_keys(connection)
    login = complete_options(connection, password, kind)
    try:
        connection.open()
    except BadHostKeyException as error:
        host_keys.changed(connection, error)
        connect(connection, name, password)
    except NoValidConnectionsError:
        where = f"{connection.host} port {connection.port}"
        raise Away(f"{name}: nothing answers at {where}{SHUT_OUT}", 3) from None
    except AuthenticationException as error:
        raise Refused(f"{name}: {refusal(connection, login, error)}", 3) from None
    except (SSHException, OSError, EOFError) as error:
        raise Away(f"{name}: cannot connect: {reason(error)}", 3) from None
    else:
        watch = threading.Thread(target=keep_alive, args=(connection.transport,), daemon=True)
        watch.start()


def another(old: Connection, user: str, password: str | None) -> Connection:
    """Return a connection to the same server, not yet open, for a user, with keys and a password.

    Without a password, None, it is by key.
    """
    options = dict(old.connect_kwargs)
    options["passphrase"] = options.get("passphrase") or password or options.get("password")
    options["password"] = password
    new = Connection(
        old.original_host,
        user=user,
        port=old.port,
        config=old.config,
        gateway=old.gateway,
        connect_timeout=old.connect_timeout or CONNECT_TIMEOUT,
        connect_kwargs=dict(options),
    )
    new.connect_kwargs = options  # Fabric has added the keys of ~/.ssh/config to them once more
    return new


def complete_options(
    connection: Connection, password: str, kind: Callable[..., LogIn] = LogIn
) -> LogIn:
    """Add what the connection is to be made with, and fab --debug must not print earlier.

    Return the LogIn, which is a part of it.
    """
    options = dict(connection.connect_kwargs)
    if password:
        options.setdefault("password", password)
    login = kind(connection.user, options, connection.ssh_config)
    connection.connect_kwargs = {**options, "auth_strategy": login}
    connection.connect_timeout = connection.connect_timeout or CONNECT_TIMEOUT
    return login


def refusal(connection: Connection, login: LogIn, error: AuthenticationException) -> str:
    """Return why the user is not let in, in words."""
    if isinstance(error, TooMany):
        return (
            f"the server ended the connection after {error} keys or passwords of"
            f" {connection.user}, more than it allows; name the right key in SSH_KEY_PATH"
        )
    if login.locked:
        return (
            f"the key {login.locked[0]} cannot be read without its passphrase; ssh-add it,"
            " or type fab --prompt-for-passphrase"
        )
    return (
        f"{connection.user} may not log in with the key or password given;"
        " see SSH_USER, SSH_KEY_PATH and SSH_PASS in FABRIC"
    )


def keep_alive(transport: Transport) -> None:
    """Ask the server now and then whether it is there; close the connection where it is not."""
    while transport.is_active():
        timer = threading.Timer(ALIVE_PATIENCE, transport.close)
        timer.daemon = True
        timer.start()
        with suppress(SSHException, OSError, EOFError):
            transport.global_request("keepalive@openssh.com", wait=True)
        timer.cancel()
        time.sleep(ALIVE_INTERVAL)


def reason(error: Exception) -> str:
    """Return why there is no connection, in words."""
    if isinstance(error, socket.gaierror):
        return "the name is not known"
    if isinstance(error, TimeoutError):
        return "no answer within the time allowed; is it up, and does its firewall let ssh in?"
    if "protocol banner" in str(error):
        return f"the connection ends before ssh begins{SHUT_OUT}"
    return str(error) or type(error).__name__
