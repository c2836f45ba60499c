"""Who may log in at /admin/ after the first deploy, and who gets to see the password."""

import io
import json
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from deploy import releases
from deploy.config import PROJECT_ROOT

SCRIPT = PROJECT_ROOT / "deploy/on_host/in_release/finish.py"


@pytest.fixture
def finish(monkeypatch, capsys, db):
    """A function that does the last step of a deploy on this database; it returns what is told."""

    def call(command, password, hostname, **rest):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n{hostname}\n"))
        exec(SCRIPT.read_text("utf-8"), {})
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    def run(at_a_terminal, admin_pass=""):
        monkeypatch.setattr(releases, "can_ask", lambda: at_a_terminal)
        monkeypatch.setattr(releases, "step", lambda host, title: nullcontext())
        config = SimpleNamespace(
            admin_pass=admin_pass, project_app="app", live_hostname="one.example", typed=str
        )
        return releases.finish(SimpleNamespace(name="one", config=config, call=call))

    get_user_model().objects.filter(is_superuser=True).delete()
    return run


def admins():
    return get_user_model().objects.filter(is_superuser=True)


def test_at_a_terminal_the_password_is_shown_once(finish):
    (line,) = finish(at_a_terminal=True)
    assert admins().get().check_password(line.split()[7])
    assert finish(at_a_terminal=True) == []


def test_in_a_log_of_ci_no_password_is_shown_and_no_user_is_made_with_one(finish):
    (line,) = finish(at_a_terminal=False)
    assert "type fab deploy --force at a terminal" in line
    assert "password " not in line.partition(", which shows")[0]
    assert not admins().exists()


def test_a_password_of_the_settings_is_never_shown(finish):
    assert finish(at_a_terminal=False, admin_pass="secret") == []
    assert admins().get().check_password("secret")


def author(**fields):
    """Make an account as fab push makes it for who has written something."""
    user = get_user_model()(username="admin", **{"is_active": False} | fields)
    user.set_unusable_password()
    user.save()
    return user


def test_an_author_whom_a_push_has_brought_becomes_the_admin(finish):
    brought = author()
    (line,) = finish(at_a_terminal=True)
    admin = admins().get()
    assert admin.pk == brought.pk
    assert admin.check_password(line.split()[7])
    assert (admin.is_active, admin.is_staff) == (True, True)


@pytest.mark.parametrize("is_active", [True, False])
def test_a_visitor_who_has_signed_up_as_admin_gets_no_rights(finish, is_active):
    visitor = author(is_active=is_active)
    visitor.set_password("their own")
    visitor.save()
    (line,) = finish(at_a_terminal=True)
    assert 'fab manage "deletevisitor admin --noinput"' in line
    assert not admins().exists()
    call_command("deletevisitor", "admin", "--noinput")
    assert "password" in finish(at_a_terminal=True)[0]
    assert admins().exists()
