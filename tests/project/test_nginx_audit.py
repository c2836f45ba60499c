"""What auditors say of NGINX as the project configures it: sslyze of its TLS, gixy of its text."""

import json
import re
import subprocess
import sys

import pytest
from servers import HOST
from support import auditor

# Of gixy: what is found, and why it stays.
REASONS = {
    "try_files_is_evil_too": "a file more that is looked at is no fault",
    "worker_rlimit_nofile_vs_connections": "of the nginx.conf of these tests",
}


@pytest.fixture(scope="module")
def sslyze(nginx, tmp_path_factory):
    """The report of sslyze, a dict, and what it prints about Mozilla's intermediate profile."""
    path = tmp_path_factory.mktemp("sslyze") / "report.json"
    target = f"{HOST}:{nginx.port}{{127.0.0.1}}"
    run = auditor("sslyze", "--mozilla_config=intermediate", f"--json_out={path}", target)
    assert path.exists(), run.stdout + run.stderr
    return json.loads(path.read_text()), run.stdout


def test_tls_is_mozillas_intermediate_profile_but_for_the_certificate_of_these_tests(sslyze):
    report, text = sslyze
    assert report["server_scan_results"][0]["connectivity_status"] == "COMPLETED"
    verdict = text.rpartition("Checking results against")[2]
    found = re.findall(r"^\s+\* (\w+): (.*)", verdict, re.M)
    assert "certificate" in str(found)  # which nobody has signed
    assert [each for each in found if not each[0].startswith("certificate")] == []


def test_gixy_finds_nothing_without_a_reason(nginx):
    command = [sys.executable, "-m", "gixy", "--format=json", nginx.folder / "nginx.conf"]
    run = subprocess.run(command, capture_output=True, text=True)
    found = {each["plugin"] for each in json.loads(run.stdout)}
    assert found == set(REASONS)


def test_nginx_does_not_tell_its_version(nginx):
    for path in ("/", "/static/none", "/media/none"):
        assert nginx.open(path).headers["Server"] == "nginx"
