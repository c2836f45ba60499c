"""Settings whose values the server alone knows: fab secret."""

import os
import subprocess
import threading

import pytest
from sites import BY_PASSWORD, Site, typed
from support import Baker

KEY = "sk_live_b'\"c $HOME \\ é中 %(x)s {{y}}"
PEM = "-----BEGIN KEY-----\nMIIEvQ\nIBADAN\n-----END KEY-----\n"
# Looks for the lines of a file in what every process of the server shows, until a file is there.
WATCH = """
until [ -e /root/seen-enough ]; do
    cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | grep -aFf /root/values && exit 1
done
rm /root/seen-enough
"""


@pytest.fixture(scope="module")
def project(installed, template, tmp_path_factory):
    """A project that has been nowhere yet."""
    path = Baker(template, tmp_path_factory.mktemp("secrets")).bake(project_name="kept")
    site = Site(path, installed, name="www.kept.example", **BY_PASSWORD)
    site.configure(GUNICORN_PORT=8051, LIVE_HOSTNAME="www.kept.example")
    return site


@pytest.fixture(scope="module")
def site(project):
    assert project.fab("secret", "API_KEY", status=1).endswith(
        "nothing is live yet; type fab all\n"
    )
    project.fab("create", "deploy")
    yield project
    project.fab("remove", "--yes", "kept")
    assert not (project.host.root / "srv/kept").exists()


def give(site, value, *words, status=0):
    """Run fab secret with a value, str or bytes, at its standard input; return what it printed."""
    data = value if isinstance(value, bytes) else value.encode()
    options = {"stdin": subprocess.PIPE, "text": False, "encoding": None}
    with site.start("secret", *words, **options) as process:
        output = process.communicate(data, timeout=300)[0].decode()
    assert process.returncode == status, output
    assert "Traceback" not in output
    return output


def has(site, name):
    """Return what the live settings have under a name, as Python writes it."""
    code = f"from django.conf import settings; print(ascii(getattr(settings, '{name}', None)))"
    return site.answer("python", code).strip()


def kept(site):
    path = site.host.root / "srv/kept/shared/settings.json"
    return path.read_text() if path.exists() else ""


def title(site):
    """Return the title of the home page, as a visitor sees it."""
    return site.get("/")[1].partition("<title>")[2].partition("</title>")[0].strip()


def test_a_value_is_live_after_the_next_relay(site):
    before = title(site)
    told = give(site, "Kept Garden\n", "SITE_TITLE")
    assert told.splitlines()[-1] == "SITE_TITLE: not live yet; type fab restart"
    assert site.answer("secret") == "SITE_TITLE\n"
    assert "Not live yet: SITE_TITLE; type fab restart" in site.fab("secret")
    assert title(site) == before
    site.fab("restart")
    assert "Kept Garden" in title(site)
    assert "Not live yet" not in site.fab("secret")
    assert give(site, "Kept Garden", "SITE_TITLE").endswith("SITE_TITLE has that value already.\n")


def test_on_a_terminal_it_asks_for_the_value_and_for_the_restart(site):
    output = typed(site, ["2526", "no"], "secret", "EMAIL_PORT")
    assert "EMAIL_PORT, a number, such as 587: " in output
    assert "2526" not in output
    assert output.rstrip().endswith("EMAIL_PORT: not live yet; type fab restart")
    output = typed(site, [KEY, "yes"], "secret", "API_KEY")
    assert KEY not in output
    assert output.rstrip().endswith("Live: API_KEY")
    assert (has(site, "API_KEY"), has(site, "EMAIL_PORT")) == (ascii(KEY), "2526")
    assert "nothing was typed" in typed(site, ["\x04"], "secret", "API_KEY", status=2)
    assert "no value" in typed(site, [""], "secret", "API_KEY", status=2)


def test_values_have_the_types_of_the_defaults(site):
    give(site, '[("Ann", "ann@kept.example")]\n', "ADMINS")
    give(site, "True\n", "EMAIL_USE_TLS")
    give(site, PEM + "\n", "DKIM_KEY", "--yes")
    assert has(site, "ADMINS") == "[('Ann', 'ann@kept.example')]"
    assert has(site, "EMAIL_USE_TLS") == "True"
    assert has(site, "DKIM_KEY") == ascii(PEM)


