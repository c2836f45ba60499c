"""For which names the agent of certificates orders, and when."""

import pytest
from ledgers import NOW, due, may_order, row_of

from deploy.on_host.acme import domains, ledger
from deploy.on_host.acme.ledger import DAY, HOUR, MINUTE, Ledger


def test_the_newest_name_is_the_first(kept):
    assert due(kept) == ["two.example", "one.example"]
    kept.note_names(["one.example", "two.example", "new.example"], NOW + 60)
    assert due(kept, NOW + 60) == ["new.example", "two.example", "one.example"]


def test_a_name_that_is_no_sites_is_ordered_no_more_and_forgotten_after_a_day(kept):
    kept.note_names(["one.example"], NOW + 60)
    assert due(kept, NOW + 60) == ["one.example"]
    assert kept.forget(NOW + DAY) == []
    assert kept.forget(NOW + DAY + 61) == ["two.example"]


def test_a_name_that_comes_back_within_a_day_keeps_its_certificate(kept):
    kept.note_certificate("two.example", NOW, NOW + 90 * DAY, False)
    kept.note_names(["one.example"], NOW + 60)
    kept.note_names(["one.example", "two.example"], NOW + 120)
    assert kept.forget(NOW + 3 * DAY) == []
    assert due(kept, NOW + 120) == ["one.example"]


def test_a_list_that_is_empty_removes_nothing(kept):
    kept.note_names([], NOW + 60)
    assert kept.forget(NOW + 3 * DAY) == []
    assert len(due(kept)) == 2


@pytest.mark.parametrize(
    ("life", "renewed"), [(90, 60.1), (64, 42.8), (45, 30.1), (6.6, 3.4), (1, 0.6)]
)
def test_a_certificate_is_renewed_by_the_fraction_of_its_life(kept, life, renewed):
    kept.note_certificate("two.example", NOW, NOW + life * DAY, False)
    assert due(kept, NOW + (renewed - 0.2) * DAY) == ["one.example"]
    assert due(kept, NOW + renewed * DAY) == ["one.example", "two.example"]


def test_an_order_is_noted_before_it_is_placed_and_waits_longer_each_time(tmp_path, kept):
    waits = []
    now = NOW
    for _ in range(9):
        kept.note_order("two.example", now)
        after_a_crash = Ledger(tmp_path / "ledger", None)
        waits.append(row_of(after_a_crash, "two.example")["next"] - now)
        now += waits[-1]
    assert waits[:4] == [15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR]
    assert waits[-1] == DAY
    assert row_of(kept, "two.example")["failing"] == NOW


def test_the_failure_of_one_name_is_no_other_names(kept):
    kept.note_order("two.example", NOW)
    kept.note_failure("two.example", "no")
    assert due(kept) == ["one.example"]


def test_a_part_of_each_limit_is_left_for_new_names(kept):
    for number in range(ledger.ORDERS):
        kept.note_order(f"{number}.site{number}.example", NOW)
    kept.note_names(["new.test", "one.example"], NOW + 2 * HOUR)
    assert not may_order(kept, "one.example", NOW + 2 * HOUR)
    assert may_order(kept, "new.test", NOW + 2 * HOUR)
    assert may_order(kept, "one.example", NOW + 4 * HOUR)


def test_the_limit_of_a_domain_is_no_other_domains(kept):
    for number in range(ledger.OF_DOMAIN):
        kept.note_order(f"{number}.agency.example.org", NOW)
    kept.note_names(["a.example.org", "b.other.org"], NOW)
    later = NOW + 4 * HOUR
    assert not may_order(kept, "a.example.org", later)
    assert may_order(kept, "b.other.org", later)
    kept.note_certificate("a.example.org", NOW - 60 * DAY, NOW + 4 * DAY, False)
    assert may_order(kept, "a.example.org", later)  # a renewal is not counted
    kept.lose(["a.example.org"])
    assert may_order(kept, "a.example.org", NOW + 8 * DAY)


def test_the_limit_of_a_domain_is_looked_at_before_each_order(kept):
    names = [f"{number}.shared.test" for number in range(100)]
    kept.note_names(names, NOW)
    placed = 0
    for name in names:
        if kept.may_order(name, NOW + placed):
            kept.note_order(name, NOW + placed)
            placed += 1
    assert placed == ledger.OF_DOMAIN_OF_NEW


def test_a_name_whose_domain_has_met_a_limit_meanwhile_is_not_ordered(kept):
    kept.note_names(["a.shared.test", "b.shared.test", "other.test"], NOW)
    kept.note_domain("shared.test", "too many certificates", NOW + 3600)
    assert not kept.may_order("b.shared.test", NOW)
    assert kept.may_order("other.test", NOW)


