"""What a plan says, and that an apply does just that: people inside, decisions, names, the house."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nurture.engine.applying import AppliedChange, live_book, make_live
from nurture.engine.check import check
from nurture.engine.choosing import choice_of, files_at
from nurture.engine.diff import differences
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.plan import Plan, plan
from nurture.engine.plan_file import read_bound, refuse_moved, write_plan
from nurture.engine.plan_words import document, markdown, plan_lines
from nurture.engine.project import read_files
from nurture.engine.tick import tick
from nurture.model.person import Enrolment, Person
from nurture.store.open import Store, open_store
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow
from tests.small_project import HOUSE, SEQUENCE, edit, rename_the_mail, write

START = datetime(2027, 3, 1, 9, tzinfo=UTC)
NOW = START + timedelta(days=5)
DAY = timedelta(days=1)
NAMES = tuple(f"p{number}" for number in range(6))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    """Six people wait for the first mail, due on 7 March at 10:00; it is 6 March."""
    opened = open_store(f"sqlite:///{root / 'store.db'}")
    applied(opened, root, START)
    for name in NAMES:
        agreed = {"topics": ("care",), "basis": "a test", "facts": {"locale": "en"}}
        take(opened, ContactRow(outside_id=name, address=f"{name}@small.example", **agreed), now=START)
        order = {"order_id": f"o-{name}"}
        take(opened, EventRow(outside_id=name, name="order.delivered", at=START, fields=order), now=START)
    run(opened, START)
    run(opened, NOW)
    yield opened
    opened.close()


def take(store: Store, *rows: AnyRow, now: datetime) -> None:
    store.importing(now).take(rows, lambda row, why: pytest.fail(f"{row}: {why}"))


def run(store: Store, now: datetime) -> int:
    live = live_book(store)
    assert live is not None
    return tick(store, live.book, now).intents


def planned(store: Store, root: Path, now: datetime = NOW, due_now: str = "", drop: str = "", **more: bool) -> Plan:
    files = read_files(root)
    checked = check(files)
    assert checked.book is not None, [f"{one.place}: {one.message}" for one in checked.problems]
    return plan(store, checked.book, files, now, choice_of(due_now, [drop] if drop else []), **more)


def applied(store: Store, root: Path, now: datetime = NOW, due_now: str = "", drop: str = "") -> AppliedChange:
    return make_live(store, planned(store, root, now, due_now, drop), read_files(root), now, "lena", "3fa91c2")


def said(found: Plan) -> str:
    """The plan with its white space made one."""
    return " ".join(" ".join(plan_lines(found)).split())


def person(store: Store, name: str = "p0", now: datetime = NOW) -> Person:
    id_ = store.find(name)
    assert id_ is not None
    return store.people([id_], now)[0][0]


def enrolment(store: Store, name: str = "p0") -> Enrolment:
    return person(store, name).enrolments[-1]


def missing(found: Plan) -> list[str]:
    return [one.key for one in found.missing]


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
    assert "check_in: add removed: [{step: before_how_are_you, people_there: next}]" in said(found)
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


# --- names, topics, what is given up -------------------------------------------------------------


def rename_the_sequence(root: Path) -> None:
    text = (root / SEQUENCE).read_text(encoding="utf-8")
    (root / SEQUENCE).unlink()
    new = text.replace("sequence: check_in\n", "sequence: after_sale\nwas: check_in\n")
    (root / "sequences/after_sale.yaml").write_text(new, encoding="utf-8")


def test_a_renamed_sequence_keeps_its_people_history_and_keys(store: Store, root: Path) -> None:
    rename_the_sequence(root)
    found = planned(store, root)
    assert "after_sale version 1 -> 2 > check_in is now after_sale" in said(found)
    assert "6 waiting before_how_are_you stay" in said(found)
    applied(store, root)
    assert run(store, NOW + 2 * DAY) == 6
    assert enrolment(store).identity == ("after_sale", "o-p0")
    assert {message.sequence for message in person(store).messages} == {"after_sale"}
    assert {reason.sequence for reason in store.reasons(person(store).id)} <= {"after_sale", ""}
    assert store.inside("after_sale") == 6
    again = {"order_id": "o-p0"}  # told once more, under the name of today: already had
    take(store, EventRow(outside_id="p0", name="order.delivered", at=NOW, fields=again), now=NOW + 3 * DAY)
    run(store, NOW + 3 * DAY)
    assert len(person(store).enrolments) == 1
    renamed = root / "sequences/after_sale.yaml"
    text = renamed.read_text(encoding="utf-8").replace("after_sale\nwas: check_in", "check_in")
    renamed.rename(root / SEQUENCE).write_text(text, encoding="utf-8")
    undone = planned(store, root, NOW + 3 * DAY)
    assert "check_in version 2 -> 3 > after_sale is now check_in" in said(undone)
    applied(store, root, NOW + 3 * DAY)
    assert store.load_files().renamed == {"sequence": {"after_sale": "check_in"}}
    assert enrolment(store).sequence == "check_in"


def test_a_name_that_was_given_up_is_not_taken_by_another_sequence(store: Store, root: Path) -> None:
    text = (root / SEQUENCE).read_text(encoding="utf-8")
    rename_the_sequence(root)
    applied(store, root)
    edit(root, "sequences/after_sale.yaml", "was: check_in\n", "")
    (root / SEQUENCE).write_text(text, encoding="utf-8")
    found = planned(store, root)
    assert missing(found) == ["name sequence check_in"]
    assert "the sequence check_in was renamed to after_sale, which has its history" in said(found)


def test_a_sequence_whose_file_is_gone(store: Store, root: Path) -> None:
    (root / SEQUENCE).unlink()
    assert missing(planned(store, root)) == ["gone check_in"]
    found = planned(store, root, drop="check_in=stop")
    assert "check_in gone 6 people inside leave" in said(found)
    applied(store, root, drop="check_in=stop")
    run(store, NOW)
    assert enrolment(store).ending == "removed by version 2"
    assert store.inside("check_in") == 0


def test_a_topic_is_not_dropped_while_somebody_refused_it_and_its_refusals_follow_a_rename(
    store: Store, root: Path
) -> None:
    take(store, ConsentRow(outside_id="p0", topics=("tips",), given=False, at=NOW), now=NOW)
    run(store, NOW)
    topics = f"{HOUSE}/topics.yaml"
    line = "  tips: {title: {en: Tips, tr: Tips}, basis: opt_in}\n"
    edit(root, topics, line, "")
    assert missing(planned(store, root)) == ["topic tips"]
    assert "1 refused the topic tips, which is gone; put it back, or say" in said(planned(store, root))
    edit(root, topics, "  care:", "  advice: {title: {en: Advice, tr: Advice}, basis: opt_in, was: tips}\n  care:")
    applied(store, root)
    run(store, NOW)
    assert {name: one.given for name, one in person(store).consents.items()} == {"care": True, "advice": False}
    edit(root, topics, ", was: tips", "")  # the word is gone, what was refused is not
    applied(store, root, NOW + DAY)
    old = ConsentRow(outside_id="p0", topics=("tips",), given=True, at=NOW + DAY, basis="an old list")
    take(store, old, now=NOW + DAY)
    run(store, NOW + DAY)
    assert {name: one.given for name, one in person(store).consents.items()} == {"care": True, "advice": False}
    assert store.applications.refusals("advice") == 1
    edit(root, topics, "  advice:", "  tips: {title: {en: Tips, tr: Tips}, basis: opt_in}\n  advice:")
    assert missing(planned(store, root)) == ["name topic tips"]


# --- the house, mails, files ---------------------------------------------------------------------


def test_house_rules_are_lived_over_the_next_days_old_against_new(store: Store, root: Path) -> None:
    edit(root, f"{HOUSE}/rules.yaml", "limits:\n  - {max: 3, within: 7 days}", "limits:\n  - {max: 1, within: 7 days}")
    found = planned(store, root, look_ahead=True)
    assert found.forecast is not None
    assert (found.forecast.people, found.forecast.before, found.forecast.after) == (6, 12, 12)
    assert "sequences/house/rules changed ~ limits: limit 3 per 7 days -> limit 1 per 7 days" in said(found)
    edit(root, f"{HOUSE}/rules.yaml", "  - {max: 1, within: 7 days}", "  - {max: 1, within: 30 days}")
    fewer = planned(store, root, look_ahead=True).forecast
    assert fewer is not None
    assert (fewer.before, fewer.after, fewer.lost) == (12, 6, {"check_in": 6})
    assert "Most lost: check_in 6" in said(planned(store, root, look_ahead=True))


def test_new_stages_are_counted_and_start_nothing(store: Store, root: Path) -> None:
    edit(root, f"{HOUSE}/stages.yaml", "person.orders.count >= 1", "person.orders.count == 0")
    found = planned(store, root, look_ahead=True)
    assert "6 people would come to another stage (looking -> buying 6); that starts nothing" in said(found)
    applied(store, root)
    assert run(store, NOW) == 0
    assert person(store).stage is not None
    assert person(store).stage.id == "buying"  # type: ignore[union-attr]


def test_a_plan_in_a_file_is_bound_to_what_it_saw(store: Store, root: Path) -> None:
    edit(root, SEQUENCE, "until_day: 6", "until_day: 9")
    file = root / "plan.json"
    write_plan(planned(store, root), file)
    refuse_moved(planned(store, root), read_bound(file))
    edit(root, SEQUENCE, "until_day: 9", "until_day: 8")
    with pytest.raises(RefusedError, match="the files are not those that were planned: plan again"):
        refuse_moved(planned(store, root), read_bound(file))
    write_plan(planned(store, root), file)
    applied(store, root)
    with pytest.raises(RefusedError, match="something else was applied since"):
        refuse_moved(planned(store, root), read_bound(file))
    file.write_text("{}")
    with pytest.raises(MisuseError, match="is no plan"):
        read_bound(file)


def test_a_plan_does_not_hold_when_people_moved_so_that_its_answer_is_another(store: Store, root: Path) -> None:
    edit(root, SEQUENCE, "wait: 5 days", "wait: 1 day")
    file = root / "plan.json"
    write_plan(planned(store, root), file)  # nobody waits there yet
    run(store, NOW + DAY + timedelta(hours=2))
    later = NOW + 3 * DAY
    assert missing(planned(store, root, later)) == ["due_now check_in"]
    with pytest.raises(RefusedError, match="people have moved on since"):
        refuse_moved(planned(store, root, later), read_bound(file))


def test_the_document_and_the_comment_say_the_same(store: Store, root: Path) -> None:
    rename_the_mail(root)
    found = planned(store, root)
    told = json.loads(json.dumps(document(found)))
    (one,) = told["sequences"]
    assert (one["sequence"], one["version"], one["new_version"], one["inside"]) == ("check_in", 1, 2, 6)
    assert one["people"][0]["due_at_once"] == 6
    assert told["missing"][0]["key"] == "due_now check_in"
    lines = list(markdown(found))
    assert lines[0] == "### nurture plan: not ready"
    assert lines[4].startswith("1. check_in: 6 people become due at once.")


def test_diff_says_what_a_reader_would_notice(store: Store, root: Path) -> None:
    rename_the_mail(root)
    files = read_files(root)
    book = check(files).book
    assert book is not None
    told = "\n".join(differences(store, book, files, NOW, "check_in").lines())
    assert "check_in: your file against version 1 (live since 1 Mar 2027, lena)" in told
    assert "What a reader would notice: how_is_it comes 2 days earlier; how_is_it reads otherwise" in told
    assert "mail how_are_you is now how_is_it: en.md; subject en changed, tr NOT changed" in told
    with pytest.raises(MisuseError, match="there is no sequence 'nothing'"):
        differences(store, book, files, NOW, "nothing")


def test_undo_is_a_new_version_with_its_own_plan(store: Store, root: Path) -> None:
    before = read_files(root)
    rename_the_mail(root)
    applied(store, root, due_now="old-day")
    files = files_at(store, NOW - timedelta(seconds=1))
    assert files == before
    book = check(files).book
    assert book is not None
    found = plan(store, book, files, NOW + timedelta(hours=1), choice_of("old-day", []))
    assert "> how_is_it is now how_are_you" in said(found)
    change = make_live(store, found, files, NOW + timedelta(hours=1), "lena")
    assert change.versions == {"check_in": 3}
    assert run(store, NOW + 2 * DAY) == 6
    assert person(store).messages[-1].mail == "how_are_you"
    with pytest.raises(MisuseError, match="nothing was live at 2020"):
        files_at(store, datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("words", ["tomorrow", "spread", "spread 0 days", "spread soon"])
def test_a_choice_that_is_not_understood(words: str) -> None:
    with pytest.raises(MisuseError, match="write --due-now send"):
        choice_of(words, [])
    with pytest.raises(MisuseError, match="write --drop NAME=stop"):
        choice_of("", [words])


LAPSE = """\
sequence: gone_quiet
title: Gone quiet
stage: any
class: news
topic: tips
status: live
start: {lapse: order.delivered, for: 3 days}
again: {per: person}
steps:
  - {send: one_question}
"""


def test_a_new_sequence_takes_nobody_in_and_says_who_fulfils_it_already(store: Store, root: Path) -> None:
    (root / "sequences/gone_quiet.yaml").write_text(LAPSE, encoding="utf-8")
    found = planned(store, root, look_ahead=True)
    alone = "they are left alone (nurture enrol gone_quiet --already)"
    assert f"gone_quiet new 0 people start now. 6 already fulfil it; {alone}" in said(found)
    applied(store, root)
    assert run(store, NOW) == 0
    assert [one.sequence for one in person(store).enrolments] == ["check_in"]


def test_a_broadcast_whose_hour_is_at_hand_counts_in_what_can_go_out(store: Store, root: Path) -> None:
    once = LAPSE.replace("gone_quiet", "news").replace(
        "{lapse: order.delivered, for: 3 days}", "{once: 2027-03-06 09:30}"
    )
    text = once.replace("again: {per: person}", "again: never").replace("status: live", "status: live\nat_most: 4")
    (root / "sequences/news.yaml").write_text(text, encoding="utf-8")
    assert planned(store, root).next_hour == 4
    assert planned(store, root, NOW - DAY).next_hour == 0
    assert planned(store, root, NOW + DAY).next_hour == 0
