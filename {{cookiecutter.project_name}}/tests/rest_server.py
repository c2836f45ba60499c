"""A place for backups that speaks restic's REST, and lets nothing be removed but locks.

https://restic.readthedocs.io/en/stable/100_references.html#rest-backend
"""

import base64
import json
import re
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def file(self):
        return self.server.folder / self.path.partition("?")[0].strip("/")

    def answer(self, status, body=b"", kind="application/octet-stream"):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", kind)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        login = base64.b64encode(self.server.login.encode()).decode()
        if self.headers.get("Authorization") != f"Basic {login}":
            return self.answer(401)
        return getattr(self, self.command.lower())(body)

    do_GET = do_HEAD = do_POST = do_DELETE = handle_one

    def get(self, _):
        if self.file.is_dir():
            names = [{"name": p.name, "size": p.stat().st_size} for p in self.file.iterdir()]
            return self.answer(200, json.dumps(names).encode(), "application/vnd.x.restic.rest.v2")
        if not self.file.is_file():
            return self.answer(404)
        content = self.file.read_bytes()
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
            last = int(asked[2] or len(content) - 1)
            return self.answer(206, content[int(asked[1]) : last + 1])
        return self.answer(200, content)

    head = get

    def post(self, body):
        if "create=true" in self.path:
            for name in ("data", "index", "keys", "locks", "snapshots"):
                (self.file / name).mkdir(parents=True, exist_ok=True)
        elif self.file.exists():
            return self.answer(403)
        else:
            self.file.write_bytes(body)
        return self.answer(200)

    def delete(self, _):
        if self.file.parent.name != "locks":
            return self.answer(403)
        self.file.unlink()
        return self.answer(200)

    def log_message(self, *_):
        pass


@contextmanager
def rest_server(folder: Path, login: str):
    """Serve a folder to who has the login, NAME:PASSWORD; yield its address for BACKUP_TO."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.folder, server.login = folder, login
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"rest:http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
