"""What a deploy does with migrations, and a rollback with the data written since."""

import threading

import pytest
from load import Connection, Load
from sites import HOST, Site
from support import Baker

MODEL = """
from django.db import models


class Note(models.Model):
    text = models.TextField(default="")

    class Meta:
        managed = False  # the migrations of the tests are not those that this model asks for
"""
HEAD = "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"
FIELDS = '[("id", models.AutoField(primary_key=True)), ("text", models.TextField())]'
LOCK = "BEGIN; LOCK TABLE notes_note IN SHARE UPDATE EXCLUSIVE MODE; SELECT pg_sleep(60)"


@pytest.fixture(scope="module")
def site(up_with_packages, template, tmp_path_factory):
    """A live site with an app whose models change."""
    project = Baker(template, tmp_path_factory.mktemp("migrations")).bake(live_hostname=HOST)
    host = up_with_packages("migrations", suite="bookworm")
    site = Site(project, host, SSH_USER="root", ADMIN_PASS="adminadmin")
    (project / "notes/migrations").mkdir(parents=True)
    for package in ("notes", "notes/migrations"):
        (project / package / "__init__.py").write_text("")
    (project / "notes/models.py").write_text(MODEL)
    settings = project / "mysite/settings.py"
    settings.write_text(settings.read_text().replace('"theme",', '"theme", "notes",', 1))
    migration(site, "0001_initial", f'migrations.CreateModel("Note", {FIELDS})')
    site.fab("all")
    yield site
    host.down()


def migration(site, name, *operations, before=None):
    """Commit a migration of the app."""
    dependencies = f'    dependencies = [("notes", "{before}")]\n' if before else ""
    body = f"    operations = [{', '.join(operations)}]\n"
    path = site.project / f"notes/migrations/{name}.py"
    path.write_text(HEAD + dependencies + body)
    site.commit()


def drop(site, *names):
    for name in names:
        (site.project / f"notes/migrations/{name}.py").unlink()
    site.commit()


def rows(site):
    return int(site.fab("psql", "SELECT 'rows', count(*) FROM notes_note").split("|")[2].split()[0])


def insert(site, text):
    site.fab("psql", f"INSERT INTO notes_note (text) VALUES ('{text}')")


def test_a_deploy_migrates_before_the_new_code_answers(site):
    add = 'migrations.AddField("note", "colour", models.TextField(null=True))'
    migration(site, "0002_colour", add, before="0001_initial")
    assert "notes.0002_colour" in site.fab("plan")
    with Load(site, HOST) as load:
        site.fab("deploy")
    assert load.failures == []
    assert "pending" in site.status()
    assert "migrations:  0 pending" in site.status()
    assert "1 migrations: done" in site.fab("history", "--last", "1")


def test_migrations_that_break_half_way_leave_the_site_up_and_are_told_one_by_one(site):
    add = 'migrations.AddField("note", "{}", models.TextField(null=True))'
    migration(site, "0003_shape", add.format("shape"), before="0002_colour")
    wrong = "migrations.RunPython(lambda apps, editor: 1 / 0)"
    migration(site, "0004_wrong", add.format("size"), wrong, before="0003_shape")
    with Load(site, HOST) as load:
        output = site.fab("deploy", status=1)
    assert load.failures == []
    assert "Migrations applied: notes.0003_shape; not applied: notes.0004_wrong" in output
    drop(site, "0004_wrong")
    site.fab("deploy")


def test_a_migration_that_waits_for_a_lock_gives_up_and_leaves_the_site_up(site):
    add = 'migrations.AddField("note", "weight", models.TextField(null=True))'
    migration(site, "0004_weight", add, before="0003_shape")
    lock = f"runuser -u mysite -- psql -c '{LOCK}'"
    holder = threading.Thread(target=site.host.run, args=(lock,), kwargs={"check": False})
    holder.start()
    assert "lock timeout" in site.fab("deploy", status=1)
    assert site.get("/")[0] == 200
    site.fab("psql", "SELECT pg_cancel_backend(pid) FROM pg_locks WHERE mode ~ 'ShareUpdate'")
    holder.join()
    site.fab("deploy")


