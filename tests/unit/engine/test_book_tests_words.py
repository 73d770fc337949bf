"""What a failing case says, to the letter (language.md 10)."""

from pathlib import Path
from xml.etree.ElementTree import parse

from nurture.engine.book_tests_cover import cover
from nurture.engine.book_tests_junit import write_junit
from nurture.engine.book_tests_words import result_lines
from tests.little_shop import book_of, case, files, results

ORDER = """\
given:
  person: {first_name: Ann, country: FR, zone: Europe/Paris}
  events:
    - {at: 2027-03-01 14:20, event: order.placed, order_id: A1, total: 24}
"""
COMPLAINT = """\
given:
  person: {country: FR, zone: Europe/Paris}
  events:
    - {at: 2027-03-01 10:00, event: review.posted, stars: 3}
    - {at: 2027-03-02 10:00, event: complaint.opened, ticket: T1}
    - {at: 2027-03-03 10:00, event: complaint.resolved, ticket: T1}
until: 2027-03-31
drafts: {written_by_hand: held}
"""


def lines(text: str, **more: str) -> list[str]:
    return list(result_lines(case(text, **more)))  # type: ignore[arg-type]


def test_a_pass_is_one_line() -> None:
    assert lines(ORDER + "until: 2027-03-02\nexpect: []") == ["  ok    it"]


def test_a_mail_that_came_at_another_time() -> None:
    text = "until: 2027-03-20\nexpect: [{at: 2027-03-07 11:00, send: how_was_it}]"
    assert lines(ORDER + text) == [
        "  FAIL  it     sequences/tests/after_order.test.yaml:4",
        "        Sun 07 Mar 10:00  how_was_it       <- wanted Sun 07 Mar 11:00",
        "        Sun 14 Mar 10:00  small_question   <- not in expect:",
        "        why: due Sun 07 Mar 10:00",
        "        sequences/after_order.yaml:12",
        "        wanted at sequences/tests/after_order.test.yaml:10",
    ]


def test_a_mail_that_was_moved_says_by_what_and_how_long_it_was_good() -> None:
    text = """\
given:
  person: {country: FR, zone: Europe/Paris}
  events:
    - {at: 2027-03-01 14:20, event: order.placed, order_id: A1}
    - {at: 2027-03-01 15:20, event: order.placed, order_id: A2}
until: 2027-03-09
never: [how_was_it]
"""
    assert lines(text)[:6] == [
        "  FAIL  it     sequences/tests/after_order.test.yaml:4",
        "        Sun 07 Mar 10:00  how_was_it   <- listed under never:",
        "        Mon 08 Mar 10:00  how_was_it   <- listed under never:",
        "        why: due Sun 07 Mar 10:00",
        "        sequences/after_order.yaml:12",
        "        wanted at sequences/tests/after_order.test.yaml:11",
    ]
    second = lines(text.replace("never: [how_was_it]", "expect: [{at: 2027-03-07 10:00, send: how_was_it}]"))
    assert second[1:4] == [
        "        Mon 08 Mar 10:00  how_was_it   <- not in expect:",
        "        why: due Sun 07 Mar 10:00; already had how_was_it (limit 1 per day); valid 3 days; "
        "moved to Mon 08 Mar 10:00 (if_capped: later)",
        "        sequences/after_order.yaml:12",
    ]


def test_a_mail_that_did_not_go_says_what_muted_it() -> None:
    text = (
        COMPLAINT + "partly: true\nexpect: [{at: 2027-03-08 10:10, send: with_promise}]\nway: {subject_test: promise}"
    )
    found = lines(text, sequences="digest", name="digest")
    assert found[1] == "        Mon 08 Mar 10:10  with_promise   <- wanted, and did not come"
    assert found[2].startswith("        why: due Fri 05 Mar 10:10; muted by open_complaint")


def test_a_mail_that_nothing_sends_or_nothing_started() -> None:
    text = "until: 2027-03-08\npartly: true\nexpect: [{at: 2027-03-07 10:00, send: %s}]"
    assert "        why: no sequence under with: sends it" in lines(ORDER + text % "renews_soon")
    stuck = lines(ORDER + text % "small_question")
    assert "        why: after_order has not ended; it waits at answer" in stuck
    nobody = lines("until: 2027-03-08\nexpect: [{at: 2027-03-07 10:00, send: how_was_it}]")
    assert "        why: nothing that starts after_order happened" in nobody


def test_an_ending_that_is_another() -> None:
    complaint = ORDER + "    - {at: 2027-03-05 09:00, event: complaint.opened, ticket: T1}\n"
    assert lines(complaint + "until: 2027-03-20\nends: finished") == [
        "  FAIL  it     sequences/tests/after_order.test.yaml:4",
        "        after_order ended: stopped: complaint.opened; wanted ends: finished",
        "        why: ended Fri 05 Mar 09:00: stopped: complaint.opened",
        "        sequences/after_order.yaml:9",
        "        wanted at sequences/tests/after_order.test.yaml:11",
    ]


CASES = """\
tests: after_order
cases:
  - name: silence
    given: {events: [{at: 2027-03-01 14:20, event: order.placed, order_id: A1}]}
    until: 2027-03-20
    expect: []
  - name: a happy answer
    given:
      events:
        - {at: 2027-03-01 14:20, event: order.placed, order_id: A1}
        - {at: 2027-03-08 19:40, event: review.posted, stars: 5}
    until: 2027-03-20
"""


def test_what_no_case_reaches_is_listed() -> None:
    project = files(after_order=CASES)
    found = cover(book_of(project), results(project))
    own = [f"{gap.step}: {gap.words}" for gap in found.gaps if gap.sequence == "after_order"]
    assert own == [
        "branch_1: no case goes: else",
        "card_reminder: no case comes here",
        "call: no case comes here",
        "we_listened: no case comes here",
        "stop_1: no case comes here",
    ]
    others = {gap.sequence: gap.words for gap in found.gaps if not gap.step}
    assert others == dict.fromkeys(("cups", "digest", "renewal"), "no case starts it"), "drafts are not asked for"
    assert (found.reached, found.steps) == (6, 20)


def test_build_machines_read_the_same(tmp_path: Path) -> None:
    write_junit(results(files(after_order=CASES)), tmp_path / "results.xml")
    (suite,) = parse(tmp_path / "results.xml").getroot()  # noqa: S314 - what is read is our own
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    silence, happy = suite
    assert (silence.get("name"), silence.get("line")) == ("silence", "3")
    failure = silence.find("failure")
    assert failure is not None
    assert failure.get("message") == "not in expect:"
    assert "Sun 07 Mar 10:00  how_was_it       <- not in expect:" in str(failure.text)
    assert happy.find("failure") is None
    assert happy.attrib["file"] == "sequences/tests/after_order.test.yaml"
