"""What the agent makes of the answers of a CA."""

import subprocess
import time

import pytest

from deploy.on_host import lead
from deploy.on_host.acme import order
from deploy.on_host.acme.agent import Agent
from deploy.on_host.acme.telling import described
from deploy.on_host.site import Site

WORDS_OF_CA = """ValueError: Error finalizing order:
Url: https://ca.example/new-order
Data: b'{...}'
Response Code: %s
Response: {'type': 'urn:ietf:params:acme:error:%s', 'detail': '%s', 'status': %s}
"""


@pytest.mark.parametrize(
    ("told", "of", "domain", "until"),
    [
        (WORDS_OF_CA % (403, "unauthorized", "Invalid response from http://x", 403), "name", "", 0),
        (WORDS_OF_CA % (400, "rejectedIdentifier", "Policy forbids", 400), "name", "", 0),
        (WORDS_OF_CA % (500, "serverInternal", "Internal error", 500), "doubt", "", 0),
        ("Response Code: None\nResponse: <urlopen error [Errno 111] refused>", "doubt", "", 0),
        ("urllib.error.URLError: <urlopen error timed out>", "doubt", "", 0),
        ("ValueError: Challenge did not pass for x: {'detail': 'no A record'}", "name", "", 0),
        (
            "ValueError: Challenge did not pass for x: {'detail': 'DNS problem: query timed out'}",
            *("name", "", 0),
        ),
        (
            "ValueError: Challenge did not pass for x: {'detail': 'URLError Response Code: 500"
            " rateLimited retry after 2099-01-01 00:00:00 UTC'}",
            *("name", "", 0),
        ),
        (WORDS_OF_CA % (429, "rateLimited", "Too many requests", 429), "doubt", "", 0),
        (WORDS_OF_CA % (429, "tooMany", "Slow down", 429), "doubt", "", 0),
        ("ValueError: Order failed: {'status': 'invalid', 'expires': 'x'}", "name", "", 0),
        ("Traceback:\n  File x\nKeyError: 'type'", "doubt", "", 0),
        ("Traceback:\n  File x\nTypeError: string indices must be integers", "doubt", "", 0),
        ("Traceback:\n  File x\nIndexError: list index out of range", "name", "", 0),
        (
            "ValueError: Error getting directory:\nUrl: x\nResponse Code: 404\nResponse: none",
            *("all", "", 0),
        ),
        (
            WORDS_OF_CA
            % (429, "rateLimited", "Your account is temporarily prevented from requesting", 429),
            *("name", "", 0),
        ),
        (
            WORDS_OF_CA
            % (
                429,
                "rateLimited",
                "too many new orders (300) from this account in the last 3h0m0s, retry after"
                " 2027-01-15 08:00:00 UTC: see https://letsencrypt.org",
                429,
            ),
            "all",
            "",
            1800000000,
        ),
        (
            WORDS_OF_CA
            % (
                429,
                "rateLimited",
                'too many certificates (50) already issued for "agency.example" in the last'
                " 168h0m0s, retry after 2027-01-15 08:00:00 UTC",
                429,
            ),
            "domain",
            "agency.example",
            1800000000,
        ),
        (
            WORDS_OF_CA
            % (
                429,
                "rateLimited",
                'too many failed authorizations (5) for "one.example" in the last 1h0m0s, retry'
                " after 2027-01-15 08:00:00 UTC",
                429,
            ),
            "name",
            "",
            1800000000,
        ),
    ],
)
def test_what_a_ca_refuses_is_for_the_name_its_domain_or_all(told, of, domain, until):
    refused = order.refusal(told)
    assert (refused.of, refused.domain, refused.until) == (of, domain, until)
    assert "\n" not in str(refused)
    assert str(refused)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            "ValueError: Order failed: {'status': 'invalid'}",
            "Order failed: {'status': 'invalid'}",
        ),
        (
            "File x\nKeyError: 'type'",
            "the CA has answered something that is not ACME (KeyError: 'type')",
        ),
        ("IndexError: list index out of range", "the CA offers no check over HTTP for it"),
        ("Response Code: 502\nResponse: <b>\x1b[31mno\x00</b>", "<b> [31mno </b>"),
        ("", "no reason"),
    ],
)
def test_why_an_order_failed_is_told_in_a_line_for_people(told, words):
    assert str(order.refusal(told)) == words


# What the CA sends


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


@pytest.fixture
def folder(there):
    """The directory of the agent's, beside which a CA has its key and its root."""
    for directory in (there.private, there.names):
        directory.mkdir()
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    folder = there.folder
    certificate = ["-keyout", folder / "ca.key", "-out", folder / "ca.crt", "-subj", "/CN=a root"]
    openssl("req", "-x509", *key, *certificate)
    return folder


def signed(folder, request, name, days=90):
    """Return the certificate that the CA signs for the key of a request, as acme-tiny prints it."""
    extensions = folder / "extensions"
    extensions.write_text(f"subjectAltName=DNS:{name}\n")
    ca = ["-CA", folder / "ca.crt", "-CAkey", folder / "ca.key", "-set_serial", "7"]
    output = ["-days", str(days), "-extfile", extensions, "-out", folder / "signed"]
    openssl("x509", "-req", "-in", request, *ca, *output)
    return (folder / "signed").read_text()


