"""The demo shop, and on it the promise that the daemon's tick and `simulate` are one engine."""

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from nurture.decide.clock import reader_clock
from nurture.engine.applying import LiveBook, apply
from nurture.engine.check import check
from nurture.engine.demo import run_demo, run_until
from nurture.engine.project import read_files
from nurture.engine.simulation import DROPPED, Calendar, Entry, calendar, dropped_entry
from nurture.engine.workshop import Workshop
from nurture.wiring import live, workshop
from tests.projects import Answer, Project

TODAY = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)
NOON = TODAY.replace(hour=12, minute=0)


def happened(shop: Workshop, book: LiveBook, since: datetime) -> Calendar:
    """What the store keeps of a stretch of time, as the lines that simulate prints."""
    found = Calendar()
    for page in shop.store.everybody():
        labels = shop.store.labels(page)
        for person, _ in shop.store.people(page, since):
            clock = reader_clock(book.book.rules, person.facts)
            label = labels[person.id]
            found.mails += [
                Entry(one.at.astimezone(clock.zone).replace(tzinfo=None), label, one.mail, one.sequence, one.class_)
                for one in person.messages
                if one.at > since
            ]
            found.dropped += [
                dropped_entry(reason, label, clock)
                for reason in shop.store.reasons(person.id)
                if reason.why in DROPPED and reason.at > since
            ]
    found.mails.sort()
    found.dropped.sort()
    return found


def assert_ticks_equal_simulate(shop: Workshop, at_least: int) -> None:
    """Fourteen days from noon: simulated first, then lived through by ticks."""
    end = NOON + timedelta(days=14)
    book = live(shop.store)
    foreseen = calendar(shop, book.book, shop.store.everybody(), (NOON, NOON, end), lambda _: None)
    run_until(shop, book, NOON, end)
    lived = happened(shop, book, NOON)
    assert len(lived.mails) >= at_least
    assert lived.mails == foreseen.mails
    assert lived.dropped == foreseen.dropped


@pytest.mark.parametrize(("seed", "people"), [(7, 100), (11, 60), (2027, 60)])  # the first is of what `demo` shows
def test_fourteen_days_of_ticks_are_fourteen_days_simulated_line_for_line(tmp_path, seed, people):
    run_demo(tmp_path / "demo", seed, people, TODAY, workshop, lambda _: None)
    with workshop(tmp_path / "demo") as shop:
        assert_ticks_equal_simulate(shop, at_least=people // 10)


MISSED = """\
sequence: missed
title: Twenty quiet days
about: One bag, and then nothing for twenty days.
stage: any
serves: lapsed
aims_at: again
class: news
topic: coffee_tips
status: live
priority: 60
start:
  lapse: order.placed
  for: 20 days
again: {per: person}
steps:
  - {send: storing_beans}
"""
NEWSLETTER = """\
sequence: newsletter
title: What is new
about: Three letters, one after the other, to everybody who has stopped buying.
stage: any
serves: again
aims_at: again
class: news
topic: coffee_tips
status: live
priority: 20
start:
  any:
    - {stage: lapsed}
    - {lapse: order.placed, for: 24 days}
again: {per: person}
steps:
  - {send: roasters_table, at_once: true}
  - wait: {until_weekday: [tue, thu], between: [09:00, 11:00], at_least: 1 day}
  - {send: what_is_new_at_the_roastery}
  - wait: 3 days
    at: 10:00
  - {send: slow_filter_morning}
"""
CHANGED = (("{max: 3, within: 7 days}", "{max: 2, per: week}\n  - {max: 4, per: month}"),
           ("min_gap: 18 hours", "min_gap: 30 hours"))  # fmt: skip


def test_ticks_are_simulate_also_with_another_book(tmp_path):
    """The starter's shop of the last sixty days, whose people then come under a book with other rules and sequences."""
    run_demo(tmp_path / "demo", 5, 80, TODAY - timedelta(days=8), workshop, lambda _: None)
    house = tmp_path / "demo" / "sequences" / "house" / "rules.yaml"
    rules = house.read_text(encoding="utf-8")
    for old, new in CHANGED:
        assert rules.count(old) == 1
        rules = rules.replace(old, new)
    house.write_text(rules, encoding="utf-8")
    for name, text in (("missed", MISSED), ("newsletter", NEWSLETTER)):
        (tmp_path / "demo" / "sequences" / f"{name}.yaml").write_text(text, encoding="utf-8")
    with workshop(tmp_path / "demo") as shop:
        files = read_files(shop.root)
        found = check(files)
        assert found.book is not None, found.problems
        apply(shop.store, found.book, files, NOON - timedelta(days=8), "test")
        run_until(shop, live(shop.store), NOON - timedelta(days=8), NOON)
        assert_ticks_equal_simulate(shop, at_least=20)
        assert {"missed", "newsletter"} <= {one.sequence for one in happened(shop, live(shop.store), NOON).mails}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Answer]:
    """A demo that was run, and what it said."""
    project = Project(tmp_path_factory.mktemp("shown"))
    return project, project.ok("demo", "--people", "60", "--at", "2026-11-21")


