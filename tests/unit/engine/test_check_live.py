"""`check --state`: what live data says of the files, each finding at its place and with its cure."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from nurture.engine.applying import live_book, make_live
from nurture.engine.check import check
from nurture.engine.check_live import SAMPLE, with_live
from nurture.engine.choosing import choice_of
from nurture.engine.plan import plan
from nurture.engine.project import read_files
from nurture.engine.tick import tick
from nurture.model.place import Problem
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow, EventRow
from tests.small_project import HOUSE, write

START = datetime(2027, 1, 4, 9, tzinfo=UTC)
DAY = timedelta(days=1)
HEAD = """\
sequence: {name}
title: Tips
stage: any
class: care
topic: care
status: live
aims_at: buying
priority: {priority}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{root / 'store.db'}")
    yield opened
    opened.close()


def add(root: Path, name: str, text: str, priority: int = 40) -> None:
    (root / f"sequences/{name}.yaml").write_text(HEAD.format(name=name, priority=priority) + text, encoding="utf-8")


def house(root: Path, kind: str, text: str) -> None:
    file = root / HOUSE / f"{kind}.yaml"
    file.write_text((file.read_text() if file.exists() else "") + text, encoding="utf-8")


def catalogue(root: Path, fact: str) -> None:
    file = root / HOUSE / "catalogue.yaml"
    file.write_text(file.read_text().replace("person:\n", f"person:\n  {fact}\n"), encoding="utf-8")


def applied(store: Store, root: Path, now: datetime = START) -> None:
    files = read_files(root)
    book = check(files).book
    assert book is not None, check(files).problems
    make_live(store, plan(store, book, files, now, choice_of("", [])), files, now, "lena", "3fa91c2")


def people(store: Store, count: int, now: datetime = START, **facts: object) -> None:
    contacts = [
        ContactRow(
            outside_id=f"p{n}", address=f"p{n}@small.example", topics=("care",), basis="a test",
            facts={"locale": "en", **facts},
        )
        for n in range(count)
    ]  # fmt: skip
    store.importing(now).take(contacts, lambda row, why: pytest.fail(f"{row}: {why}"))


def happened(store: Store, name: str, count: int, now: datetime, **fields: object) -> None:
    rows = [
        EventRow(outside_id=f"p{n}", name=name, at=now, fields={**fields, "order_id": f"o{n}"}) for n in range(count)
    ]
    store.importing(now).take(rows, lambda row, why: pytest.fail(f"{row}: {why}"))


def run(store: Store, now: datetime) -> None:
    live = live_book(store)
    assert live is not None
    tick(store, live.book, now)


def found(store: Store, root: Path, now: datetime, code: str) -> list[Problem]:
    checked = check(read_files(root))
    assert checked.book is not None, checked.problems
    return [one for one in with_live(checked, store, now).problems if one.code == code]


def line(root: Path, problem: Problem) -> str:
    return (root / problem.place.file).read_text().splitlines()[problem.place.line - 1].strip()


def test_before_the_first_apply_live_data_says_nothing(store: Store, root: Path) -> None:
    people(store, 3, zone="Mars/Base")
    run_checked = with_live(check(read_files(root)), store, START)
    assert [one.code for one in run_checked.problems if one.code == "W358"] == []


def test_zones_that_do_not_exist_are_counted_at_the_fact(store: Store, root: Path) -> None:
    catalogue(root, "zone: {type: text, format: zone}")
    applied(store, root)
    people(store, 3, zone="Europe/Paris")
    run(store, START)
    assert found(store, root, START, "W358") == []
    rows = [ContactRow(outside_id="q", address="q@small.example", facts={"zone": "Mars/Base"})]
    store.importing(START).take(rows, lambda row, why: pytest.fail(f"{row}: {why}"))
    run(store, START)
    (problem,) = found(store, root, START, "W358")
    assert problem.message == "1 of 4 zones that we were told do not exist, such as 'Mars/Base'"
    assert line(root, problem).startswith("zone:")


