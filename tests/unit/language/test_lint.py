"""Where findings about the flow begin and end: one thing changed decides whether something is said."""

import re
from pathlib import Path

import pytest

from nurture.language.project import read_project

BASE = Path(__file__).parents[2] / "specimens" / "check" / "base"
HEAD = """sequence: tips
title: Better coffee
stage: any
class: news
topic: coffee_tips
status: live
aims_at: again
"""


def codes(steps: str, start: str = "{event: subscriber.joined}", head: str = HEAD, rules: str = "") -> list[str]:
    """The codes of what is said about one sequence in the project without findings."""
    files = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*.*")}
    files["sequences/house/rules.yaml"] += rules.encode()
    files["sequences/tips.yaml"] = f"{head}start: {start}\nagain: {{gap: 90 days}}\nsteps:\n{steps}".encode()
    return [problem.code for problem in read_project(files).problems if "tips" in problem.place.file]


OFFER = "  - send: one_recipe\n  - wait: {{until_day: {day}, at: 10:00}}\n  - {{send: next_bag_offer, class: offer}}\n"


@pytest.mark.parametrize(
    ("start", "day", "expected"),
    [
        ("{event: order.placed}", 10, ["E312"]),  # muted from day 0 to day 10
        ("{event: order.placed}", 11, []),
        ("{event: order.delivered}", 1, []),  # the window counts from the order, not from the parcel
        ("{event: complaint.resolved}", 14, ["E312"]),  # 14 days after it is resolved
        ("{event: complaint.resolved}", 15, []),
        ("{event: complaint.opened}", 14, ["E312"]),  # resolved the same day at the earliest
        ("{event: complaint.opened}", 15, []),
        ("{lapse: order.placed, for: 8 days}", 2, ["E312"]),  # its day 0 is day 8 of the window
        ("{lapse: order.placed, for: 8 days}", 3, []),
        ("{lapse: order.placed, rhythm: 2, at_least: 35 days}", 1, []),
    ],
)
def test_offers_inside_a_window_of_their_own_start(start: str, day: int, expected: list[str]) -> None:
    assert codes(OFFER.format(day=day), start) == expected


def test_the_shortest_way_decides_about_an_offer() -> None:
    steps = """  - send: one_recipe
  - branch:
      - if: person.country == 'FR'
        then: [{wait: 20 days}, {tag: reviewer}]
      - else: [{wait: WAIT}, {tag: do_not_ask}]
  - {send: next_bag_offer, class: offer}
"""
    assert codes(steps.replace("WAIT", "10 days"), "{event: order.placed}") == ["E312"]
    assert codes(steps.replace("WAIT", "11 days"), "{event: order.placed}") == []


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        ("6 days", []),
        ("2 days", ["W313"]),
        ("{until_weekday: sat, at_least: 1 day}", []),  # a week later at the latest: it can fit
        ("71 hours", ["W313"]),
        ("1 week", []),
    ],
)
def test_more_mails_on_a_way_than_a_limit_lets_go(wait: str, expected: list[str]) -> None:
    steps = "  - send: one_recipe\n  - wait: 1 day\n  - send: check_in\n  - wait: 1 day\n  - send: storing_beans\n"
    assert codes(steps + f"  - wait: {wait}\n  - send: brew_guide_promise\n") == expected


def test_service_never_counts_against_a_limit() -> None:
    steps = "  - {send: one_recipe, class: service}\n  - {send: check_in, class: service}\n"
    steps += "  - {send: storing_beans, class: service}\n  - {send: brew_guide_promise, class: service}\n"
    assert codes(steps) == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("  - {send: one_recipe, valid_for: 12 hours}\n", []),  # as long as the quiet hours
        ("  - {send: one_recipe, valid_for: 11 hours}\n", ["W306"]),
        ("  - {send: one_recipe, valid_for: 1 hour, at_once: true}\n", []),
        ("  - {send: one_recipe, valid_for: 1 hour, class: service}\n", []),
        ("  - {id: w, wait: 1 day, at: 20:29}\n  - {send: one_recipe, valid_for: 1 hour}\n", []),
        ("  - {id: w, wait: 1 day, at: 20:30}\n  - {send: one_recipe, valid_for: 1 hour}\n", ["W306"]),
    ],
)
def test_quiet_hours_that_outlast_a_message(steps: str, expected: list[str]) -> None:
    assert codes(steps) == expected


