"""The mail of the site: a test of it, and a line where there is none."""

import re

from invoke import Exit

from . import plans
from .host import Host
from .scripts import script

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def send_test(host: Host, address: str) -> None:
    """Send a mail to an address from the live release, and show each step."""
    if not ADDRESS.fullmatch(address):
        raise Exit(f"{address!r} is no address: type fab mail and yours, as ann@example.com", 2)
    plans.live_or_exit(host)
    host.as_site(script("test_mail"), address=address, shown=True)


def tell(host: Host) -> None:
    """Print in a line that the live site has no mail server, where it has none."""
    found = host.call("mail", app=host.config.project_app)
    if found.get("problem"):
        print(host.config.typed(f"{found['problem']}; type fab secret EMAIL_HOST"))