def test_a_sequence_that_started_nobody_in_sixty_days_is_a_remark(store: Store, root: Path) -> None:
    add(root, "reviews", "start: {event: review.posted}\nagain: {per: event}\nsteps:\n  - {send: one_question}\n", 41)
    add(root, "by_hand", "start: {manual: true}\nagain: {per: person}\nsteps:\n  - {send: one_question}\n", 42)
    applied(store, root)
    people(store, 2)
    run(store, START)
    assert found(store, root, START + 59 * DAY, "I341") == []
    happened(store, "order.delivered", 1, START + 30 * DAY)
    run(store, START + 31 * DAY)
    (problem,) = found(store, root, START + 61 * DAY, "I341")
    assert problem.message == "'reviews' is live, and started nobody in 60 days"
    assert problem.hint == "nurture explain --why-nobody reviews --last 60d"
    assert problem.place.file == "sequences/reviews.yaml"
    assert len(found(store, root, START + 92 * DAY, "I341")) == 2  # the delivery lies too far back now


STOPS = """\
start: {event: order.delivered}
again: {per: event.order_id}
stop_when:
  - {event: review.posted, if: CONDITION}
steps:
  - wait: 3 days
  - {send: one_question}
"""


@pytest.mark.parametrize(
    ("condition", "missing", "expected"),
    [
        (
            "person.country == 'FR'",
            2,
            ["'person.country' is not known of 2 in 150 people, and then nothing stops here"],
        ),
        ("person.country == 'FR'", 1, []),
        ("person.country == 'FR' or person.country is unknown", 2, []),
        ("event.stars <= 2", 2, []),
    ],
)
def test_what_stops_somebody_must_not_hang_on_a_fact_that_is_often_missing(
    store: Store, root: Path, condition: str, missing: int, expected: list[str]
) -> None:
    add(root, "careful", STOPS.replace("CONDITION", condition))
    applied(store, root)
    people(store, 150 - missing, country="FR")
    nowhere = [ContactRow(outside_id=f"n{n}", address=f"n{n}@small.example") for n in range(missing)]
    store.importing(START).take(nowhere, lambda row, why: pytest.fail(f"{row}: {why}"))
    run(store, START)
    problems = found(store, root, START, "W320")
    assert [one.message for one in problems] == expected
    assert all(one.hint == f"{condition} or person.country is unknown" for one in problems)
    assert all("review.posted" in line(root, one) for one in problems)


def test_a_finding_of_live_data_is_silenced_where_it_stands(store: Store, root: Path) -> None:
    text = STOPS.replace("CONDITION", "person.country == 'FR'")
    add(root, "careful", text.replace("  - {event", "  # nurture: allow W320 because France alone counts\n  - {event"))
    applied(store, root)
    people(store, 5)
    run(store, START)
    assert found(store, root, START, "W320") == []


GIFTS = """\
gifts:
  card: {worth: 3 EUR, codes: {pool: codes/card.csv}, valid: 60 days, each_person: 9 per year}
"""
GIVES = """\
start: {event: order.delivered, settle: 0 minutes}
again: {per: event.order_id}
steps:
  - wait: 10 days
  - {id: thanks, gift: card}
  - {send: a_card, with: {code: gifts.thanks.code}}
"""


def mail(root: Path, name: str, more: str = "") -> None:
    """One mail more, a copy of another with some words at its end."""
    (root / f"templates/{name}").mkdir()
    for locale in ("en", "tr"):
        text = (root / f"templates/one_question/{locale}.md").read_text(encoding="utf-8")
        (root / f"templates/{name}/{locale}.md").write_text(text + more, encoding="utf-8")


def test_more_codes_than_are_left_are_forecast(store: Store, root: Path) -> None:
    house(root, "gifts", GIFTS)
    add(root, "thanks", GIVES)
    mail(root, "a_card", "\n{{ code }}\n")
    (root / "codes").mkdir()
    (root / "codes/card.csv").write_text("C0\n", encoding="utf-8")
    applied(store, root)
    people(store, 6)
    assert [one.message for one in found(store, root, START, "W318")] == ["no code of 'card' is left"]
    store.outbox.codes.fill("card", [f"C{n}" for n in range(4)])
    assert found(store, root, START, "W318") == []
    happened(store, "order.delivered", 5, START)
    run(store, START)
    (problem,) = found(store, root, START + DAY, "W318")
    said = re.fullmatch(r"about (\d+) codes of 'card' go out in 30 days, and 4 are left", problem.message)
    assert said is not None
    assert int(said[1]) >= 5  # those inside, and what the last days let expect
    assert problem.hint == "put new codes into codes/card.csv, then nurture codes add"
    assert line(root, problem).startswith("card:")
    store.outbox.codes.fill("card", [f"D{n}" for n in range(200)])
    assert found(store, root, START + DAY, "W318") == []


