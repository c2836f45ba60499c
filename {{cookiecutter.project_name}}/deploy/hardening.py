"""`fab secure`: a brand-new server becomes safe, and usable for deploys.

Nobody is locked out. Before anything is closed, the user of deploys has logged in over a connection
of its own; whatever could shut that user out is taken back by a timer on the server, which is only
stopped after another log-in.
"""

from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from invoke import Exit
from paramiko import Agent

from . import colleagues, connecting, host_keys, jumps, tried
from .connecting import Refused
from .host import Host
from .logging_in import private_keys
from .outside import KNOWN
from .scripts import script
from .steps import step
from .terminal import ask

# fail2ban reads the journal by python3-systemd.
PACKAGES = "sudo ufw fail2ban python3-systemd unattended-upgrades needrestart"
# A name that begins with 00 as the first value counts, and cloud-init's 50 allows passwords.
SSHD_FILE = "/etc/ssh/sshd_config.d/00-{project}.conf"
SSHD_UNDO = "rm -f {file}; systemctl try-reload-or-restart ssh"
FIREWALL_UNDO = "ufw --force disable"
TO_CLOSE_ROOT = (
    """once they all log in as {user}: fab sudo "sed -i '/(deploy.keys.* of /d' ~root/.ssh/"""
    """authorized_keys" secure"""
)
# 6 tries: ssh offers all keys of an agent, one after the other. VERBOSE says which key was used.
SSHD = ["MaxAuthTries 6", "LogLevel VERBOSE", "TCPKeepAlive no", "Compression no"]
SSHD += ["ClientAliveInterval 300", "ClientAliveCountMax 2"]
RSA_KEY = "/etc/ssh/ssh_host_rsa_key"
SSHD += ["HostKey /etc/ssh/ssh_host_ed25519_key", f"HostKey {RSA_KEY}"]
# The filter itself is a log besides, as fail2ban does not start without one, and the site's comes
# with its first deploy. Whoever is behind a proxy that is known is not kept out with all others.
JAILS = """[sshd]
enabled = true
backend = systemd
port = {port}

[{web}]
enabled = true
backend = auto
port = http,https
logpath = /var/log/nginx/{project}.access.log
          /etc/fail2ban/filter.d/{web}.conf
maxretry = 20
findtime = 600
bantime = 600
ignoreip = {ignored}"""


def secure(host: Host, revert_after: int = 120) -> None:
    """Make a server safe and give it the user of deploys; where all is so already change nothing.

    `host` need not be connected, and no log-in as its user need be possible yet. What could lock
    that user out is taken back after revert_after seconds, unless the user then gets in. Exit where
    that is not so, where nobody may log in, or where a step fails.
    """
    user, keys = deployer(host), colleagues.keys_or_exit()
    with ExitStack() as connections:
        admin = connect_for_securing(host)
        connections.enter_context(closing(admin.connection))
        names, project = ("secure_others", "apt", "secure_upgrade"), host.config.project_name
        run(admin, "System upgrade and packages", *names, packages=PACKAGES, project=project)
        if user != "root":
            make_user(admin, user)
        try:
            with step(admin, f"Logging in as {user}, and sudo"):
                proved, by_key = log_in_anew(admin, user)
        except Refused as refused:
            raise Exit(
                f"{refused.message}\nThat has to work first: nothing was closed", 3
            ) from None
        connections.enter_context(closing(proved.connection))
        let_colleagues_in(proved, user, keys)
        root, passwords = close_sshd(proved, by_key, revert_after)
        close_ports(proved, revert_after)
        ban_who_guesses(proved)
        run(proved, "Kernel, and rights of files", "secure_kernel", project=project)
        run(proved, "Automatic security updates", "secure_updates", project=project)
        if wrong := tried.from_outside(proved, root, passwords):
            raise Exit("\n".join(wrong), 1)


def deployer(host: Host) -> str:
    """Return the user of deploys, a str."""
    return host.config.ssh_user or host.connection.user