HARMFUL = {
    'migrations.RemoveField("note", "weight")': "drops note.weight",
    'migrations.RunSQL("SELECT 1")': "runs SQL of its own",
}
ALSO_HARMFUL = {
    'migrations.RenameField("note", "shape", "form")': "renames note.shape",
    'migrations.AddField("note", "must", models.TextField(default="x"))': "note.must takes no NULL",
    'migrations.AlterField("note", "colour", models.TextField())': "note.colour takes no NULL",
    'migrations.DeleteModel("Note")': "drops the table of Note",
    'migrations.RenameModel("Note", "Remark")': "renames the table of Note",
}


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        *HARMFUL.items(),
        *(pytest.param(*each, marks=pytest.mark.long) for each in ALSO_HARMFUL.items()),
    ],
)
def test_what_the_live_code_could_not_survive_is_named_and_not_done_unasked(site, operation, told):
    migration(site, "0005_breaking", operation, before="0004_weight")
    assert told in site.fab("plan")
    output = site.fab("deploy", status=2)
    assert told in output
    assert "--maintenance" in output
    assert site.get("/")[0] == 200
    drop(site, "0005_breaking")


def test_in_maintenance_a_breaking_migration_is_done_while_visitors_wait(site):
    migration(
        site, "0005_no_weight", 'migrations.RemoveField("note", "weight")', before="0004_weight"
    )
    with Load(site, HOST) as load:
        site.fab("deploy", "--maintenance")
    assert set(load.answers) == {200, 503}
    assert site.get("/")[0] == 200


def test_a_deploy_that_fails_in_maintenance_leaves_the_database_as_it_was(site):
    insert(site, "kept")
    before = rows(site)
    delete = 'migrations.RunSQL("DELETE FROM notes_note")'
    migration(site, "0006_delete", delete, before="0005_no_weight")
    migration(site, "0007_wrong", "migrations.RunPython(lambda a, b: 1 / 0)", before="0006_delete")
    output = site.fab("deploy", "--maintenance", status=1)
    assert "The database is as it was before" in output
    assert rows(site) == before
    assert site.get("/")[0] == 200
    drop(site, "0006_delete", "0007_wrong")
    site.fab("deploy", "--force")


def test_in_maintenance_visitors_are_told_to_come_back(site):
    site.fab("maintenance", "on")
    connection = Connection(site.host.address, HOST)
    connection.request("GET", "/", headers={"Host": HOST})
    response = connection.getresponse()
    assert (response.status, response.headers["Retry-After"]) == (503, "60")
    assert "maintenance: on" in site.status()
    site.fab("maintenance", "off")
    assert site.get("/")[0] == 200


def test_a_rollback_keeps_the_data_and_names_the_migrations_that_stay(site):
    add = 'migrations.AddField("note", "late", models.TextField(null=True))'
    migration(site, "0006_late", add, before="0005_no_weight")
    site.fab("deploy")
    insert(site, "written since")
    before = rows(site)
    output = site.fab("rollback")
    assert "does not know these migrations, which stay: notes.0006_late" in output
    assert rows(site) == before
    site.fab("deploy", "--force")


def test_a_rollback_with_its_data_says_what_is_lost_and_asks(site):
    site.fab("deploy", "--force")  # before which a dump is made
    before = rows(site)
    insert(site, "lost")
    output = site.fab("rollback", "--restore-db", status=2)
    assert f"notes_note: {before} rows in the backup, {before + 1} live" in output
    assert rows(site) == before + 1
    site.fab("rollback", "--restore-db", "--yes")
    assert rows(site) == before
    assert site.get("/")[0] == 200
    dumps = site.fab("sudo", "ls /srv/mysite/backups")
    assert "-rollback" in dumps


@pytest.mark.long  # it takes six deploys
def test_releases_that_a_backup_belongs_to_are_kept(site):
    for _ in range(6):
        site.fab("deploy", "--force")
    kept = site.fab("sudo", "ls /srv/mysite/releases").split()
    belong = site.fab("sudo", "cat /srv/mysite/backups/*/release").split()
    assert set(belong) - {"sudo", "on", site.host.address} <= set(kept)
