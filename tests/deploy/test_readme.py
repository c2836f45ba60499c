"""The README's two commands, word for word, on brand-new Debian hosts."""

import re
import shlex
import subprocess
import time

import pytest

ASK = """
import http.cookiejar, sys, urllib.parse, urllib.request
jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
browser = urllib.request.build_opener(jar)
site = "http://127.0.0.1:8000"
print(browser.open(site + "/", timeout=5).read().decode())
form = browser.open(site + "/admin/login/", timeout=60).read().decode()
token = form.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
fields = {"csrfmiddlewaretoken": token, "username": sys.argv[1], "password": sys.argv[2]}
data = urllib.parse.urlencode(fields | {"next": "/admin/"}).encode()
print(browser.open(site + "/admin/login/", data, timeout=60).read().decode())
"""


@pytest.fixture
def clone(debian, template):
    """The host, with what the README asks for, a user named me and a clone in /home/me/clone."""
    debian.run("apt-get -qq update && apt-get -qq install -y git python3-venv")
    debian.run("useradd --create-home --shell /bin/bash me")
    debian.copy_in(template, "/home/me/clone", user="me")
    debian.run(
        "cd clone && git init -q && git add --force . && git -c user.name=me "
        "-c user.email=me@localhost commit -q -m clone",
        user="me",
    )
    return debian


def command(template, number):
    """Return the command in that code block of the README, counted from 1."""
    blocks = re.findall(
        r"^```console\n(.*?)\n```$", (template / "README.md").read_text(), re.M | re.S
    )
    assert len(blocks) == 2, "the README promises two commands"
    return blocks[number - 1]


def wait_for_the_site(host, server, seconds):
    """Return the home page and the admin, as HTML, once the server answers."""
    ask = shlex.join(["python3", "-c", ASK, "admin", "default"])
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert server.poll() is None, server.stdout.read()
        answer = host.run(ask, user="me", check=False)
        if answer.returncode == 0:
            return answer.stdout
        time.sleep(1)  # between two questions
    pytest.fail("the site did not answer")


def serve_once(host, line):
    server = host.popen(
        f"cd clone && {line}",
        user="me",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        return wait_for_the_site(host, server, seconds=300)
    finally:
        server.terminate()
        server.wait(timeout=30)


def test_the_first_command_makes_a_project_and_serves_it(clone, template):
    html = serve_once(clone, command(template, 1))
    assert "<title>Home | Mysite</title>" in html
    assert "Log out" in html
    database = (
        "sha256sum clone/mysite/mysite/local_settings.py; cd clone/mysite && git log --oneline"
    )
    before = clone.run(database, user="me").stdout
    assert "Log out" in serve_once(clone, command(template, 1))
    assert clone.run(database, user="me").stdout == before


def test_cookiecutter_gets_onto_the_machine_as_the_readme_says(clone, template):
    clone.run("apt-get -qq install -y --no-install-recommends pipx")
    readme = (template / "README.md").read_text("utf-8")
    line = re.search(r"`(pipx run cookiecutter) gh:org/template`", readme)[1]
    clone.run(f"{line} --no-input clone", user="me")
    assert clone.run("ls mysite/manage.py", user="me").stdout


@pytest.mark.long  # .ci/run runs the same command
def test_the_second_command_passes_the_tests(clone, template):
    result = clone.run(f"cd clone && {command(template, 2)}", user="me", timeout=1800, check=False)
    output = result.stdout + result.stderr
    assert result.returncode == 0, output[-5000:]
    assert re.search(r"\d{2,} passed", output)
    assert "Not run on this machine:" in output
