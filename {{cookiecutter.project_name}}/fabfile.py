"""What you can do to a server: see fab --list. FABRIC in the settings says which, and how."""

import shlex

from invoke import Exit

from deploy import (
    alarms,
    backup_keys,
    checks,
    content,
    database,
    deploying,
    environments,
    going_back,
    hardening,
    mailing,
    packages,
    plans,
    preview,
    releases,
    removing,
    secret_settings,
    server,
    server_names,
)
from deploy.commands import Commands, confirm
from deploy.lease import Lease, Leases
from deploy.scripts import script
from deploy.steps import step

commands = Commands(environments.load("{{ cookiecutter.project_name }}"))
command = commands.command
namespace = commands.namespace


# From a new server to a live site


@command
def secure(host):
    """Make a new server safe: updates, SSH_USER, the keys of deploy/keys, a firewall, no root."""
    hardening.secure(host)


@commands.together
def install(hosts):
    """Install what the site needs: NGINX, PostgreSQL, memcached, supervisor, uv, the locale."""
    packages.install(hosts)


@commands.together
def create(hosts):
    """Make the site's user, directories, secrets, database and certificate."""
    deploying.create(hosts)


@commands.together
def deploy(hosts, force=False, maintenance=False, yes=False, without=""):
    """Put the newest revision live; visitors notice nothing. --force if it is live already."""
    deploying.deploy(hosts, force, maintenance, yes)


@commands.together
def all_(hosts):
    """Everything for a new server: install, create, deploy."""
    deploying.everything(hosts)


@commands.together
def remove(hosts, yes=""):
    """Remove the project from the server, after a last backup. Asks for its name, or --yes NAME."""
    name = hosts[0].config.project_name
    confirm(f"Remove {name} with its database and uploads", name, yes)
    removing.remove(hosts)


# Day by day


@command
def status(host, json=False):
    """Show what is live, and what is wrong and what to type: then the exit status is 1. --json."""
    if not checks.status(host, json):
        commands.exit_status = 1


@command
def plan(host):
    """Show what a deploy would change: revision, packages, migrations, files. Changes nothing."""
    preview.show(host)


@command
def history(host, last=20):
    """Show who changed what on the server: deploys, rollbacks, restores. --last N of them."""
    for line in server.history(host)[-last:]:
        print(host.config.typed(plans.history_line(line)))


@command
def logs(host, name="app", follow=False, request=""):
    """Show the end of a log: --name app, standby, memcached, access or error. -f, --request ID."""
    if request:
        return server.show_request(host, request)
    if name not in server.LOGS:
        raise Exit(f"There is no log {name}: type {', '.join(server.LOGS)}", 2)
    host.as_root(f'tail -n 50 {"-F" if follow else ""} "{server.LOGS[name]}"', shown=True)


@command
def sites(host):
    """Bring the server up to date with the sites of the admin: their names, the certificate."""
    found = plans.find_live(host)
    server_names.update(host, found["hostname"] or host.config.live_hostname)


@commands.together
def restart(hosts):
    """Restart the site's processes; visitors notice nothing."""
    going_back.restart(hosts)


@commands.together
def secret(hosts, name=None, remove=False, yes=False):
    """Keep the value of a setting on the server: asks for it. Without NAME lists them; --remove."""
    if not name and remove:
        raise Exit("Type fab secret NAME --remove", 2)
    if name:
        secret_settings.change(hosts, name, remove, yes)
    else:
        secret_settings.show(hosts.lead)


@commands.once
def mail(host, address):
    """Send a test mail to ADDRESS, and show each step and the mail server's own words."""
    mailing.send_test(host, address)


@commands.once
def alarm(host):
    """Send a test alarm to ADMINS and ALARM_URL, and a sign of life to ALARM_PING_URL."""
    alarms.send_test(host)


@commands.together
def rollback(hosts, release="", restore_db=False, yes=False, without=""):
    """Put the release before the live one back, or --release NAME; the data stays as it is."""
    going_back.rollback(hosts, release, restore_db, yes)


@commands.together
def backup(hosts, get=False, list=False):
    """Back up the database and the uploads. --get brings that home, --list lists all there are."""
    host = hosts.lead
    if not releases.live(host):
        raise Exit(f"{host.name}: nothing is live yet; type fab all", 1)
    if list:
        return database.show(hosts)
    backup_keys.make(host)
    name = database.backup(host, "manual")
    print(database.get(host, name) if get else name)
    database.send(host, name)


@commands.together
def restore(hosts, name=None, anonymous=False, yes=""):
    """Put a backup, a file or the newest live. Asks, or --yes NAME. --anonymous: content alone."""
    hosts.refuse_other_than_all("A restore")
    hosts.refuse_without_all("A restore")
    with Leases(hosts, "restore") as leases:
        host = hosts.lead
        plans.live_or_exit(host)
        backup_keys.make(host)
        chosen = database.choose(hosts, name)
        host = hosts.lead  # it has the backup
        name = chosen["name"]
        leases.note(backup=name)
        options = {"file": chosen.get("file", ""), "projects": commands.projects}
        plans.load_and_tell(host, name, anonymous=anonymous, **options)
        if anonymous:
            print("    Accounts and what visitors have sent stay those that are there now")
        confirm(f"Put {name} in the place of the live database and uploads", name, yes)
        database.backup(host, "restore")
        going_back.put_back(hosts, name)


@commands.once
def pull(host, everything=False, site=""):
    """Bring the live content and uploads here. --site SITE: of one. --everything: people's too."""
    with Lease(host, "pull"):
        plans.live_or_exit(host)
        content.pull(host, everything, site)


@commands.once
def push(host, everything=False, site="", yes=False):
    """Put content and uploads of here live, after a backup. --site SITE: of one. Asks, or --yes."""
    with Lease(host, "push"):
        plans.live_or_exit(host)
        content.push(host, everything, yes, site)


@command
def maintenance(host, state):
    """Answer 503 to everybody: fab maintenance on, and off again."""
    if state not in ("on", "off"):
        raise Exit("Type fab maintenance on, or off", 2)
    server.set_maintenance(host, state == "on")


# Single commands on the server


@command
def run(host, line):
    """Run a shell command as the site's user."""
    host.as_site(line, shown=True)


@command
def sudo(host, line):
    """Run a shell command as root."""
    host.as_root(line, shown=True)


def run_manage(host, line):
    plans.live_or_exit(host)
    host.as_site(f'cd "$root/current/project" && ../venv/bin/python manage.py {line}', shown=True)


@commands.once
def manage(host, line):
    """Run a command of manage.py on the live release."""
    run_manage(host, line)


@commands.once
def python(host, code):
    """Run Python code with the settings of the live release."""
    run_manage(host, f"shell -v0 -c {shlex.quote(code)}")


@command
def pip(host, line):
    """Run a command of pip on the packages of the live release, such as list."""
    plans.live_or_exit(host)
    uv = f'UV_NO_CACHE=1 /opt/uv/bin/uv pip {line} --python "$root/current/venv"'
    host.as_site(uv, shown=True)


@commands.once
def psql(host, sql):
    """Run SQL on the live database, as the site's role."""
    host.as_root(script("psql"), stdin=sql, shown=True)


@command
def apt(host, names):
    """Install Debian packages."""
    with step(host, f"Packages {names}"):
        packages.apt(host, names.split())