def test_what_is_wrong_is_refused_in_a_line_and_changes_nothing(site):
    before = kept(site)
    for name, value, told in [
        ("EMAIL_PORT", "hunter2\n", "EMAIL_PORT takes a number, such as 587; nothing was changed"),
        ("DATABASES", "hunter2", "DATABASES is set by deploy/local_settings.py.template"),
        ("DEBUG", "True", "DEBUG can be no secret"),
        ("LANGUAGE_CODE", "hunter2", "the site does not start so; nothing was changed"),
        ("email_port", "hunter2", "is not the name of a setting"),
        ("API_KEY=hunter2", "", "type fab secret API_KEY, and it is asked for"),
        ("API_KEY", b"\xff\xfehunter2", "API_KEY: the standard input is not text in UTF-8"),
        ("API_KEY", "hunter2" * 20000, "more than 64 kB"),
    ]:
        output = give(site, value, name, "--yes", status=2)
        assert told in output.splitlines()[-1]
        assert "hunter2" not in output
        assert kept(site) == before
    assert "hunter2" not in site.fab("history")


def test_where_nobody_can_answer_it_ends(site):
    for options in ({"stdin": subprocess.DEVNULL}, {"preexec_fn": lambda: os.close(0)}):
        with site.start("secret", "API_KEY", **options) as process:
            output = process.communicate(timeout=60)[0]
        assert process.returncode == 2
        assert output.splitlines()[-1].startswith("API_KEY: no value; type it at a terminal")
    assert "Type fab secret NAME --remove" in site.fab("secret", "--remove", status=2)


def test_a_value_with_which_pages_fail_is_taken_back(site):
    before = kept(site)
    give(site, "waits too", "OTHER_KEY")
    output = give(site, "no.such.Storage", "MESSAGE_STORAGE", "--yes", status=1)
    assert "is live as before" in output
    assert "set by fab secret before, and now as it was: MESSAGE_STORAGE, OTHER_KEY" in output
    assert (kept(site), site.get("/")[0]) == (before, 200)


def test_it_is_seen_nowhere_but_in_the_files_of_the_server(site):
    value = "sk_live_seen_nowhere"
    (site.host.root / "root/values").write_text(f"{value}\n")
    seen = []
    watch = threading.Thread(target=lambda: seen.append(site.host.run(WATCH, check=False).stdout))
    watch.start()
    try:
        told = give(site, value, "PAYMENTS", "--yes", "-v")
        told += site.fab("plan", "-v") + site.fab("history")
    finally:
        (site.host.root / "root/seen-enough").touch()
        watch.join()
    assert seen == [""]
    assert value not in told
    assert "secret PAYMENTS: done" in told
    assert value not in site.host.run("journalctl").stdout
    search = "grep -rlasFf /root/values --devices=skip /srv /etc /var /tmp /run /home"
    files = site.host.run(search, check=False).stdout.split()
    ours = ["/srv/kept/shared/settings.json", "/srv/kept/state/settings.json"]
    assert sorted(files) == ours
    modes = site.host.run(f"stat -c '%a %U:%G' {' '.join(ours)}").stdout.splitlines()
    assert modes == ["640 root:kept", "600 root:root"]


def test_it_survives_a_restore_a_deploy_and_a_rollback(site):
    backup = site.answer("backup").split()[-1]
    give(site, "after the backup", "LATER")
    site.fab("restore", backup, "--yes", backup)
    assert has(site, "LATER") == "'after the backup'"
    (site.project / "empty.txt").touch()
    site.commit()
    site.fab("deploy")
    assert has(site, "API_KEY") == ascii(KEY)
    site.fab("rollback")
    assert (has(site, "LATER"), has(site, "EMAIL_PORT")) == ("'after the backup'", "2526")
    assert "Kept Garden" in title(site)


def test_it_can_be_removed(site):
    assert "there is no secret NONE; there are: ADMINS, " in site.fab(
        "secret", "NONE", "--remove", status=2
    )
    told = site.fab("secret", "SITE_TITLE", "--remove", "--yes")
    assert told.endswith("Live: SITE_TITLE\n")
    assert "Kept Garden" not in title(site)
    assert "SITE_TITLE" not in site.answer("secret").split()
    assert "secret SITE_TITLE removed: done" in site.fab("history")


def test_one_that_the_live_release_cannot_read_waits_for_a_deploy(site):
    """As where the release was made before there were secrets."""
    local = "/srv/kept/current/project/kept/local_settings.py"
    site.host.run(f"sed -i '/^globals/d' {local}")
    told = give(site, "x", "API_KEY")
    assert "too old to read it: type fab deploy" in told
    site.fab("deploy", "--yes")
    assert has(site, "API_KEY") == "'x'"
