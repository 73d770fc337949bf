"""What a file becomes: names of steps, what is inherited, and what counts when nothing is written."""

from datetime import time
from pathlib import Path

import pytest

from nurture.language.project import read_project
from nurture.model.book import Book
from nurture.model.length import Length, Unit
from nurture.model.sequence import Sequence
from nurture.model.step import Send, Set, WaitDay, WaitLength, WaitUntil, WaitWeekday, Window
from nurture.model.trigger import Again, DayTrigger, EventTrigger, LapseTrigger, ManualTrigger, StageTrigger

BASE = Path(__file__).parents[2] / "specimens" / "check" / "base"
HEAD = """sequence: tips
title: Better coffee
stage: [buying, telling]
class: {class_}
topic: coffee_tips
status: live
aims_at: again
start: {start}
again: {again}
steps:
"""


def book_of(text: str, name: str = "tips.yaml") -> Book:
    base = {
        path.relative_to(BASE).as_posix(): path.read_bytes()
        for path in BASE.rglob("*.*")
        if path.name != "expected.txt"
    }
    reading = read_project(base | {f"sequences/{name}": text.encode()})
    assert reading.book is not None, reading.problems
    return reading.book


def sequence_of(
    steps: str = "  - send: one_recipe\n",
    start: str = "{event: subscriber.joined}",
    again: str = "never",
    class_: str = "news",
) -> Sequence:
    return book_of(HEAD.format(start=start, again=again, class_=class_) + steps).sequences["tips"]


def ids(steps: str) -> list[str]:
    return list(sequence_of(steps).nodes)


def test_a_send_is_called_like_its_mail_and_a_wait_after_what_follows() -> None:
    assert ids("  - wait: 3 days\n  - send: one_recipe\n") == ["before_one_recipe", "one_recipe"]


def test_other_steps_are_counted_by_verb() -> None:
    steps = """  - tag: reviewer
  - wait: 1 day
  - branch:
      - if: person.country == 'FR'
        then: [{send: one_recipe}, {tag: do_not_ask}, {wait: 2 days}]
      - else: [{id: bye, stop: done}]
  - {id: more, send: one_recipe}
"""
    expected = ["tag_1", "before_branch_1", "branch_1", "one_recipe", "tag_2", "wait_1", "bye", "more"]
    assert ids(steps) == expected
    nodes = sequence_of(steps).nodes
    assert nodes["branch_1"].arms == ("one_recipe", "bye")
    assert nodes["wait_1"].next == "more"


@pytest.mark.parametrize(
    ("class_", "days"), [("service\nbecause: reply", 3), ("care", 3), ("celebration", 1), ("news", 3), ("offer", 5)]
)
def test_how_long_a_message_is_valid_when_nothing_is_written(class_: str, days: int) -> None:
    assert send_of(sequence_of(class_=class_)).valid_for == Length(days, Unit.day)


def send_of(sequence: Sequence, name: str = "one_recipe") -> Send:
    step = sequence.nodes[name].step
    assert isinstance(step, Send)
    return step


def test_a_send_takes_class_topic_theme_and_window_from_its_sequence_or_its_own() -> None:
    text = HEAD.format(start="{event: subscriber.joined}", again="never", class_="news").replace(
        "steps:", "theme: mothers_day\nwindow: {days: [mon, sun], from: 09:00}\nsteps:"
    )
    steps = """  - send: one_recipe
  - wait: 9 days
  - {send: check_in, class: care, topic: order_care, window: {to: 18:00}}
"""
    sequence = book_of(text + steps).sequences["tips"]
    first, second = send_of(sequence), send_of(sequence, "check_in")
    assert (first.class_, first.topic, first.theme) == ("news", "coffee_tips", "mothers_day")
    assert first.window == Window(frozenset({0, 6}), time(9), time(23, 59, 59))
    assert (second.class_, second.topic, second.theme) == ("care", "order_care", "mothers_day")
    assert second.window == Window(frozenset(), time(0), time(18))


def test_the_message_right_after_a_weekday_inherits_its_window() -> None:
    steps = """  - wait: {until_weekday: [sat, sun], between: [09:00, 11:00]}
  - send: one_recipe
  - wait: 8 days
  - send: check_in
"""
    sequence = sequence_of(steps)
    assert send_of(sequence).window == Window(frozenset({5, 6}), time(9), time(11))
    assert send_of(sequence, "check_in").window is None


@pytest.mark.parametrize(
    ("class_", "start", "fixed", "expected"),
    [
        ("celebration", "{day: person.birthday, every: year}", "", True),
        ("celebration", "{day: person.birthday, every: year}", ", fixed: false", False),
        ("celebration", "{event: subscriber.joined}", "", False),
        ("news", "{day: person.birthday, every: year}", "", False),
        ("news", "{event: subscriber.joined}", ", fixed: true", True),
        ("offer", "{day: person.birthday, every: year}", "", False),
    ],
)
def test_what_belongs_to_its_day(class_: str, start: str, fixed: str, expected: bool) -> None:
    sequence = sequence_of(f"  - wait: {{until_day: 0}}\n  - {{send: one_recipe{fixed}}}\n", start, class_=class_)
    assert send_of(sequence).fixed is expected