def connect_for_securing(host: Host) -> Host:
    """Return a Host that is logged in, and may act as root, on a server that may be brand new.

    As the user of deploys where that works: then root may no longer log in. Else as the user of
    the connection, such as admin of `fab -H admin@example.com`, or as root. Exit if none may.
    """
    refusals = []
    for user in dict.fromkeys(filter(None, [host.config.ssh_user, host.connection.user, "root"])):
        try:
            return log_in(host, user)
        except Refused as refused:
            refusals.append(str(refused.message))
    raise Exit("\n".join(refusals), 3)


def log_in(host: Host, user: str, key_only: bool = False) -> Host:
    """Return a Host for the same server over a new connection; Refused as user, or by sudo."""
    typed = host.connection.connect_kwargs.get("password")
    password = None if key_only else host.config.ssh_pass or typed or None
    new = connecting.another(host.connection, user, password)
    other = Host(new, host.config)
    other.verbose, other.known_password = host.verbose, host.known_password
    try:
        other.sudo_prefix()
    except BaseException:
        new.client.close()  # Fabric's close() leaves a connection that was refused
        raise
    return other


def log_in_anew(host: Host, user: str) -> tuple[Host, bool]:
    """Return a Host on which user has just logged in and used sudo, and whether by key.

    Refused where neither a key nor the password lets user in.
    """
    try:
        return log_in(host, user, key_only=True), True
    except Refused:
        if not (host.config.ssh_pass or host.connection.connect_kwargs.get("password")):
            raise
        return log_in(host, user), False


def make_user(host: Host, user: str) -> None:
    """Give the server the user of deploys, who may log in and use sudo."""
    password = host.config.ssh_pass
    typed = host.sudo_prefix()[1] and not password  # then sudo goes on asking for it
    rule = "" if password or typed else f"{user} ALL=(ALL:ALL) NOPASSWD: ALL"
    values = {"deployer": user, "project": host.config.project_name, "rule": rule}
    with step(host, f"User {user}"):
        made = host.as_root(script("secure_user"), stdin=f"{password}\n", **values).stdout
        first, login = public_keys(host), host.connection.user
        admitted = host.call("admit", user=user, login=login, first=first)["changes"]
    tell([*made.splitlines(), *admitted])


def let_colleagues_in(host: Host, user: str, keys: dict[str, str]) -> None:
    """Let in who has a file in deploy/keys, and who has none any more not; see colleagues.py."""
    using = host.connection.connect_kwargs["auth_strategy"].accepted
    with step(host, "Keys of deploy/keys"):
        changes = host.call("authorize", user=user, keys=keys, using=using)["changes"]
    tell(changes)


def public_keys(host: Host) -> list[str]:
    """Return the public key of SSH_KEY_PATH or, without that and SSH_PASS, those of the agent.

    As a list of lines for authorized_keys; empty where the key cannot be read.
    """
    config, options = host.config, host.connection.connect_kwargs
    if config.ssh_key_path:
        path = Path(config.ssh_key_path).expanduser()
        public = path.with_name(f"{path.name}.pub")
        if public.is_file():
            return public.read_text("utf-8", errors="replace").splitlines()  # of any comment
        keys = private_keys(path, options.get("passphrase"))
    else:
        keys = [] if config.ssh_pass or not options.get("allow_agent", True) else Agent().get_keys()
    return [f"{key.get_name()} {key.get_base64()}" for key in keys]


def close_sshd(host: Host, by_key: bool, revert_after: int) -> tuple[bool, bool]:
    """Close ssh for root and for passwords, unless deploys need either, and what nobody needs.

    Return whether root's log-in is closed, and whether passwords are.
    """
    user, project = host.connection.user, host.config.project_name
    others = [] if user == "root" else host.call("deployers_as_root")["files"]
    closes_root = user != "root" and not others
    wanted = ["PermitRootLogin no"] if closes_root else []
    if by_key:
        wanted += ["PasswordAuthentication no", "KbdInteractiveAuthentication no"]
    else:
        print(f"    passwords stay allowed: {user} logged in with one, no key was accepted")
    if user == "root":
        print("    root may still log in, as SSH_USER names no other user")
    if others:
        print(f"    root may still log in, as colleagues deploy as root: {', '.join(others)}")
        print(f"    {TO_CLOSE_ROOT.format(user=user)}")
    wanted += [*SSHD, *forwarding(host)]
    client = host.connection.transport.get_security_options().kex
    wanted += host.call("algorithms", client=client)["lines"]
    file = SSHD_FILE.format(project=project)
    values = {"file": file, "wanted": "\n".join(wanted), "rsa_key": rsa_key(host)}
    guarded(host, "sshd", "secure_sshd", SSHD_UNDO.format(file=file), revert_after, **values)
    return closes_root, by_key


