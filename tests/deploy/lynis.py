"""What lynis, from the host's own Debian, suggests there, and why some of it stays."""

import re
from dataclasses import dataclass

INSTALL = "apt-get -qq update && apt-get -qq install --no-install-recommends lynis >/dev/null"
AUDIT = "lynis audit system --quick --no-colors --quiet; cat /var/log/lynis-report.dat"
SLOW = 3600  # seconds: it starts thousands of short processes

# By the number of the test and, where lynis names one, the setting. The first ones are all that is
# left of its groups for SSH, networking, permissions of files, databases and the web server.
REASONS = {
    "SSH-7408 MaxAuthTries": "ssh offers every key of an agent, one after the other",
    "SSH-7408 MaxSessions": "fab needs several sessions in a connection",
    "SSH-7408 Port": "another port hides nothing; who sets one is followed",
    "DBS-1828": "Debian's psql reads these for every user, and there is no secret in them",
    "ACCT-9622": "accounting of processes is the owner's choice",
    "ACCT-9626": "so is that of the load",
    "ACCT-9628": "so are audit trails: they fill disks, and somebody has to read them",
    "AUTH-9230": "nobody logs in with a password",
    "AUTH-9262": "nobody logs in with a password",
    "AUTH-9284": "the locked accounts are Debian's, and the site's own",
    "AUTH-9286": "nobody logs in with a password",
    "AUTH-9328": "the site's processes have 027; who logs in has Debian's",
    "BANN-7126": "what it should say is law, which differs by country",
    "BANN-7130": "the same",
    "BOOT-5180": "the rig's host has no boot loader",
    "BOOT-5264": "the units are Debian's; the site's processes gain no rights",
    "DEB-0280": "the site's processes share no temporary files",
    "DEB-0810": "nobody is there to read it: updates install themselves",
    "DEB-0811": "the same",
    "DEB-0880": "what is ours is in jail.d, which updates leave alone",
    "FILE-6310": "partitions are made before there is a server to secure",
    "FINT-4350": "a checker of files needs somebody who reads its reports each day",
    "FIRE-4513": "the empty chains are ufw's",
    "HOME-9304": "0711: sites of before lie there, and NGINX has to pass through",
    "HRDN-7230": "a scanner for malware of other systems; uploads never run",
    "KRNL-5788": "the rig's host has the kernel of this machine",
    "KRNL-6000": "the rig's host may set none; forwarding and log_martians stay as they are",
    "LOGG-2154": "another host for logs is the owner's to have",
    "LYNIS": "the age of Debian's package of lynis",
    "NAME-4028": "the rig's host has no domain",
    "PKGS-7370": "Debian's packages are signed; who changes files of root changes sums too",
    "PKGS-7394": "unattended-upgrades looks each day",
    "STRG-1846": "a server has no FireWire, or its owner uses it",
    "TOOL-5002": "fab is that tool",
    "USB-1000": "who plugs something in is at the machine itself",
}


@dataclass
class Report:
    """`said` is what lynis suggests or warns of, a dict by what REASONS is by."""

    index: int
    said: dict


def audit(host):
    """Install lynis on a host of the rig, and return its Report."""
    host.run(INSTALL)
    text = host.run(AUDIT, check=False, timeout=SLOW).stdout  # it ends with 78 where it warns
    said = {}
    for words in re.findall(r"^(?:suggestion|warning)\[\]=(.*)", text, re.M):
        number, sentence, detail, *_ = words.split("|")
        setting = re.match(r"(\S+) \(set ", detail)
        said[f"{number} {setting[1]}" if setting else number] = f"{sentence} {detail}"
    return Report(int(re.search(r"^hardening_index=(\d+)", text, re.M)[1]), said)
