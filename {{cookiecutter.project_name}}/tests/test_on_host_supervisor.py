"""How the program on the server asks supervisor: over a socket, which here is a small one's."""

import base64
import socketserver
import threading
from functools import partial
from xmlrpc.server import SimpleXMLRPCDispatcher, SimpleXMLRPCRequestHandler

import pytest

from deploy.on_host import supervisor

SETTINGS = """
[unix_http_server]
file={path}   ; (the path to the socket file)
username=somebody
password=p@ss/w%%d
"""


class Answers(SimpleXMLRPCRequestHandler):
    rpc_paths = ()
    disable_nagle_algorithm = False

    def do_POST(self):
        wanted = "Basic " + base64.b64encode(b"somebody:p@ss/w%d").decode()
        if self.headers["Authorization"] != wanted:
            self.rfile.read(int(self.headers["Content-Length"]))
            return self.send_error(401)
        return super().do_POST()

    def log_request(self, *_):
        pass

    log_message = log_request


class Small(socketserver.UnixStreamServer, SimpleXMLRPCDispatcher):
    """A supervisor that has one program, whose next states are in a list; the last one stays."""

    def __init__(self, path):
        SimpleXMLRPCDispatcher.__init__(self)
        super().__init__(path, Answers)
        self.states, self.told = ["RUNNING"], []
        self.register_function(self.processes, "supervisor.getAllProcessInfo")
        for name in ("startProcess", "stopProcess"):
            self.register_function(partial(self.tell, name), f"supervisor.{name}")

    def processes(self):
        state = self.states.pop(0) if self.states[1:] else self.states[0]
        return [{"name": "garden", "statename": state, "description": "pid 1"}]

    def tell(self, name, program, wait=True):
        self.told.append((name, program, wait))
        return True


@pytest.fixture
def small(tmp_path):
    with Small(str(tmp_path / "socket")) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def settings_of_supervisor(small, tmp_path, monkeypatch):
    path = tmp_path / "supervisord.conf"
    path.write_text(SETTINGS.format(path=small.server_address))
    monkeypatch.setattr(supervisor, "CONFIGURATION", str(path))
    return path


def test_it_is_asked_where_its_configuration_says_and_with_its_password(settings_of_supervisor):
    assert supervisor.states() == {"garden": ("RUNNING", "pid 1")}
    assert supervisor.state_of("garden") == "RUNNING"
    assert supervisor.state_of("other") == ""


@pytest.mark.usefixtures("settings_of_supervisor")
def test_a_program_is_waited_for_and_supervisor_is_not_let_wait(small):
    small.states = ["STOPPING", "STOPPING", "STOPPED"]
    supervisor.stop("garden")
    assert small.states == ["STOPPED"]
    supervisor.start("garden")
    assert small.told == [("stopProcess", "garden", False), ("startProcess", "garden", False)]


def test_what_it_refuses_does_not_show_the_password(settings_of_supervisor):
    text = settings_of_supervisor.read_text().replace("p@ss", "wrong")
    settings_of_supervisor.write_text(text)
    assert supervisor.states() == {}
    with pytest.raises(OSError, match="^Unauthorized$"):
        supervisor.update("garden")


def test_where_it_is_not_there_no_program_has_a_state(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "CONFIGURATION", str(tmp_path / "none"))
    assert supervisor.states() == {}
    supervisor.stop("garden")