@pytest.fixture
def ordered(there, folder, monkeypatch):
    """Return a function that orders for one.example, and is answered with what another returns."""

    def ordered(answer):
        monkeypatch.setattr(order, "sent_by_ca", lambda place, request, _url: answer(request))
        return order.place_order(there, "one.example", "https://ca.example/dir")

    there.root = folder / "ca.crt"
    return ordered


def test_a_certificate_and_its_key_are_put_in_place_and_the_key_is_kept(there, folder, ordered):
    since, until = ordered(lambda request: signed(folder, request, "one.example"))
    assert since < time.time() + 60 < until
    first = there.pem("one.example").read_text()
    ordered(lambda request: signed(folder, request, "one.example", days=80))
    second = there.pem("one.example").read_text()
    assert first != second
    assert first.partition("-----END PRIVATE")[0] == second.partition("-----END PRIVATE")[0]
    assert there.pem("one.example").stat().st_mode & 0o777 == 0o640
    assert {path.name for path in there.private.iterdir()} == {"account.key"}


def of_another_key(folder, request):
    openssl("genpkey", "-algorithm", "RSA", "-out", folder / "other.key")
    other = folder / "other.csr"
    openssl("req", "-new", "-key", folder / "other.key", "-subj", "/", "-out", other)
    return signed(folder, other, "one.example")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (of_another_key, "another key"),
        (lambda folder, request: signed(folder, request, "two.example"), "[Hh]ostname mismatch"),
        (lambda folder, request: signed(folder, request, "one.example", -1), "expired"),
        (lambda folder, request: "-----BEGIN CERTIFICATE-----\nno\n", "openssl x509: "),
        (lambda folder, request: "", "openssl x509: "),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told_and_the_one_before_stays(
    there, folder, ordered, answer, words
):
    ordered(lambda request: signed(folder, request, "one.example"))
    before = there.pem("one.example").read_text()
    with pytest.raises(order.Refused, match=words):
        ordered(lambda request: answer(folder, request))
    assert there.pem("one.example").read_text() == before


def test_a_chain_that_leads_to_no_root_is_refused(there, folder, ordered, tmp_path):
    there.root = tmp_path / "none"
    with pytest.raises(order.Refused, match="issuer certificate"):
        ordered(lambda request: signed(folder, request, "one.example"))
    assert not there.pem("one.example").exists()


def test_an_order_at_which_the_ca_fails_is_no_other_names_fault(there, folder, monkeypatch):
    def place_order(place, name, directory):
        if name == "one.example":
            raise order.Refused("Internal error", "doubt")
        raise order.Refused("Policy forbids it")

    monkeypatch.setattr(order, "place_order", place_order)
    agent = Agent(Site("garden", there.folder.parent), 8000, "one.example", "https://ca.example")
    agent.ledger.note_names(["one.example", "two.example", "three.example"], time.time())
    rows = {row["name"]: row for row in agent.due()}
    for name in ("one.example", "two.example", "one.example", "three.example"):
        agent.obtain(rows[name])
        assert agent.ledger.paused(time.time()) == ""
    assert agent.ledger.due(time.time()) == []
    told = {row["name"]: described(row, 0) for row in agent.ledger.all("SELECT * FROM name")}
    assert told["one.example"] == "waiting: Internal error"
    assert "Policy forbids it" in told["two.example"]


def test_a_certificate_of_another_ca_that_browsers_do_not_trust_is_ordered_again(
    folder, ordered, tmp_path
):
    site = Site("garden", folder.parent)
    good = ordered(lambda request: signed(folder, request, "one.example"))

    def agent(directory, root):
        agent = Agent(site, 8000, "one.example", directory)
        agent.place.root = root
        agent.follow_directory()
        return agent.ledger

    kept = agent("https://tests.example/dir", folder / "ca.crt")
    kept.note_names(["one.example"], time.time())
    kept.note_certificate("one.example", *good, True)
    kept.note_names(["one.example", "two.example"], time.time())
    kept.note_order("two.example", time.time())
    kept.pause("the CA is down", time.time())
    assert kept.due(time.time()) == []
    kept = agent("https://other.example/dir", folder / "ca.crt")
    assert [row["name"] for row in kept.due(time.time())] == ["two.example"]
    assert kept.paused(time.time()) == ""
    kept.note_names(["one.example"], time.time())
    none = tmp_path / "none"
    assert agent("https://other.example/dir", none).due(time.time()) == []
    (row,) = agent("https://ca.example/dir", none).due(time.time())
    assert (row["name"], row["renewals"]) == ("one.example", 0)


def test_what_other_hosts_have_ordered_is_noted_once_when_this_one_begins_to_lead(
    there, folder, ordered, monkeypatch
):
    ordered(lambda request: signed(folder, request, "one.example"))
    until = order.dates(there.pem("one.example"))[1]
    agent = Agent(Site("garden", there.folder.parent), 8000, "one.example", "https://ca.example")
    agent.ledger.note_names(["one.example"], time.time())

    def noted():
        """Let the ledger have what was here before; return what it has after a look."""
        agent.ledger.note_certificate("one.example", 0, until + 1000, False)
        agent.agree_with_disk()
        return agent.ledger.all("SELECT until FROM name")[0]["until"]

    for begun, found in ((0, until + 1000), (5, until), (5, until + 1000), (7, until)):
        monkeypatch.setattr(lead, "since", lambda site, begun=begun: float(begun))
        assert noted() == found