def test_a_day_starts_at_midnight_and_a_silence_at_ten() -> None:
    steps = "  - {send: one_recipe, valid_for: 8 hours}\n"
    assert codes(steps, "{day: person.vip_since}") == ["W306"]
    assert codes(steps, "{lapse: order.placed, for: 60 days}") == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("  - {stop: enough, if: person.country == 'FR'}\n  - send: one_recipe\n", []),
        ("  - stop: enough\n  - send: one_recipe\n", ["W301"]),
        (
            "  - branch:\n      - {if: person.country == 'FR', then: [{stop: a}]}\n      - else: [{stop: b}]\n"
            "  - send: one_recipe\n",
            ["W301"],
        ),
        ("  - branch:\n      - {if: person.country == 'FR', then: [{stop: a}]}\n  - send: one_recipe\n", []),
    ],
)
def test_what_nobody_can_reach(steps: str, expected: list[str]) -> None:
    assert codes(steps) == expected


def test_content_before_a_stop_does_not_weigh_up_an_offer_elsewhere() -> None:
    steps = """  - branch:
      - {if: person.country == 'FR', then: [{send: one_recipe}, {stop: enough}]}
  - {send: next_bag_offer, class: offer}
"""
    assert codes(steps) == ["W308"]
    assert codes("  - send: check_in\n  - wait: 9 days\n" + steps) == []


@pytest.mark.parametrize(
    ("condition", "follows"),
    [
        ("person.orders.count == 1", True),
        ("person.orders.count >= 2", False),
        ("2 <= person.orders.count", False),
        ("person.orders.count >= 2 or person.country == 'FR'", True),
        ("person.orders.count >= 2 and person.country == 'FR'", False),
        ("not has_tag('reviewer')", True),
    ],
)
def test_who_follows_up_a_first_order(condition: str, follows: bool) -> None:
    files = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*.*")}
    name = "sequences/first_order.yaml"
    files[name] = files[name].replace(b"person.orders.count == 1", condition.encode())
    found = [problem.code for problem in read_project(files).problems]
    assert found == ([] if follows else ["E348"])


def test_a_sequence_for_who_bought_twice_does_not_follow_up_a_first_order() -> None:
    files = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*.*")}
    name = "sequences/first_order.yaml"
    files[name] = files[name].replace(b"stage: buying", b"stage: [again, vip]")
    assert [problem.code for problem in read_project(files).problems] == ["E348"]


def test_a_fact_worked_out_from_events_starts_nothing_by_its_day() -> None:
    files = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*.*")}
    name = "sequences/house/catalogue.yaml"
    files[name] = files[name].replace(b"person:\n", b"person:\n  told: {from: complaint.opened, take: first}\n")
    files["sequences/tips.yaml"] = (
        f"{HEAD}start: {{day: person.told}}\nagain: never\nsteps: [send: check_in]\n".encode()
    )
    assert [problem.code for problem in read_project(files).problems] == ["E201"]


@pytest.mark.parametrize(
    ("old", "new", "event"),
    [
        (b"nothing", b"nothing", "order.delivered"),
        (b"order.delivered", b"parcel.arrived", "order.placed"),
    ],
)
def test_a_first_order_is_to_be_followed_up_by_an_event_of_the_catalogue(old: bytes, new: bytes, event: str) -> None:
    found = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*.*")}
    files = {name: data.replace(old, new) for name, data in found.items()}
    name = "sequences/first_order.yaml"
    files[name] = files[name].replace(b"count == 1", b"count == 2")
    (problem,) = [one for one in read_project(files).problems if one.code == "E348"]
    assert problem.hint == f"start: {{event: {event}, if: person.orders.count == 1}}"


@pytest.mark.parametrize(
    ("locale", "copies", "cure"),
    [
        ("he", [], "nurture new mail check_in --locale he"),
        ("he", ["he"], "translate templates/check_in/he.md and take out 'untranslated: true'"),
        ("pt-BR", ["pt"], "translate templates/check_in/pt.md and take out 'untranslated: true'"),
        ("pt-BR", ["he"], "nurture new mail check_in --locale pt-BR"),
    ],
)
def test_a_copy_that_is_there_is_to_be_translated(locale: str, copies: list[str], cure: str) -> None:
    files = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*.*")}
    rules = "sequences/house/rules.yaml"
    files[rules] = re.sub(rb"locales: \[[^]]*]", f"locales: [en, {locale}]".encode(), files[rules])
    files = {name: data for name, data in files.items() if not re.fullmatch("templates/check_in/(?!en).*", name)}
    for copy in copies:
        files[f"templates/check_in/{copy}.md"] = b"---\nsubject: x\nuntranslated: true\n---\nx\n"
    hints = [one.hint for one in read_project(files).problems if one.code == "W311" and "check_in" in one.message]
    assert hints == [cure]
