"""The mail server of the project's tests, on a host, and secrets that are typed for it."""

import json
import time

from faults import wait_for

# Runs tests/mail_server.py of the project at port 2525, as /opt/mail/how says, and writes down what
# it has taken.
SERVER = """
import json, os, sys, time
from pathlib import Path
sys.path.insert(0, "/opt/mail")
import mail_server
mail_server.ThreadingTCPServer.allow_reuse_address = True
with mail_server.mail_server(port=2525) as server:
    while True:
        for name, value in json.loads(Path("/opt/mail/how").read_text()).items():
            setattr(server, name, value)
        Path("/opt/mail/new").write_text(json.dumps(server.taken))
        os.replace("/opt/mail/new", "/opt/mail/taken")
        time.sleep(0.05)
"""
START = "systemd-run --quiet --unit=mail-server python3 /opt/mail/serve.py"


def install(site, project):
    """Put the server there; `serve` starts it."""
    site.host.run("mkdir -p /opt/mail")
    site.host.copy_in(project / "tests/mail_server.py", "/opt/mail/mail_server.py")
    site.host.run("cat >/opt/mail/serve.py", input=SERVER)


def serve(site, fault=None, **how):
    """Let the mail server be so from now on."""
    how = {"fault": fault, "delay": 0} | how
    write = "cat >/opt/mail/how.new && mv /opt/mail/how.new /opt/mail/how"
    site.host.run(write, input=json.dumps(how))
    if site.host.run("systemctl is-active mail-server", check=False).returncode:
        site.host.run(START)
        wait_for(lambda: ":2525" in site.host.run("ss -Hltn 'sport = :2525'").stdout, 10)
    time.sleep(0.2)  # it looks twenty times a second


def taken(site):
    """Return the texts of the mails that the server has taken."""
    path = site.host.root / "opt/mail/taken"
    return json.loads(path.read_text()) if path.exists() else []


def give(site, value, *words):
    """Run fab secret with a value at its standard input."""
    path = site.project.parent / "value"
    path.write_text(value)
    with path.open() as file, site.start("secret", *words, stdin=file) as process:
        output = process.communicate(timeout=120)[0]
    assert process.returncode == 0, output
