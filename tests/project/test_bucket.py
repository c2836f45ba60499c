"""The project over object storage: a server of S3 that is real."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from object_store import KEYS, ObjectStore

WRITTEN = Path(__file__).parent / "bucket_project"


def test_all_that_uses_uploads_works_in_a_bucket(project, tmp_path, free_port):
    path = tmp_path / "mysite"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".git"))
    shutil.copytree(WRITTEN, path / "tests", dirs_exist_ok=True)
    store = ObjectStore(tmp_path, port=free_port).start()
    path_of_rclone = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | KEYS | {"OBJECT_STORE": store.endpoint, "PATH": path_of_rclone}
    environment.pop("AWS_CA_BUNDLE", None)
    environment.pop("PYTEST_ADDOPTS", None)
    try:
        words = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
        words += [f"tests/{file.name}" for file in WRITTEN.glob("test_*.py")]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
        run = subprocess.run([project.python, *words], cwd=path, env=environment, **options)
    finally:
        store.stop()
    assert run.returncode == 0, run.stdout[-20000:]
