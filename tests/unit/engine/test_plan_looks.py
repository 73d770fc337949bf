"""That a plan which looks at few, and at little of them, says the same as one that opens everybody whole."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nurture.decide.conditions import truth
from nurture.decide.draft import Draft
from nurture.decide.retime import retime
from nurture.engine import plan_looks
from nurture.engine.plan import Plan
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow, EventRow
from tests.small_project import SEQUENCE, edit, write

from .editing_shop import applied, planned, run, take

START = datetime(2027, 3, 4, 9, tzinfo=UTC)
NOW = datetime(2027, 3, 16, 9, tzinfo=UTC)  # the clocks of New York changed two days ago
ZONES = ("America/New_York", "Europe/Istanbul", "Asia/Kolkata", "Pacific/Auckland")
PEOPLE = 80
FIRST = "- wait: {until_day: 2, at: 10:00}"
LONGER = "- {id: longer, wait: 5 days}"
REVIEWED = "- {id: reviewed, wait: {event: review.posted, up_to: 10 days}}"
STEPS = f"""steps:
  {FIRST}
  - {{send: how_are_you}}
  {LONGER}
  {REVIEWED}
  - {{send: one_question}}
"""
EDITS: dict[str, tuple[str, str]] = {
    "an earlier day": (FIRST, "- wait: {until_day: 1, at: 10:00}"),
    "an earlier hour": (FIRST, "- wait: {until_day: 2, at: 04:00}"),
    "fewer days": (LONGER, "- {id: longer, wait: 3 days}"),
    "hours for days": (LONGER, "- {id: longer, wait: 50 hours}"),
    "days at an hour": (LONGER, "- {id: longer, wait: 3 days, at: 05:30}"),
    "a weekday": (LONGER, "- {id: longer, wait: {until_weekday: [mon, tue, wed], between: [07:00, 12:00]}}"),
    "working days": (LONGER, "- {id: longer, wait: 2 working days}"),
    "a field's date": (LONGER, "- {id: longer, wait: {until: person.due_on, at: 08:00}}"),
    "less time for an answer": (REVIEWED, "- {id: reviewed, wait: {event: review.posted, up_to: 26 hours}}"),
    "no wait any more": (REVIEWED, ""),
    "a while": ("steps:", "while: start.order_id != 'o-3' and person.orders.count == 0\nsteps:"),
    "a stop": ("steps:", "stop_when: [{if: person.due_on is known}]\nsteps:"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path)
    edit(tmp_path, "sequences/house/catalogue.yaml", "  country: ", "  due_on:     {type: day}\n  country: ")
    file = tmp_path / SEQUENCE
    file.write_text(file.read_text(encoding="utf-8").split("steps:")[0] + STEPS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    """Many stand on every step, in four zones, since deliveries of twelve days."""
    opened = open_store(f"sqlite:///{root / 'store.db'}")
    applied(opened, root, START)
    for number in range(PEOPLE):
        name, at = f"p{number}", START + timedelta(hours=3.5 * number)
        facts: dict[str, object] = {"locale": "en", "zone": ZONES[number % 4]}
        if number % 3:
            facts["due_on"] = (at + timedelta(days=number % 17)).date()
        address, agreed = f"{name}@small.example", ("care",)
        contact = ContactRow(outside_id=name, address=address, topics=agreed, basis="a test", facts=facts)
        take(opened, contact, now=START)
        order = {"order_id": f"o-{number}"}
        take(opened, EventRow(outside_id=name, name="order.delivered", at=at, fields=order), now=at)
    for day in range((NOW - START).days + 1):
        run(opened, START + timedelta(days=day))
    yield opened
    opened.close()


Counted = dict[str, Counter[object]]


def told(found: Plan) -> Counted:
    """What the plan says of people, by where they stand."""
    groups = [((one.name, group.version, group.step), group) for one in found.sequences for group in one.groups]
    return {
        "at once": Counter({place: group.at_once for place, group in groups}),
        "within the hour": Counter({place: group.within_the_hour for place, group in groups}),
        "ends": Counter({place: group.ends for place, group in groups}),
        "looked": Counter({one.name: one.looked for one in found.sequences}),
        "unfit": Counter({one.name: one.unfit for one in found.sequences}),
    }


def slowly(store: Store, found: Plan) -> Counted:
    """The same of everybody, each opened with all that is known of them."""
    counted: Counted = {name: Counter() for name in ("at once", "within the hour", "ends", "looked", "unfit")}
    for ids in store.everybody():
        for person, _ in store.people(ids, NOW):
            draft = Draft(found.tree.book, person)
            draft.asof = max(draft.asof, NOW)
            for inside, moved, arrival in retime(draft):
                place = (inside.sequence, moved.old_version, moved.stood_on)
                if not inside.running and inside.ending.startswith("stopped"):
                    counted["ends"][place] += 1
                elif arrival.at_once:
                    counted["at once"][place] += 1
                    soon = arrival.due is not None and arrival.due <= NOW + timedelta(hours=1)
                    counted["within the hour"][place] += soon
                condition = inside.book_sequence.while_
                if inside.running and condition is not None:
                    counted["looked"][inside.sequence] += 1
                    counted["unfit"][inside.sequence] += not truth(condition, draft.scene(NOW, inside))
    return counted


@pytest.mark.parametrize("name", EDITS)
def test_the_quick_answer_is_that_of_opening_everybody(
    store: Store, root: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = EDITS[name]
    edit(root, SEQUENCE, f"  {before}\n" if not after else before, after)
    if name == "no wait any more":
        edit(root, SEQUENCE, "steps:", "removed: [{step: reviewed, people_there: next}]\nsteps:")
    quickest: set[int] = set()
    for due_now in ("send", "spread 3 days", "old-day"):
        found = planned(store, root, NOW, due_now)
        assert sum(group.count for one in found.sequences for group in one.groups) > 40
        assert told(found) == slowly(store, found)
        quickest.add(found.next_hour)
        with monkeypatch.context() as several:
            several.setattr(plan_looks, "WORTHWHILE", 1)
            several.setattr(plan_looks, "cores", lambda: 2)
            assert told(planned(store, root, NOW, due_now)) == told(found)
    concerned = told(planned(store, root, NOW, "send"))
    assert any(numbers.total() for numbers in concerned.values()), "nobody was concerned: the test shows nothing"
    assert len(quickest) > 1 or name.startswith("a ")  # whoever is due at once goes as was chosen
