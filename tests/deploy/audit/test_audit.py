"""A site as `fab secure all` makes it, in the eyes of auditors with no stake in it."""

import json
import os
import re
import subprocess
import sys

import lynis
import pytest
from observatory import Answer, grade
from securing import ssh_audit
from support import auditor, program
from trust import HOST, ask, over_http

pytestmark = pytest.mark.long
PAGES = ["/", "/blog/", "/nowhere/", "/accounts/login/", "/accounts/signup/", "/admin/login/"]
PAGES += ["/static/none.css"]

# Of testssl: what is found above LOW, or could not be looked at, and why it stays.
TESTSSL = {
    "cert_revocation": "the CA of these tests keeps no list",
    "engine_problem": "of the OpenSSL of this machine: no GOST",
    "sessionresumption_ticket": "NGINX gives no tickets, so it has nothing to resume with",
}
# Of gixy: what is found, and why it stays.
GIXY = {
    "try_files_is_evil_too": "a file more that is looked at is no fault",
    "worker_rlimit_nofile_vs_connections": "Debian's nginx.conf; the limit of files is systemd's",
}


# From outside


def test_nmap_finds_ssh_and_the_web_and_no_other_port(site):
    scan = [program("nmap", "nmap"), "-Pn", "-n", "-p-", "--min-rate=5000", "-oG", "-"]
    run = subprocess.run([*scan, site.host.address], capture_output=True, text=True, check=True)
    found = re.findall(r"(\d+)/(\w+)/", run.stdout)
    assert found == [("22", "open"), ("80", "open"), ("443", "open")]


def test_sslyze_calls_it_mozillas_intermediate_profile(site):
    trusting = f"--certinfo_ca_file={site.trusted}"
    target = f"{HOST}:443{{{site.host.address}}}"
    run = auditor("sslyze", "--mozilla_config=intermediate", trusting, target)
    assert f"{HOST}:443: OK - Compliant." in run.stdout, run.stdout + run.stderr


def test_testssl_finds_nothing_above_low_without_a_reason(site, tmp_path):
    """Of a page that holds a secret, a token, beside what the request says."""
    report = tmp_path / "report.json"
    options = ["--quiet", "--warnings=off", "--nodns=none", f"--ip={site.host.address}"]
    url = f"https://{HOST}/accounts/login/?next=/reflected/"
    words = [program("testssl", "testssl.sh"), *options, f"--jsonfile={report}", url]
    environment = os.environ | {"ADDITIONAL_CA_FILES": str(site.trusted)}
    run = subprocess.run(words, capture_output=True, text=True, env=environment)
    found = {each["id"]: each for each in json.loads(report.read_text())}
    assert "BREACH" in found, run.stdout
    serious = {name for name in found if found[name]["severity"] not in ("OK", "INFO", "LOW")}
    assert [found[name] for name in serious - TESTSSL.keys()] == []


@pytest.mark.parametrize("path", PAGES)
def test_the_observatory_gives_the_best_grade(site, authority, figures, path):
    way = [over_http(site, HOST, path).headers["Location"]]
    answer = ask(site, authority, path=path, Origin="https://elsewhere.example")
    page = Answer(f"https://{HOST}{path}", answer.headers, answer.text, way)
    letter, score, modifiers = grade(page)
    figures(f"Observatory, {path}: {letter}, {score}")
    assert letter == "A+", modifiers


# From inside


def test_gixy_finds_nothing_without_a_reason(site):
    dump = site.host.run("nginx -T").stdout
    words = [sys.executable, "-m", "gixy", "--format=json", "-"]
    run = subprocess.run(words, input=dump, capture_output=True, text=True)
    assert {each["plugin"] for each in json.loads(run.stdout)} == GIXY.keys()


def test_djangos_own_check_of_a_deployment_is_clean(site):
    output = site.fab("manage", "check --deploy --fail-level WARNING")
    assert "System check identified" in output


def test_lynis_suggests_nothing_without_a_reason(site, figures):
    report = lynis.audit(site.host)
    figures(f"lynis: hardening index {report.index}")
    unexplained = report.said.keys() - lynis.REASONS.keys()
    assert {name: report.said[name] for name in unexplained} == {}


def test_ssh_audit_finds_nothing_against_its_policy(site):
    """The last one: sshd keeps away for a while who asks as much as this."""
    assert ssh_audit(site.host) == []
