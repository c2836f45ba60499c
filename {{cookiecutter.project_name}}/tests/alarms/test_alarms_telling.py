"""What the alarms tell to whom, once, by mail and by URLs."""

import json
import smtplib
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from alarms_garden import ACCOUNT, ANN, BOB
from mail_server import mail_server

from deploy.on_host import files
from deploy.on_host.alarms import account, memory, outbox, ways
from deploy.on_host.alarms import round as rounds
from deploy.on_host.checks import Wrong


class Web(BaseHTTPRequestHandler):
    """A web server that answers with one status, and leads to /elsewhere, where all is well."""

    def do_GET(self):
        self.server.asked.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200 if self.path == "/elsewhere" else self.server.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_words):
        pass


@contextmanager
def web_server(status):
    """Yield a server of this machine; `asked` are the requests that came."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        server.asked, server.status = [], status
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def test_what_could_not_be_sent_is_tried_again_and_arrives_once(garden):
    garden.refuse.add(ANN)
    garden.wrong["roof"] = Wrong("it leaks")
    garden.minutes(120)
    assert garden.mails == []
    box = rounds.load(garden.site)["outbox"][ANN]
    assert box["words"] == "450 4.2.0 Greylisted"
    assert 5 < box["tries"] < 12
    garden.wrong.clear()
    garden.minutes(5)
    garden.refuse.clear()
    garden.minutes(60)
    assert garden.subjects() == ["garden.example: wrong: roof; over: roof"]


def test_each_recipient_gets_what_they_have_not_got(garden):
    garden.configure(admins=[ANN, BOB], url="https://hook.example/secret")
    garden.refuse.add(BOB)
    garden.wrong["roof"] = Wrong("it leaks")
    garden.minutes(10)
    garden.refuse.clear()
    garden.minutes(60)
    assert [mail["To"] for mail in garden.mails] == [ANN, BOB]
    assert [post[0] for post in garden.posts] == ["https://hook.example/secret"]


def test_a_mail_server_that_holds_us_up_until_we_are_killed_keeps_nothing_from_the_others(
    garden, monkeypatch
):
    def hang(site, account, app, message):
        raise SystemExit  # as job.sh ends a round that takes too long

    garden.configure(url="https://hook.example/secret")
    monkeypatch.setattr(ways, "mail", hang)
    garden.wrong["roof"] = Wrong("it leaks")
    garden.minutes(1)
    with pytest.raises(SystemExit):
        garden.minutes(1)
    assert garden.posts == []
    garden.now += 60
    with pytest.raises(SystemExit):
        garden.minutes(1)
    assert len(garden.posts) == 1
    assert rounds.load(garden.site)["outbox"][ANN]["words"] == "no answer"


def test_a_server_that_answers_without_an_end_is_left_after_a_while(garden, monkeypatch):
    def give_up(*_words):
        try:
            time.sleep(60)
        except OSError:
            time.sleep(60)

    monkeypatch.setattr(outbox, "SECONDS", 2)
    monkeypatch.setattr(ways, "mail", give_up)
    garden.configure(url="https://hook.example/secret")
    garden.wrong["roof"] = Wrong("it leaks")
    garden.minutes(2)
    assert len(garden.posts) == 1
    box = rounds.load(garden.site)["outbox"][ANN]
    assert box["words"] == "no answer within 2 seconds"


def test_a_digest_is_as_long_as_a_chat_takes_it(monkeypatch):
    sent = []
    monkeypatch.setattr(ways, "ask_for", lambda request: sent.append(json.loads(request.data)))
    ways.post("https://hook.example/secret", "wrong", "x" * 300_000, "z")
    assert len(sent[0]["text"]) < 40_000
    assert len(sent[0]["content"]) == 2000


def test_a_url_that_leads_elsewhere_is_told_nothing():
    with web_server(302) as server:
        url = f"http://127.0.0.1:{server.server_port}/secret"
        with pytest.raises(ways.NotSent, match="it answers 302; it leads elsewhere"):
            ways.post(url, "x", "y", "z")
        assert server.asked == ["POST /secret"]
        ways.ping(url)  # a sign of life is the asking alone
        assert server.asked[1:] == ["GET /secret", "GET /elsewhere"]


@pytest.mark.parametrize(("status", "words"), [(500, "it answers 500"), (404, "it answers 404")])
def test_a_url_that_answers_with_an_error_has_taken_nothing(status, words):
    with web_server(status) as server, pytest.raises(ways.NotSent, match=words):
        ways.post(f"http://127.0.0.1:{server.server_port}/secret", "x", "y", "z")


def test_the_same_digest_has_the_same_id_however_often_it_is_sent(garden):
    ids = {outbox.digest_id(ANN, ["one", "two"], 7.5) for _ in range(3)}
    assert len(ids) == 1
    assert outbox.digest_id(BOB, ["one", "two"], 7.5) not in ids


def test_the_same_words_at_another_time_are_another_mail(garden):
    for _time in range(2):
        garden.wrong["roof"] = Wrong("it leaks")
        garden.minutes(10)
        garden.wrong.clear()
        garden.minutes(20)
    told = [mail for mail in garden.mails if "wrong: roof" in mail["Subject"]]
    assert told[0].get_content() == told[1].get_content()
    assert len({mail["Message-ID"] for mail in garden.mails}) == 4


def test_who_is_named_later_hears_what_is_wrong_by_then(garden):
    garden.configure(admins=[])
    garden.wrong["roof"] = Wrong("it leaks")
    garden.minutes(10)
    garden.configure()
    garden.minutes(10)
    assert garden.subjects() == ["garden.example: wrong: roof"]


def test_a_full_disk_is_told_though_nothing_can_be_kept_there(garden, monkeypatch):
    write = files.write

    def refuse(path, *rest, **options):
        if garden.site.state in path.parents:
            raise OSError(28, "No space left on device")
        write(path, *rest, **options)

    monkeypatch.setattr(memory, "write", refuse)
    garden.wrong["roof"] = Wrong("0 MB are free")
    garden.minutes(30)
    assert garden.subjects() == ["garden.example: wrong: roof"]


def test_where_nothing_can_be_kept_at_all_nobody_is_told_each_minute(garden, monkeypatch):
    def refuse(*_rest, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(memory, "write", refuse)
    garden.wrong["roof"] = Wrong("0 MB are free")
    for _ in range(5):
        with pytest.raises(OSError, match="No space"):
            garden.minutes()
    assert garden.mails == []


def test_a_sign_of_life_is_given_every_few_minutes_and_not_while_nobody_can_be_told(garden):
    garden.configure(ping="https://ping.example/secret")
    garden.minutes(60)
    assert 12 <= len(garden.pings) <= 15
    garden.refuse.add(ANN)
    garden.wrong["roof"] = Wrong("it leaks")
    garden.minutes(60)
    garden.pings.clear()
    garden.minutes(60)
    assert garden.pings == []


def test_no_url_is_told_where_it_does_not_answer():
    with pytest.raises(ways.NotSent) as told:
        ways.post("http://127.0.0.1:9/secret", "x", "y", "z")
    assert "secret" not in str(told.value)
    for url in ("no address at all: secret", "file:///secret"):
        with pytest.raises(ways.NotSent) as told:
            ways.ping(url)
        assert "secret" not in str(told.value)


def test_recipients_are_the_admins_and_the_url():
    assert account.recipients(ACCOUNT | {"url": "https://x.example"}) == [ANN, account.URL]
    assert account.recipients(ACCOUNT | {"configured": False}) == []
    assert account.recipients({}) == []


# Mail


def smtp(server, **values):
    account = ACCOUNT | {"host": "127.0.0.1", "port": server.port, "tls": False, "ssl": False}
    return account | {"timeout": 0.3, "user": "garden", "password": "x"} | values


def test_a_mail_server_is_told_all_in_the_mail_and_its_words_come_back(garden, monkeypatch):
    monkeypatch.undo()
    with mail_server() as server:
        account = smtp(server)
        message = ways.written(account, ANN, "Über: roof", "it leaks\n", "0a")
        ways.mail(garden.site, account, "garden", message)
        for fault, words in (
            ("does not take the address", "550 5.1.1 No such mailbox"),
            ("does not take the password", "535 5.7.8 Wrong password"),
            ("does not take the text", "554 5.6.0 Spam"),
        ):
            server.fault = fault
            with pytest.raises(ways.NotSent, match=words):
                ways.mail(garden.site, account, "garden", message)
        for fault in ("is silent", "hangs up at once", "hangs up after the text", "is busy"):
            server.fault = fault
            with pytest.raises((OSError, smtplib.SMTPException, ways.NotSent)):
                ways.mail(garden.site, account, "garden", message)
        assert len(server.taken) == 1
        assert "Message-ID: <0a@garden.example>" in server.taken[0].replace("\r", "")
