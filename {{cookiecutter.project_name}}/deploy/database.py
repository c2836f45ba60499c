"""The database and the uploads: made, backed up, restored."""

import secrets
from pathlib import Path

from invoke import Exit

from .steps import step


def create(host):
    """Make the secrets, the role and the database; what is there already is kept."""
    config = host.config
    with step(host, "Secrets"):
        host.python(
            "on_host/secrets.py", root=host.root, group=config.project_name, db_pass=config.db_pass
        )
    with step(host, "Database"):
        host.python(
            "on_host/role.py",
            root=host.root,
            project_name=config.project_name,
            locale=config.locale,
        )


def backup(host, label):
    """Dump the database and the uploads; return the name of the backup."""
    with step(host, "Backup"):
        return host.run("$root/shared/backup $label", label=label).stdout.strip()


def backups(host):
    """Return the names of the backups, the oldest first."""
    return host.run("ls $root/backups", check=False).stdout.split()


def get(host, name):
    """Bring a backup home, into backups/ of the project; return its Path."""
    home = Path("backups", host.config.project_name)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = home / f"{name}.tar"
    with step(host, f"Bringing {name} home"):
        host.download(["tar", "-C", f"{host.root}/backups", "-c", name], target)
    return target


def check(host, name):
    """Exit unless there is a backup of that name."""
    known = backups(host)
    if name not in known:
        listed = ", ".join(known[-5:]) or "none"
        raise Exit(f"There is no backup {name}; the newest are: {listed}", 2)


def restore(host, name):
    """Put a backup in the place of what is live, which is kept under another name."""
    with step(host, f"Restoring {name}"):
        host.python(
            "on_host/restore.py",
            root=host.root,
            project_name=host.config.project_name,
            backup=name,
        )


ADMIN = """
read -r DJANGO_SUPERUSER_PASSWORD
export DJANGO_SUPERUSER_PASSWORD
cd $root/releases/$release/project
manage() { ../venv/bin/python manage.py "$@"; }
manage shell -v0 -c "
from django.contrib.auth import get_user_model
raise SystemExit(get_user_model().objects.filter(is_superuser=True).exists())" || exit 0
manage createsuperuser --noinput --username admin --email admin@$host >/dev/null
echo made
"""


def create_admin(host, release):
    """Make the admin user where there is no superuser; return the password if it was made up."""
    password = host.config.admin_pass or secrets.token_urlsafe(12)
    with step(host, "Admin user"):
        made = host.run(
            ADMIN,
            user=host.app_user,
            stdin=password + "\n",
            release=release,
            host=host.config.live_hostname,
        ).stdout.strip()
    return password if made and not host.config.admin_pass else None
