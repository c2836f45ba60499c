"""Mail that Debian writes to root, as cron and unattended-upgrades do: the site's account sends it.

`fab install` has installed msmtp where nothing took mail before. Here it is configured, when a
relay has gone well; what is there already, another mail program or a configuration that is not
ours, stays as it is. Of several projects on a server, the first has it. msmtp keeps no queue: what
the mail server does not take at that moment is in the system's journal.
"""

import os
from collections.abc import Iterator
from email.utils import parseaddr
from pathlib import Path

from . import record
from .alarms.account import Account
from .files import read, write
from .site import Site

SENDMAIL, MSMTP = Path("/usr/sbin/sendmail"), "/usr/bin/msmtp"
CONFIGURATION = Path("/etc/msmtprc")
ALIASES = Path("/etc/msmtp-aliases")
UPGRADES = Path("/etc/apt/apt.conf.d/52-mail-of-upgrades")
HEAD = "{mark} By a deploy of {name}: mail to root goes to ADMINS, by the account of its site.\n"


def password_file(site: Site) -> Path:
    return site.state / "mail-password"


def update(site: Site, account: Account) -> None:
    """Let mail to root go to the admins of the account, or nowhere where there are none."""
    if os.path.realpath(SENDMAIL) != MSMTP:
        return
    wanted = contents(site, account)
    for path in (CONFIGURATION, ALIASES, UPGRADES):
        ours = record.has(site, "file", str(path))
        if path not in wanted:
            if ours:
                path.unlink(missing_ok=True)
        elif ours or not path.exists():
            record.add(site, "file", str(path))
            put(path, wanted[path], 0o600 if path == CONFIGURATION else 0o644)
    if wanted:
        put(password_file(site), f"{account['password']}\n", 0o600)
    else:
        password_file(site).unlink(missing_ok=True)


def put(path: Path, content: str, mode: int) -> None:
    if read(path) != (content, "root:root", mode):
        write(path, content, mode=mode)


def contents(site: Site, account: Account) -> dict[Path, str]:
    """Return what is in each file, by path; empty where there is nobody, or no SMTP.

    Root does what is written there, and the site's user has a say in the account: so no value may
    end its line and begin another.
    """
    if not (account.get("smtp") and account.get("configured") and account.get("admins")):
        return {}
    admins = ", ".join(dict.fromkeys(account["admins"]))
    lines = list(settings(site, account))
    if not all(map(str.isprintable, [*lines, admins])):
        return {}
    head = HEAD.format(mark="#", name=site.name)
    return {
        CONFIGURATION: head + "".join(f"{line}\n" for line in lines),
        ALIASES: f"{head}root: {admins}\ndefault: {admins}\n",
        UPGRADES: HEAD.format(mark="//", name=site.name)
        + 'Unattended-Upgrade::Mail "root";\nUnattended-Upgrade::MailReport "only-on-error";\n',
    }


def settings(site: Site, account: Account) -> Iterator[str]:
    """Yield the lines of msmtprc(5); the password is in a file of its own, so any may be one."""
    yield "account default"
    yield f"host {account['host']}"
    yield f"port {account['port']}"
    yield f"from {parseaddr(account['sender'])[1]}"
    yield "set_from_header on"  # cron writes none that a mail server would take
    yield f"aliases {ALIASES}"
    yield "timeout 30"
    yield "syslog LOG_MAIL"
    yield f"tls {'on' if account['tls'] or account['ssl'] else 'off'}"
    yield f"tls_starttls {'on' if account['tls'] else 'off'}"
    if account["user"] and account["password"]:
        # Without TLS, msmtp logs in as Django does only where it is told how: "on" refuses.
        yield f"auth {'on' if account['tls'] or account['ssl'] else 'plain'}"
        yield f"user {account['user']}"
        yield f"passwordeval cat {password_file(site)}"


def described(site: Site) -> str:
    """Return in words where mail to root goes."""
    if not SENDMAIL.exists():
        return "nowhere: nothing takes it; fab install"
    program = os.path.realpath(SENDMAIL)
    if program != MSMTP:
        return f"by {program}, which is not ours"
    if not CONFIGURATION.exists():
        return "nowhere: ADMINS or EMAIL_HOST is not set; fab secret ADMINS"
    if not record.has(site, "file", str(CONFIGURATION)):
        return f"as {CONFIGURATION} says, which is not of this project"
    return f"to {ALIASES.read_text().rpartition('default: ')[2].strip()}"
