"""What you can do to a server: see fab --list. FABRIC in the settings says which, and how."""

import shlex

from invoke import Exit

from deploy import (
    certificates,
    config,
    database,
    files,
    hardening,
    packages,
    processes,
    releases,
)
from deploy.commands import Commands, confirm
from deploy.steps import step

CONFIG = config.load("{{ cookiecutter.project_name }}")
commands = Commands(CONFIG)
command = commands.command
namespace = commands.namespace


# From a new server to a live site


@command
def secure(host):
    """Make a new server safe: updates, the user SSH_USER, a firewall, no root over SSH."""
    hardening.secure(host)


@command
def install(host):
    """Install what the site needs: NGINX, PostgreSQL, memcached, supervisor, uv, the locale."""
    packages.install(host)


@command
def create(host):
    """Make the site's user, directories, secrets, database and certificate."""
    processes.create_user(host)
    database.create(host)
    certificates.create(host)


@command
def deploy(host, force=False):
    """Put the newest revision live. --force does so even if it is live already."""
    reload = files.install(host)
    with step(host, "Newest revision"):
        revision = releases.newest_revision(host)
    live = releases.live_revision(host)
    if live == revision and not reload and not force:
        print(f"{revision[:8]} is live already.")
        return
    name = releases.build(host, revision)
    if live:
        database.backup(host, "deploy")
    releases.migrate(host, name)
    made_up = database.create_admin(host, name)
    releases.switch(host, name)
    processes.reload(host, [*reload, "gunicorn"])
    releases.prune(host)
    print(f"Live: https://{CONFIG.live_hostname}/")
    if made_up:
        print(f"Log in at /admin/ as admin, password {made_up} (shown this once).")


@command
def all_(host):
    """Everything for a new server: install, create, deploy."""
    for each in (install, create, deploy):
        each.body(host.connection)


@command
def remove(host, yes=""):
    """Remove the project from the server, after a last backup. Asks for its name, or --yes NAME."""
    confirm(f"Remove {CONFIG.project_name} with its database and uploads", CONFIG.project_name, yes)
    kept = processes.remove(host, database.backup(host, "remove"))
    print(f"The last backup stays on the server: {kept}")


# Day by day


@command
def status(host):
    """Show what is live and how the server is."""
    print(host.run(processes.STATUS).stdout, end="")


@command
def plan(host):
    """Show what a deploy would change: the revision, and the configuration as a diff."""
    live, newest = releases.live_revision(host), releases.newest_revision(host)
    print(f"Revision: {live[:8] or 'none'} -> {newest[:8]}")
    for file in files.upload(host, apply=False)["changed"]:
        print(file["diff"] or f"{file['path']}: owner or mode")


@command
def logs(host, name="app", follow=False):
    """Show the last lines of a log: --name app, access or error. -f goes on showing them."""
    if name not in processes.LOGS:
        raise Exit(f"There is no log {name}: type {', '.join(processes.LOGS)}", 2)
    path = processes.LOGS[name]
    host.verbose = True
    host.run(f"tail -n 50 {'-F' if follow else ''} {path}")


@command
def restart(host):
    """Restart the site's processes."""
    processes.reload(host, ["gunicorn"])


@command
def rollback(host, release=""):
    """Put the release before the live one back, or --release NAME; the database stays as it is."""
    known, live = releases.complete(host), releases.live(host)
    older = [name for name in known if live and name < live]
    name = release or (older[-1] if older else "")
    if name not in known:
        raise Exit(f"There is no such release; complete are: {', '.join(known)}", 2)
    releases.switch(host, name)
    processes.reload(host, ["gunicorn"])
    print(f"Live: {name}")


@command
def backup(host, get=False):
    """Back up the database and the uploads. --get brings the backup home."""
    name = database.backup(host, "manual")
    print(database.get(host, name) if get else name)


@command
def restore(host, name):
    """Put a backup in the place of the live database and uploads, which are kept aside."""
    database.check(host, name)
    database.backup(host, "restore")
    database.restore(host, name)
    processes.reload(host, ["gunicorn"])


@command
def maintenance(host, state):
    """Answer 503 to everybody: fab maintenance on, and off again."""
    if state not in ("on", "off"):
        raise Exit("Type fab maintenance on, or off", 2)
    flag = f"{host.root}/state/maintenance"
    host.run(f"touch {flag}" if state == "on" else f"rm -f {flag}")


# Single commands on the server


@command
def run(host, line):
    """Run a shell command as the site's user."""
    print(host.run(line, user=host.app_user).output, end="")


@command
def sudo(host, line):
    """Run a shell command as root."""
    print(host.run(line).output, end="")


@command
def manage(host, line):
    """Run a command of manage.py on the live release."""
    script = f"cd {host.root}/current/project && ../venv/bin/python manage.py {line}"
    print(host.run(script, user=host.app_user).output, end="")


@command
def python(host, code):
    """Run Python code with the settings of the live release."""
    manage.body(host.connection, f"shell -v0 -c {shlex.quote(code)}")


@command
def pip(host, line):
    """Run a command of pip on the packages of the live release, such as list."""
    uv = f"/opt/uv/bin/uv pip {line} --python {host.root}/current/venv"
    print(host.run(uv, user=host.app_user).output, end="")


@command
def psql(host, sql):
    """Run SQL on the live database."""
    psql = f"runuser -u postgres -- psql -X -v ON_ERROR_STOP=1 {host.app_user}"
    print(host.run(psql, stdin=sql).output, end="")


@command
def apt(host, names):
    """Install Debian packages."""
    with step(host, f"Packages {names}"):
        packages.apt(host, names.split())
