"""What a plan says of the people inside, and that an apply does just that."""

# ruff: noqa: F811 - a fixture is asked for by its name

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from nurture.decide.clock import Clock
from nurture.engine.applying import live_book, make_live
from nurture.engine.faults import RefusedError
from nurture.engine.people import settling
from nurture.engine.plan_words import document
from nurture.engine.project import read_files
from nurture.store.files import Files
from nurture.store.open import Store, open_store
from nurture.store.rows import EventRow
from tests.small_project import SEQUENCE, edit, rename_the_mail

from .editing_shop import (  # noqa: F401
    DAY,
    NAMES,
    NOW,
    applied,
    enrolment,
    missing,
    person,
    planned,
    root,
    run,
    said,
    store,
    take,
)

# --- people inside -------------------------------------------------------------------------------


def test_nothing_changes_and_a_comment_is_no_new_version(store: Store, root: Path) -> None:
    assert (planned(store, root).changes, said(planned(store, root))) == (
        False,
        "Nothing changes: these files are live already.",
    )
    edit(root, SEQUENCE, "title: How is it?", "title: How is it?   # a remark")
    found = planned(store, root)
    assert (found.changes, found.answer != planned(store, root, NOW + DAY).answer) == (False, False)
    assert applied(store, root).versions == {}
    assert store.load_files().files[SEQUENCE] == read_files(root)[SEQUENCE]
    assert run(store, NOW) == 0
    assert enrolment(store).version == 1


def test_a_rename_and_a_shorter_wait(store: Store, root: Path) -> None:
    rename_the_mail(root)
    found = planned(store, root)
    words = said(found)
    assert "check_in version 1 -> 2 > how_are_you is now how_is_it" in words or "> before_how_are_you is now" in words
    assert "~ before_how_is_it: wait until day 6 at 10:00 -> wait until day 4 at 10:00" in words
    assert "6 people inside 6 waiting before_how_are_you follow the new name before_how_is_it; 6 of them would" in words
    assert "Not ready. One decision is missing: 1 check_in: 6 people become due at once. Add --due-now send" in words
    assert "mail how_are_you is now how_is_it: en.md; subject en changed, tr NOT changed" in words
    assert found.next_hour == 6
    with pytest.raises(RefusedError, match="6 people become due at once"):
        applied(store, root)
    assert enrolment(store).version == 1


@pytest.mark.parametrize(("due_now", "words", "next_hour"), [
    ("send", "6 of them go at once", 6),
    ("old-day", "6 of them keep the day they had", 0),
    ("spread 3 days", "6 of them are spread over 3 days", 0),
])  # fmt: skip
def test_due_at_once_is_chosen_and_done(store: Store, root: Path, due_now: str, words: str, next_hour: int) -> None:
    rename_the_mail(root)
    found = planned(store, root, due_now=due_now)
    assert words in said(found)
    assert (found.next_hour, missing(found)) == (next_hour, [])
    change = applied(store, root, due_now=due_now)
    assert "6 people moved, nobody left. Commit 3fa91c2." in list(change.lines())
    assert run(store, NOW) == next_hour
    assert next_hour + sum(run(store, NOW + day * DAY) for day in (1, 2, 3)) == len(NAMES)
    assert {one.version for name in NAMES for one in person(store, name).enrolments} == {2}
    assert len({message.key for name in NAMES for message in person(store, name).messages}) == len(NAMES)


def test_what_was_decided_is_not_asked_again_while_people_are_still_to_come_over(store: Store, root: Path) -> None:
    rename_the_mail(root)
    applied(store, root, due_now="old-day")
    assert enrolment(store).version == 1
    found = planned(store, root)
    assert (found.changes, missing(found)) == (False, [])
    edit(root, SEQUENCE, "wait: 5 days", "wait: 4 days")
    assert missing(planned(store, root)) == ["due_now check_in"]  # they come to version 3 by that apply's word


def test_a_longer_wait_needs_no_decision_and_nobody_is_looked_at(store: Store, root: Path) -> None:
    edit(root, SEQUENCE, "until_day: 6", "until_day: 9")
    found = planned(store, root)
    assert "6 waiting before_how_are_you stay" in said(found)
    assert missing(found) == []
    applied(store, root)
    run(store, NOW)
    assert enrolment(store).due_at == datetime(2027, 3, 10, 10, tzinfo=UTC)


def test_a_removed_step_asks_where_they_go(store: Store, root: Path) -> None:
    edit(root, SEQUENCE, "  - wait: {until_day: 6, at: 10:00}\n  - {send: how_are_you}\n", "")
    found = planned(store, root)
    assert missing(found) == ["removed check_in before_how_are_you"]
    assert "6 waiting before_how_are_you nobody said where they go <- decide" in said(found)
    assert "check_in: add to sequences/check_in.yaml removed: [{step: before_how_are_you, people_there: next}]" in said(
        found
    )
    edit(root, SEQUENCE, "start:", "removed: [{step: before_how_are_you, people_there: next}]\nstart:")
    decided = planned(store, root)
    assert "6 waiting before_how_are_you go on to before_one_question; 6 of them would be due at once" in said(decided)
    applied(store, root, due_now="send")
    assert run(store, NOW) == 6
    assert person(store).messages[-1].mail == "one_question"