def test_orders_that_fail_are_no_certificates_of_the_domain(kept):
    kept.note_names(["good.agency.test"], NOW)
    for number in range(60):
        kept.note_order(f"{number % 5}.agency.test", NOW)
        fail = kept.note_failure if number % 2 else kept.take_back
        fail(*[f"{number % 5}.agency.test", "no"][: 1 + number % 2])
    assert may_order(kept, "good.agency.test", NOW + 4 * HOUR)


def test_a_ca_of_which_no_limits_are_known_has_none(tmp_path):
    kept = Ledger(tmp_path / "other", domains.counted_by("https://ca.example/dir"))
    kept.note_names(["new.example"], NOW)
    for number in range(400):
        kept.note_order(f"{number}.example", NOW)
    assert may_order(kept, "new.example", NOW)


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("one.example", "one.example"),
        ("www.one.example", "one.example"),
        ("a.b.shop.co.uk", "shop.co.uk"),
        ("shop.co.uk", "shop.co.uk"),
        ("a.b.city.kawasaki.jp", "city.kawasaki.jp"),
        ("a.b.other.kawasaki.jp", "b.other.kawasaki.jp"),
        ("x.unknown", "x.unknown"),
    ],
)
def test_a_name_is_counted_by_the_domain_that_is_registered(tmp_path, name, registered):
    path = tmp_path / "list"
    path.write_text(
        "// a comment\n\nexample\nuk\nco.uk\njp\n*.kawasaki.jp\n!city.kawasaki.jp\n", "utf-8"
    )
    counted_by = domains.counted_by("https://acme-v02.api.letsencrypt.org/directory", path)
    assert counted_by(name) == registered


def test_a_clock_that_was_ahead_holds_nothing_back(kept):
    ahead = NOW + 365 * DAY
    kept.note_names(["two.example", "one.example", "late.example"], ahead)
    kept.note_waits([("one.example", "no DNS")], ahead)
    kept.note_order("two.example", ahead)
    kept.pause("the certificate of the CA has expired", ahead)
    kept.mend_clock(NOW)
    assert kept.paused(NOW) == ""
    assert {"one.example", "two.example", "late.example"} == {*due(kept)}
    assert {row["asked"] for row in kept.due(NOW)} == {0}


def test_a_ca_that_is_down_is_no_names_fault(kept):
    kept.note_order("two.example", NOW)
    kept.take_back("two.example")
    row = row_of(kept, "two.example")
    assert (row["failures"], row["error"], row["failing"], row["next"]) == (0, "", None, 0)
    waits = []
    for _ in range(8):
        kept.pause("the CA is down", NOW)
        waits.append(kept.all("SELECT until FROM pause")[0]["until"] - NOW)
    assert waits[:3] == [MINUTE, 2 * MINUTE, 4 * MINUTE]
    assert waits[-1] == HOUR
    assert kept.paused(NOW + 30) == "the CA is down"
    assert kept.paused(NOW + HOUR + 1) == ""
    kept.go_on()
    assert kept.paused(NOW) == ""


def fail(kept, name, now):
    kept.note_order(name, now)
    kept.note_doubt(name, "Internal error", now)


def test_a_ca_that_fails_at_the_orders_of_one_name_keeps_no_other_waiting(kept):
    waits, errors, now = [], [], NOW
    for _ in range(9):
        fail(kept, "two.example", now)
        assert kept.paused(now) == ""
        assert due(kept, now) == ["one.example"]
        waits.append(row_of(kept, "two.example")["next"] - now)
        errors.append(row_of(kept, "two.example")["error"])
        now += waits[-1]
    assert waits[:4] == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert waits[-1] == HOUR
    assert errors == [*[""] * 3, *["Internal error"] * 6]


def test_a_ca_that_fails_at_the_orders_of_several_names_is_left_alone(kept):
    fail(kept, "two.example", NOW)
    fail(kept, "one.example", NOW)
    assert kept.paused(NOW) == "Internal error"
    assert kept.paused(NOW + MINUTE + 1) == ""
    kept.go_on()
    fail(kept, "two.example", NOW)
    assert kept.paused(NOW) == ""


def test_what_the_ca_has_said_is_how_long_a_name_waits(kept):
    kept.note_order("two.example", NOW)
    kept.note_doubt("two.example", "Too many requests", NOW, NOW + DAY)
    assert row_of(kept, "two.example")["next"] == NOW + DAY


def test_a_certificate_that_is_lost_is_ordered_again(kept):
    kept.note_certificate("two.example", NOW, NOW + 90 * DAY, False)
    kept.lose(["two.example"])
    assert "two.example" in due(kept)


def test_a_domain_that_has_to_wait_keeps_what_it_has(kept):
    names = ["a.agency.example", "b.agency.example", "agency.example.org", "c.agency.example"]
    kept.note_names(names, NOW)
    kept.note_certificate("c.agency.example", NOW, NOW + 90 * DAY, False)
    kept.note_domain("agency.example", "too many", NOW + HOUR)
    assert due(kept) == ["agency.example.org"]
    assert due(kept, NOW + 60 * DAY + HOUR)[-1] == "c.agency.example"
