"""No answer, or none of X: the tweets stay, and nobody is told before it has gone on for long."""

import socket
import time

import pytest
from polls import EXAMPLE, pass_time, poll, polled, shown

from feeds import x_client
from feeds.models import Feed

USER = 'tweets_for_user "example_org" 5'


def text(body, status=200, kind="text/html"):
    return lambda handler: handler.reply(status, body, {"content-type": kind})


def cut(handler):
    """Promise more than is sent."""
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"data": [')
    handler.close_connection = True


def hang_up(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def drip(handler):
    """Send a good answer, a byte at a time, so that no single wait is long."""
    answer = b'{"meta": {"result_count": 0}}'
    handler.send_response(200)
    handler.send_header("content-length", str(len(answer)))
    handler.end_headers()
    for byte in answer:
        time.sleep(0.05)
        handler.wfile.write(bytes([byte]))


def flood(handler):
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    for _ in range(6):
        handler.wfile.write(b" " * 1_000_000)


def elsewhere(handler):
    handler.reply(302, "", {"location": f"http://localhost:{handler.server.server_port}/2/x"})


UNANSWERED = {
    "503 in HTML": "error_503_html",
    "500": text("{}", 500, "application/json"),
    "200 in HTML": text("<html>Welcome</html>"),
    "401 of a proxy": text("<html>Log in</html>", 401),
    "403 of a firewall": text("<html>Are you human?</html>", 403),
    "404 of a gateway": text("<html>Nothing here</html>", 404),
    "an error that is a list": text("[1]", 400, "application/json"),
    "a list": text("[1]"),
    "a number": text("1"),
    "nothing": text(""),
    "no data": text("{}"),
    "a promise": text('{"meta": {"result_count": 3}}'),
    "data that is none": text('{"data": 5}'),
    "no posts": text('{"data": ["a", null]}'),
    "an id that is none": text('{"data": [{"id": {}, "text": "a"}]}'),
    "a reset that is no time": lambda handler: handler.reply(
        429, "{}", {"x-rate-limit-reset": "x"}
    ),
    "no Unicode": text("\x00\x01"),
    "a cut connection": cut,
    "no answer": hang_up,
    "a redirect": elsewhere,
    "too much": flood,
    "too slow": drip,
}


@pytest.mark.parametrize("fault", UNANSWERED.values(), ids=UNANSWERED)
def test_without_an_answer_the_tweets_stay_and_nobody_is_told(site, x, fault, monkeypatch):
    polled(USER)
    x.faults["tweets"] = fault
    pass_time(minutes=10)
    with monkeypatch.context() as patch:
        if fault is drip:
            patch.setattr(x_client, "WHOLE_ANSWER", 0.3)
        result = poll()
    assert (result.status, result.out, result.err) == (0, "", "")
    assert Feed.objects.get().error
    assert len(shown(USER)) == 5
    x.faults.clear()
    newest = x.add(EXAMPLE, "News")
    pass_time(minutes=10)
    assert polled(USER)[0].remote_id == newest
    assert Feed.objects.get().error == ""


def test_six_times_in_a_row_without_an_answer_are_told_once(site, x):
    polled(USER)
    x.faults["tweets"] = "error_503_html"
    told = []
    for _ in range(8):
        pass_time(minutes=10)
        told.append(poll())
    assert [result.status for result in told] == [0] * 5 + [1] * 3
    assert [len(result.err.splitlines()) for result in told] == [0] * 5 + [1, 0, 0]
    assert not any(result.out for result in told)
    x.faults.clear()
    pass_time(minutes=10)
    result = poll()
    assert (result.status, result.err) == (0, "")
    assert "works again" in result.out


def test_a_server_that_is_not_there_is_no_answer_either(site, settings):
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings.TWITTER_API_URL = f"http://127.0.0.1:{free.getsockname()[1]}"
    shown(USER)
    result = poll()
    assert (result.status, result.err) == (0, "")
    assert "Connection refused" in Feed.objects.get().error
