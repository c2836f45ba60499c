"""Imports into sites, and a server that gives what others give."""

from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from threading import Thread

import pytest
from django.core.management import call_command
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.generic.models import Keyword
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.sites import override_current_site_id


@pytest.fixture
def run(db):
    """Return a function that runs a command for admin on a site; it returns what it says."""

    def run(command, site=1, mezzanine_user="admin", **options):
        out = StringIO()
        with override_current_site_id(site):
            call_command(command, mezzanine_user=mezzanine_user, stdout=out, **options)
        return out.getvalue()

    return run


@pytest.fixture
def run_text(run, tmp_path):
    """Return a function that imports a file of that text; it returns what the command says."""

    def run_text(command, option, text):
        path = tmp_path / "export"
        path.write_text(text, "utf-8")
        return run(command, **{option: str(path)})

    return run_text


@pytest.fixture
def empty(db):
    """Nothing is there before."""
    BlogPost.objects.all().delete()
    BlogCategory.objects.all().delete()
    RichTextPage.objects.all().delete()
    Keyword.objects.all().delete()


@pytest.fixture
def server(monkeypatch):
    """A server on this machine: its answers, bytes by path with query, and its address."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    answers = {}
    handler = partial(Handler, answers)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield answers, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Handler(BaseHTTPRequestHandler):
    def __init__(self, answers, *args):
        self.answers = answers
        super().__init__(*args)

    def do_GET(self):
        body = self.answers.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args):
        pass