FEAST = """\
start: {holiday: eid_al_fitr, observed_by: person.observes, lead: 3 days}
again: {per: occurrence}
steps:
  - wait: {until_day: 0, at: 10:00}
  - {send: one_question}
"""


def test_feasts_that_hang_on_the_moon_are_estimates_for_sixty_days(store: Store, root: Path) -> None:
    catalogue(root, "observes: {type: tags, one_of: [eid_al_fitr], sensitive: true}")
    add(root, "festive", FEAST)
    applied(store, root)
    people(store, 2, country="EG")
    run(store, START)
    assert found(store, root, datetime(2027, 1, 5, 9, tzinfo=UTC), "W330") == []
    now = datetime(2027, 1, 12, 9, tzinfo=UTC)
    (problem,) = found(store, root, now, "W330")
    assert problem.message.startswith("eid_al_fitr on 2027-03-")
    assert "is only an estimate in EG" in problem.message
    assert line(root, problem) == FEAST.splitlines()[0]
    calendars = root / HOUSE / "calendars"
    calendars.mkdir()
    (calendars / "ours.yaml").write_text('days:\n  eid_al_fitr: {"2027": {EG: 2027-03-10}}\n', encoding="utf-8")
    assert found(store, root, now, "W330") == []


DATED = """\
start: {day: person.renews_on}
again: {per: occurrence}
steps:
  - wait: {until_day: 0, at: 10:00}
  - {send: a_card, class: CLASS, valid_for: 1 day}
"""
LETTER = """\
start: {event: order.delivered, settle: 0 minutes}
again: {per: event.order_id}
steps:
  - {send: a_letter, at_once: true}
"""


@pytest.mark.parametrize(
    ("class_", "more", "expected"), [("news", "", 1), ("news", ", fixed: true", 0), ("care", "", 0)]
)
def test_a_mail_of_a_day_that_others_push_aside(
    store: Store, root: Path, class_: str, more: str, expected: int
) -> None:
    rules = root / HOUSE / "rules.yaml"
    rules.write_text(rules.read_text().replace("{max: 3, within: 7 days}", "{max: 1, per: day}"), encoding="utf-8")
    catalogue(root, "renews_on: {type: day}")
    for name in ("a_card", "a_letter"):
        mail(root, name)
    add(root, "dated", DATED.replace("CLASS", class_ + more), 90)
    add(root, "letters", LETTER, 10)
    (root / "sequences/check_in.yaml").unlink()
    applied(store, root, START - 10 * DAY)
    people(store, 12, START - 10 * DAY, renews_on=date(2027, 1, 4))
    run(store, START - 10 * DAY)
    happened(store, "order.delivered", 12, START + timedelta(hours=1))
    run(store, START + timedelta(hours=1))
    run(store, START + 5 * DAY)
    problems = found(store, root, START + 6 * DAY, "W314")
    assert len(problems) == expected
    for problem in problems:
        assert problem.message == "'a_card' belongs to a day, and other mail came first 12 of 12 times"
        assert problem.hint == "fixed: true, or a class that goes first; nurture explain --why-nobody dated"
        assert "a_card" in line(root, problem)


def test_of_a_large_shop_only_some_people_are_looked_at(store: Store, root: Path) -> None:
    add(root, "careful", STOPS.replace("CONDITION", "person.country == 'FR'"))
    applied(store, root)
    people(store, SAMPLE + 50)
    run(store, START)
    (problem,) = found(store, root, START, "W320")
    assert f"{SAMPLE:,} in {SAMPLE:,} people" in problem.message