def forwarding(host: Host) -> list[str]:
    """Return the lines that end forwarding; not that which people jump by, unless they say so."""
    lines = ["AllowAgentForwarding no", "AllowStreamLocalForwarding no", "X11Forwarding no"]
    if names := jumps.through(host.connection):
        print(f"    ~/.ssh/config leads through {', '.join(names)} to other servers (ProxyJump)")
        stays = Exit("    nobody can be asked, so AllowTcpForwarding stays as it is")
        try:
            answer = ask("    End that (yes/no)?", stays)
        except Exit as unanswered:
            print(unanswered.message)
            return lines
        if answer.lower() != "yes":
            return lines
    return [*lines, "AllowTcpForwarding no"]


def rsa_key(host: Host) -> str:
    """Return the path of the server's RSA key, which may be replaced; empty where we know by it.

    Where we know the server by a key that is no longer shown, remember another of its keys.
    """
    known_by = host.connection.transport.host_key_type
    if known_by.startswith("ecdsa"):
        ed25519 = host.as_root("cat /etc/ssh/ssh_host_ed25519_key.pub").stdout
        host_keys.remember(host.connection, ed25519)
    return "" if "rsa" in known_by else RSA_KEY


def close_ports(host: Host, revert_after: int) -> None:
    """Let in ssh, at the port that it has, HTTP and HTTPS."""
    run(host, "Ports of the web", "secure_web")
    values = {"ssh_port": ssh_port(host)}
    guarded(host, "Firewall", "secure_firewall", FIREWALL_UNDO, revert_after, **values)


def ban_who_guesses(host: Host) -> None:
    """Let fail2ban keep out who tries log-ins, of ssh and of the site."""
    project, web = host.config.project_name, f"web-{host.config.gunicorn_port}"
    ignored = " ".join(["127.0.0.1/8", "::1", *KNOWN["cloudflare"], *host.config.proxies])
    jails = JAILS.format(port=ssh_port(host), web=web, project=project, ignored=ignored)
    run(host, "fail2ban", "secure_fail2ban", jail=jails, web=web, project=project)


def guarded(host: Host, title: str, name: str, undo: str, revert_after: int, **values: Any) -> None:
    """Run a script that arms the timer; stop that if user can log in afterwards, else Exit."""
    user, unit = host.connection.user, f"secure-{title.lower()}-{host.config.project_name}"
    values |= {"unit": unit, "undo": undo, "seconds": revert_after}
    if not run(host, title, "secure_timer", name, **values):
        return
    try:
        with step(host, f"Logging in as {user} once more"):
            log_in_anew(host, user)[0].connection.close()
            # Where the timer has run already, the log-in was slow and proves nothing.
            host.as_root(f"systemctl is-active {unit}.timer && systemctl stop {unit}.timer")
    except Exit as error:
        back = f"{title}: the server takes it back, {revert_after} s after the change"
        raise Exit(f"{error.message}\n{back}", error.code) from None


def ssh_port(host: Host) -> str:
    """Return the port at which sshd listens, seen from the server, as a str."""
    return host.as_login("printenv SSH_CONNECTION").stdout.split()[3]


def run(host: Host, title: str, *names: str, stdin: str | bytes = b"", **values: object) -> str:
    """Run scripts as root, as a step; print and return what they say that they changed.

    They find the values in variables.
    """
    variables = {name: str(value) for name, value in values.items()}
    with step(host, title):
        changes = host.as_root(script(*names), stdin=stdin, **variables).stdout
    tell(changes.splitlines())
    return changes


def tell(changes: Iterable[str]) -> None:
    for line in changes or ["already so"]:
        print(f"    {line}")