def test_the_demo_shows_a_mail_a_silence_and_a_mail_from_right_to_left(shown):
    project, answer = shown
    assert "Why did this mail go?" in answer.out
    assert "And why this silence?" in answer.out
    assert max(map(len, answer.lines)) <= 100
    outbox = sorted((project.root / "demo" / "outbox").glob("*.eml"))
    assert f"{len(outbox):,} mails" in answer.lines[0]
    rtl = sum(message_of(path)["Content-Language"] in ("ar", "he") for path in outbox)
    assert f"{rtl} of them are written right to left." in answer.lines
    assert "all equal" in project.ok("rebuild", "--project", "demo").out


def test_the_demo_names_the_newest_mails_with_their_files_and_the_page_of_all(shown):
    project, answer = shown
    outbox = sorted((project.root / "demo" / "outbox").glob("*.eml"), reverse=True)
    named = [line.strip() for line in answer.lines if line.endswith(".eml")]
    assert named == [path.name for path in outbox[: len(named)]]
    assert len(named) == 3
    assert str(message_of(outbox[0])["Subject"]) in answer.out
    page = project.root / "demo" / ".nurture" / "preview" / "all.html"
    assert f"  {page}" in answer.lines
    mails = len(list((project.root / "demo" / "templates").glob("[a-z]*")))
    assert page.read_text(encoding="utf-8").count("<section ") == mails


def test_what_the_demo_explains_is_all_that_explain_says(shown):
    """The two explanations are those of the commands they name, whole, but for where one waits: that is of today."""
    project, answer = shown
    asked = [line.removeprefix("  $ nurture ").split() for line in answer.lines if line.startswith("  $ nurture ")]
    assert len(asked) == 2
    for arguments in asked:
        said = project.ok(*arguments, "--project", "demo").lines
        kept = [line for line in said if not line.startswith("Next: ") and " waits at " not in line]
        assert len(kept) > 4
        begin = answer.lines.index(f"  {kept[0]}")
        told = [line.removeprefix("  ") for line in answer.lines[begin : begin + len(kept)]]
        assert told == kept


def message_of(path: Path) -> EmailMessage:
    """A mail of the folder."""
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def test_the_demo_is_made_anew_but_never_over_something_else(empty):
    words = ("demo", "--people", "15", "--at", "2026-11-21", "--json")
    shown, again = empty.run(*words), empty.whole(*words)  # two processes, whose sets have their orders
    assert json.loads(shown.out)["calendar"] == json.loads(again.out)["calendar"] != []
    (empty.root / "mine").mkdir()
    (empty.root / "mine" / "letter.txt").write_text("dear", encoding="utf-8")
    assert empty.run("demo", "--into", "mine").code == 64
    assert [path.name for path in (empty.root / "mine").iterdir()] == ["letter.txt"]
