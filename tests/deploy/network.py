"""The network of one rig: a number N, a bridge with 10.77.N.0/24 behind it, and NAT to the outside.

Everything on this machine that belongs to a rig is named after its number, so that two rigs
never meet, and so that the next rig with that number can remove what a killed one left.
"""

import contextlib
import socket
from pathlib import Path

from process import tool


def claim(number):
    """Return what keeps a rig's number for this process, or None if a living rig has it.

    It is a socket in the abstract namespace: that belongs to a network namespace, as bridges do;
    the kernel drops it with the process, however that ends; and it leaves no file.
    """
    claimed = socket.socket(socket.AF_UNIX)
    try:
        claimed.bind(f"\0deploy-rig-{number}")
    except OSError:
        claimed.close()
        return None
    return claimed


class Network:
    """A bridge, and the hosts' cables to it."""

    def __init__(self, number):
        self.prefix = f"drig{number}"  # a device name has at most 15 characters
        self.subnet = f"10.77.{number}"
        self.number = number

    def is_free(self):
        """Return whether nothing else on this machine uses these addresses."""
        return not tool("ip", "-4", "route", "show", "root", f"{self.subnet}.0/24")

    def up(self):
        """Make the bridge and the NAT. IP forwarding is turned on, and stays on."""
        # A fixed hardware address: left to itself a bridge takes one of its ports', which would
        # change as hosts come and go, and the others would lose their gateway until ARP times out.
        tool("ip", "link", "add", self.prefix, "address", self.mac(1), "type", "bridge")
        tool("ip", "addr", "add", f"{self.subnet}.1/24", "dev", self.prefix)
        tool("ip", "link", "set", self.prefix, "mtu", uplink_mtu(), "up")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        tool("nft", "-f", "-", input=self.nat())
        # A firewall that drops what is forwarded (a machine with Docker, say) must let ours pass.
        for rule in self.firewall_rules():
            tool("iptables", "-I", *rule)

    def nat(self):
        """Return the rules that give the hosts this machine's address on their way out."""
        net = f"{self.subnet}.0/24"
        return f"""table ip {self.prefix} {{
            chain out {{
                type nat hook postrouting priority 100;
                ip saddr {net} ip daddr != {net} masquerade;
            }}
        }}"""

    def firewall_rules(self):
        """Return what iptables needs to be told here, if it is used and drops by default."""
        with contextlib.suppress(FileNotFoundError):
            if "-P FORWARD DROP" in tool("iptables", "-S", "FORWARD", check=False):
                return [["FORWARD", side, self.prefix, "-j", "ACCEPT"] for side in ("-i", "-o")]
        return []

    def down(self):
        """Remove the bridge and the NAT, whether or not they are there."""
        for rule in self.firewall_rules():
            tool("iptables", "-D", *rule, check=False)
        tool("nft", "delete", "table", "ip", self.prefix, check=False)
        tool("ip", "link", "del", self.prefix, check=False)

    def mac(self, last):
        """Return the hardware address that belongs to an IP address, the same over restarts."""
        return f"02:4c:54:00:{self.number:02x}:{last:02x}"

    def plug(self, name, last):
        """Make the network namespace of a host, its eth0 with the address that ends in `last`."""
        space, cable = f"{self.prefix}-{name}", self.cable(last)
        mtu = uplink_mtu()
        tool("ip", "netns", "add", space)
        tool(
            *("ip", "link", "add", cable, "mtu", mtu, "type", "veth"),
            *("peer", "name", "eth0", "mtu", mtu, "address", self.mac(last), "netns", space),
        )
        tool("ip", "link", "set", cable, "master", self.prefix, "up")
        inside = ("ip", "-n", space)
        tool(*inside, "link", "set", "lo", "up")
        tool(*inside, "addr", "add", f"{self.subnet}.{last}/24", "dev", "eth0")
        tool(*inside, "link", "set", "eth0", "up")
        tool(*inside, "route", "add", "default", "via", f"{self.subnet}.1")
        # What was learned while the address was away.
        tool("ip", "neigh", "flush", "dev", self.prefix, "to", f"{self.subnet}.{last}")

    def unplug(self, name, last):
        """Remove what `plug` made, whether or not it is there."""
        # The cable by itself first: a namespace takes its devices along only a while later.
        tool("ip", "link", "del", self.cable(last), check=False)
        tool("ip", "netns", "del", f"{self.prefix}-{name}", check=False)

    def cable(self, last):
        """Return the name of this machine's end of a host's cable."""
        return f"{self.prefix}.{last}"

    def set_cable(self, last, state):
        """Put a host's cable in ("up") or pull it out ("down")."""
        tool("ip", "link", "set", self.cable(last), state)


def uplink_mtu():
    """Return the packet size of this machine's way out, in bytes."""
    words = tool("ip", "-4", "route", "show", "default").split()
    if "dev" not in words:
        return 1500
    return int(Path("/sys/class/net", words[words.index("dev") + 1], "mtu").read_text())
