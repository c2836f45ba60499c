"""While fab tries from outside what the server lets in: see deploy/tried.py."""

import json
import re
import socket
import sys
from typing import Any

from .checks import output
from .site import Site

OURS = ("ufw", "f2b")  # how the names of chains and tables of ufw and fail2ban begin
FORGIVEN = 600  # seconds: fail2ban counts what has failed within them, also what it reads late


def be_tried(site: Site, ports: list[int], address: str) -> dict[str, Any]:
    """Listen at ports where nobody does, until the input ends; for a while fail2ban bans no failure
    of an address.

    Print first {"filters": [...]}, what on this server may keep visitors out, in words.
    """
    forgive(site, address)
    listeners = [listener for port in ports for listener in listen(port)]
    print(json.dumps({"filters": filters(ports), "root": str(site.root)}), flush=True)
    sys.stdin.read()
    for listener in listeners:
        listener.close()
    return {}


def forgive(site: Site, address: str) -> None:
    """Let fail2ban ignore an address for so long, unless somebody has it ignored anyway."""
    unit = f"tried-{site.name}"
    is_ours = output("systemctl", "is-active", f"{unit}.timer") == "active"
    if address in output("fail2ban-client", "get", "sshd", "ignoreip") and not is_ours:
        return
    output("systemctl", "stop", f"{unit}.timer")
    end = ["fail2ban-client", "set", "sshd", "delignoreip", address]
    timer = ["systemd-run", "--quiet", "--collect", f"--unit={unit}", f"--on-active={FORGIVEN}"]
    output(*timer, *end)
    output("fail2ban-client", "set", "sshd", "addignoreip", address)


def listen(port: int) -> list[socket.socket]:
    """Return sockets that listen at a port, for IPv4 and IPv6 where the server has it."""
    found = []
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            listener = socket.socket(family)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("", port))
            listener.listen()
            found.append(listener)
        except OSError:  # somebody listens there, or there is no IPv6
            continue
    return found


def filters(ports: list[int]) -> list[str]:
    """Return what on this server may drop what comes to the ports, in words."""
    return [*rules_of_ufw(ports), *chains_of_nftables(), *rules_of_iptables()]


def rules_of_ufw(ports: list[int]) -> list[str]:
    either = "|".join(map(str, ports))
    pattern = rf"^(?:Anywhere|(?:{either})\b).*(?:DENY|REJECT).*$"
    rules = re.findall(pattern, output("ufw", "status"), re.M)
    return [f"ufw: {' '.join(rule.split())}" for rule in rules]


def rules_of_iptables() -> list[str]:
    rules = output("iptables", "-S", "INPUT").splitlines()
    return [f"iptables: {rule}" for rule in rules if re.search(r"-j (DROP|REJECT)\b", rule)]


def chains_of_nftables() -> list[str]:
    """Return the chains of others than ufw and fail2ban that may drop what comes in, in words."""
    try:
        items = json.loads(output("nft", "--json", "list", "ruleset"))["nftables"]
    except (ValueError, KeyError):  # there is no nft, so nobody has made chains with it
        return []
    found = []
    for chain in (item["chain"] for item in items if "chain" in item):
        rules = [
            json.dumps(item["rule"].get("expr", []))
            for item in items
            if "rule" in item and place(item["rule"], "chain") == place(chain, "name")
        ]
        ours = chain["table"].startswith(OURS) or any(
            f'"target": "{name}' in rule for rule in rules for name in OURS
        )
        drops = chain.get("policy") == "drop" or any(
            f'"{verdict}"' in rule for rule in rules for verdict in ("drop", "reject")
        )
        if chain.get("hook") in ("input", "prerouting", "ingress") and drops and not ours:
            policy = f", policy {chain['policy']}" if "policy" in chain else ""
            found.append(
                f"nftables: chain {chain['name']} of table {chain['family']} {chain['table']}"
                f"{policy}: see nft list chain {chain['family']} {chain['table']} {chain['name']}"
            )
    return found


def place(item: dict[str, Any], name: str) -> tuple[str, ...]:
    """Return which chain that is, or is of: its family, table and name."""
    return item["family"], item["table"], item[name]
