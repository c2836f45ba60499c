"""What the hosts of a site tell each other in its database: PostgreSQL, which is real."""

import os
import shutil
import subprocess
from pathlib import Path

from servers import DB_PASS

WRITTEN = Path(__file__).parent / "hosts_project"


def test_hosts_agree_in_their_database(project, database, tmp_path):
    path = tmp_path / "mysite"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".git"))
    shutil.copytree(WRITTEN, path / "tests", dirs_exist_ok=True)
    where = {"PGHOST": database.host, "PGPORT": str(database.port), "PGPASSWORD": DB_PASS}
    environment = os.environ | where | {"PGUSER": "mysite", "PGDATABASE": "mysite"}
    environment.pop("PYTEST_ADDOPTS", None)
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
    words += [f"tests/{file.name}" for file in WRITTEN.glob("test_*.py")]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
    run = subprocess.run([project.python, *words], cwd=path, env=environment, **options)
    assert run.returncode == 0, run.stdout[-20000:]
