"""The way to a server: its key, ours, and what to say where there is none."""

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

from invoke import Exit
from paramiko import BadHostKeyException, PKey, SSHException, UnknownKeyType
from paramiko.ssh_exception import AuthenticationException, NoValidConnectionsError

from . import host_keys

CONNECT_TIMEOUT = 15  # seconds
ALIVE_INTERVAL, ALIVE_PATIENCE = 15, 60  # seconds between two questions, and for an answer


class Refused(Exit):
    """The server does not let this user in, or not act as root."""


def connect(connection, name, password):
    """Open the connection, unless it is open; Exit with one line where that is not possible.

    `name` is what that line calls the server; the password may be empty.
    """
    if connection.is_connected:
        return
    gateway = connection.gateway
    if gateway and not isinstance(gateway, str):
        connect(gateway, gateway.original_host, "")  # the password is for nobody on the way
    host_keys.check_keys(connection)
    complete_options(connection, password)
    try:
        connection.open()
    except BadHostKeyException as error:
        host_keys.changed(connection, error)
        connect(connection, name, password)
    except NoValidConnectionsError:
        where = f"{connection.host} port {connection.port}"
        raise Exit(f"{name}: nothing answers at {where}", 3) from None
    except (SSHException, OSError, EOFError) as error:
        if was_refused(connection, error):
            raise Refused(f"{name}: {refusal(connection)}", 3) from None
        raise Exit(f"{name}: cannot connect: {reason(error)}", 3) from None
    else:
        watch = threading.Thread(target=keep_alive, args=(connection.transport,), daemon=True)
        watch.start()


def complete_options(connection, password):
    """Add what the connection is to be made with, and fab --debug must not print earlier."""
    options = dict(connection.connect_kwargs)
    keys = [Path(name).expanduser() for name in dict.fromkeys(options.get("key_filename", []))]
    options["key_filename"] = [str(path) for path in keys if path.is_file()]  # as ssh does
    if password:
        options.setdefault("password", password)
    connection.connect_kwargs = options
    connection.connect_timeout = connection.connect_timeout or CONNECT_TIMEOUT


def was_refused(connection, error):
    # Of a refused key paramiko may tell as of one that it cannot read: it takes an RSA key for
    # each other kind too, and raises what the last said. Then the connection is still there.
    transport = connection.client.get_transport()
    return isinstance(error, AuthenticationException) or bool(transport and transport.is_active())


def refusal(connection):
    options = connection.connect_kwargs
    passphrase = options.get("passphrase") or options.get("password")
    locked = [name for name in options["key_filename"] if not private_keys(name, passphrase)]
    if locked:
        return (
            f"the key {locked[0]} cannot be read without its passphrase; ssh-add it,"
            " or type fab --prompt-for-passphrase"
        )
    return (
        f"{connection.user} may not log in with the key or password given;"
        " see SSH_USER, SSH_KEY_PATH and SSH_PASS in FABRIC"
    )


def keep_alive(transport):
    """Ask the server now and then whether it is there; close the connection where it is not."""
    while transport.is_active():
        timer = threading.Timer(ALIVE_PATIENCE, transport.close)
        timer.daemon = True
        timer.start()
        with suppress(SSHException, OSError, EOFError):
            transport.global_request("keepalive@openssh.com", wait=True)
        timer.cancel()
        time.sleep(ALIVE_INTERVAL)


def reason(error):
    """Return why there is no connection, in words."""
    if isinstance(error, socket.gaierror):
        return "the name is not known"
    if isinstance(error, TimeoutError):
        return "no answer within the time allowed; is it up, and does its firewall let ssh in?"
    return str(error) or type(error).__name__


def private_keys(path, passphrase):
    """Return the key in a file, read with the passphrase if it has one: a list of one, or none."""
    for password in (None, passphrase.encode() if passphrase else b""):
        with suppress(SSHException, UnknownKeyType, ValueError, TypeError):  # it has one or none
            return [PKey.from_path(path, password)]
    return []