def test_stop_ends_them_and_says_by_which_version(store: Store, root: Path) -> None:
    edit(root, SEQUENCE, "  - wait: {until_day: 6, at: 10:00}\n  - {send: how_are_you}\n", "")
    edit(root, SEQUENCE, "start:", "removed: [{step: before_how_are_you, people_there: stop}]\nstart:")
    assert "6 waiting before_how_are_you leave" in said(planned(store, root))
    applied(store, root)
    run(store, NOW)
    assert enrolment(store).ending == "removed by version 2"


def test_nobody_slips_onto_a_step_that_is_gone_between_plan_and_apply(store: Store, root: Path) -> None:
    edit(root, SEQUENCE, "  - wait: 5 days\n", "")
    found = planned(store, root)
    assert missing(found) == []
    run(store, NOW + 2 * DAY)  # the daemon goes on: all have had the first mail and wait for the second
    assert enrolment(store).step == "before_one_question"
    with pytest.raises(RefusedError, match="somebody came to before_one_question of check_in meanwhile: plan again"):
        make_live(store, found, read_files(root), NOW + 2 * DAY, "lena")
    assert store.load_files().applied["check_in"].version == 1
    assert missing(planned(store, root, NOW + 2 * DAY)) == ["removed check_in before_one_question"]


def test_a_plan_that_read_one_book_and_the_files_of_the_next_does_not_hold(
    store: Store, store_url: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(root, SEQUENCE, "until_day: 6", "until_day: 7")
    live_book(store)
    read = store.load_files

    def meanwhile() -> Files:
        monkeypatch.undo()
        other = open_store(store_url)
        applied(other, root)
        other.close()
        return read()

    monkeypatch.setattr(store, "load_files", meanwhile)
    found = planned(store, root)
    with pytest.raises(RefusedError, match="plan again"):
        make_live(store, found, read_files(root), NOW, "lena")


def test_while_and_stop_when_are_counted(store: Store, root: Path) -> None:
    edit(root, SEQUENCE, "steps:", "while: person.orders.count >= 1\nsteps:")
    assert "6 of 6 would not fit while now; they leave at their next step" in said(planned(store, root))
    edit(root, SEQUENCE, "while: person.orders.count >= 1", "stop_when: [{if: person.orders.count == 0}]")
    found = planned(store, root)
    assert "6 waiting before_how_are_you stay; 6 leave at once by stop_when" in said(found)
    assert "6 people moved, 6 left." in "\n".join(applied(store, root).lines())
    run(store, NOW)
    assert enrolment(store).ending == "stopped: person.orders.count == 0"


def test_finish_old_keeps_people_where_they_are(store: Store, root: Path) -> None:
    edit(root, SEQUENCE, "until_day: 6", "until_day: 20")
    edit(root, SEQUENCE, "start:", "on_change: finish_old\nstart:")
    assert "6 waiting before_how_are_you stay on version 1 to its end" in said(planned(store, root))
    assert "6 inside check_in 1 stay on the version they started on." in list(applied(store, root).lines())
    assert run(store, NOW + 2 * DAY) == 6
    edit(root, SEQUENCE, "on_change: finish_old\n", "")
    edit(root, SEQUENCE, "wait: 5 days", "wait: 9 days")
    applied(store, root, NOW + 2 * DAY)
    run(store, NOW + 2 * DAY)
    assert {one.version for name in NAMES for one in person(store, name).enrolments} == {3}


def test_who_waits_out_settle_is_counted_beside_who_is_inside(store: Store, root: Path) -> None:
    edit(root, SEQUENCE, "settle: 0 minutes", "settle: 2 hours")
    applied(store, root)
    for name in NAMES[:3]:
        order = {"order_id": f"second-{name}"}
        take(store, EventRow(outside_id=name, name="order.delivered", at=NOW, fields=order), now=NOW)
    run(store, NOW)
    edit(root, SEQUENCE, "topic: care", "topic: tips")
    found = planned(store, root)
    assert "6 people inside, 3 waiting to settle 6 waiting" in said(found)
    (one,) = (one for one in document(found)["sequences"] if one["sequence"] == "check_in")
    assert (one["inside"], one["settling"]) == (6, 3)
    lines = settling(person(store), Clock(ZoneInfo("UTC")))
    assert lines == ["Waiting to settle:", "  check_in by order.delivered, asked Sat 06 Mar 11:00"]
    (root / SEQUENCE).unlink()
    assert "3 waiting to settle would not start" in said(planned(store, root))
    run(store, NOW + DAY)
    assert "waiting to settle" not in said(planned(store, root, NOW + DAY))


def test_a_wait_before_a_wait_gets_a_better_name_and_its_people_follow(store: Store, root: Path) -> None:
    edit(root, SEQUENCE, "- wait: {until_day: 6, at: 10:00}", "- wait: {until_day: 6, at: 10:00}\n  - wait: 1 day")
    applied(store, root)
    run(store, NOW)
    edit(root, SEQUENCE, "- wait: 1 day", "- wait: 2 days")
    assert "before_before_how_are_you" in {step for steps in store.applications.standing().values() for step in steps}
    edit(
        root, SEQUENCE, "- wait: {until_day: 6, at: 10:00}",
        "- id: pause\n    was: before_before_how_are_you\n    wait: {until_day: 6, at: 10:00}",
    )  # fmt: skip
    assert "waiting before_before_how_are_you follow the new name pause" in said(planned(store, root))