def test_every_form_of_a_wait() -> None:
    steps = """  - wait: 2 working days
  - send: one_recipe
  - {id: elapsed, wait: 72 hours}
  - send: check_in
  - {id: clocked, wait: 1 month, at: 09:30}
  - send: storing_beans
  - {id: day, wait: {until_day: -3}}
  - tag: reviewer
  - {id: date, wait: {until: person.vip_since, minus: 2 weeks, at: 08:00}}
  - tag: reviewer
  - {id: weekday, wait: {until_weekday: wed, at_least: 1 day}}
  - send: brew_guide_promise
"""
    nodes = sequence_of(steps).nodes
    found = {name: nodes[name].step for name in ("before_one_recipe", "elapsed", "clocked", "day", "date", "weekday")}
    assert isinstance(found["before_one_recipe"], WaitLength)
    assert found["before_one_recipe"].length == Length(2, Unit.working_day)
    assert isinstance(found["elapsed"], WaitLength)
    assert (found["elapsed"].length, found["elapsed"].at) == (Length(72, Unit.hour), None)
    assert isinstance(found["clocked"], WaitLength)
    assert (found["clocked"].length, found["clocked"].at) == (Length(1, Unit.month), time(9, 30))
    assert isinstance(found["day"], WaitDay)
    assert (found["day"].day, found["day"].at) == (-3, time(10))
    assert isinstance(found["date"], WaitUntil)
    assert (found["date"].path, found["date"].minus) == (("person", "vip_since"), Length(2, Unit.week))
    assert isinstance(found["weekday"], WaitWeekday)
    assert (found["weekday"].days, found["weekday"].at_least) == (frozenset({2}), Length(1, Unit.day))


def test_the_triggers() -> None:
    event = sequence_of(start="{event: order.placed, if: event.total > 20, settle: 0 minutes, fresh: 8 days}").start[0]
    assert isinstance(event, EventTrigger)
    assert (event.event, event.settle, event.fresh) == ("order.placed", Length(0, Unit.minute), Length(8, Unit.day))
    assert event.condition is not None
    day = sequence_of(start="{day: person.orders.first_at, every: year, lead: 7 days, if_late: skip}").start[0]
    assert isinstance(day, DayTrigger)
    assert (day.path, day.yearly, day.skip_if_late) == (("person", "orders", "first_at"), True, True)
    assert day.lead == Length(7, Unit.day)
    lapse = sequence_of(start="{lapse: order.placed, rhythm: 2, at_least: 35 days, if_unknown: 75 days}").start[0]
    assert isinstance(lapse, LapseTrigger)
    assert (lapse.rhythm, lapse.at_least, lapse.at_most) == (2.0, Length(35, Unit.day), None)
    stage = sequence_of(start="{stage: telling}").start[0]
    assert isinstance(stage, StageTrigger)
    assert stage.stage == "telling"
    either = sequence_of(start="{any: [{event: order.placed}, {manual: true}]}").start
    assert [type(trigger) for trigger in either] == [EventTrigger, ManualTrigger]


@pytest.mark.parametrize(
    ("start", "per"),
    [
        ("{event: order.placed}", "event"),
        ("{day: person.birthday, every: year}", "occurrence"),
        ("{lapse: order.placed, for: 60 days}", "person"),
        ("{stage: vip}", "person"),
        ("{manual: true}", "person"),
        ("{any: [{stage: vip}, {manual: true}]}", "event"),
    ],
)
def test_what_one_enrolment_is_about_when_nothing_is_written(start: str, per: str) -> None:
    assert sequence_of(start=start, again="{gap: 30 days}").again.per == per
    assert sequence_of(start=start).again == Again(never=True, per=per)


def test_who_may_start_again() -> None:
    again = sequence_of(
        start="{event: order.placed}",
        again="{per: event.order_id, running: restart, gap: 3 days, limit: 2 per 30 days}",
    ).again
    assert again == Again(False, "event.order_id", "restart", Length(3, Unit.day), (2, Length(30, Unit.day)))
    assert sequence_of(again="{limit: 4 per year}").again.limit == (4, Length(1, Unit.year))


def test_stages_any_is_everybody_and_serves_follows_stage() -> None:
    assert sequence_of().stage == ("buying", "telling")
    assert sequence_of().serves == ("buying", "telling")
    text = HEAD.format(start="{event: subscriber.joined}", again="never", class_="news").replace(
        "[buying, telling]", "any"
    )
    assert book_of(text + "  - send: one_recipe\n").sequences["tips"].stage == ()


def test_what_is_set_stands_without_its_root() -> None:
    step = sequence_of("  - set: {person.vip_since: today, person.brew_method: \"'moka'\"}\n").steps[0]
    assert isinstance(step, Set)
    assert [name for name, _ in step.values] == ["vip_since", "brew_method"]


def test_toml_is_the_same_sequence() -> None:
    toml = """sequence = "tips"
title = "Better coffee"
stage = ["buying", "telling"]
class = "news"
topic = "coffee_tips"
status = "live"
aims_at = "again"
again = "never"

[start]
event = "subscriber.joined"

[[steps]]
wait = { until_weekday = ["sat"], between = [09:00:00, "11:00"] }

[[steps]]
send = "one_recipe"
"""
    yaml = "  - wait: {until_weekday: [sat], between: [09:00, 11:00]}\n  - send: one_recipe\n"
    one, other = book_of(toml, "tips.toml").sequences["tips"], sequence_of(yaml)
    assert (one.title, one.stage, one.again, list(one.nodes)) == (
        other.title,
        other.stage,
        other.again,
        list(other.nodes),
    )
    assert send_of(one).window == send_of(other).window


def test_a_book_changes_its_digest_with_any_byte() -> None:
    text = HEAD.format(start="{event: subscriber.joined}", again="never", class_="news") + "  - send: one_recipe\n"
    assert book_of(text).digest != book_of(text + "# a remark\n").digest
    assert book_of(text).digest == book_of(text).digest
