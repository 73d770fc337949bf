"""What a plan says of names, topics, the house, mails and files, and that an apply does just that."""

# ruff: noqa: F811 - a fixture is asked for by its name

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nurture.engine.applying import make_live
from nurture.engine.check import check
from nurture.engine.check_state import with_state
from nurture.engine.choosing import choice_of, files_at
from nurture.engine.diff import differences
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.plan import plan
from nurture.engine.plan_file import read_bound, refuse_moved, write_plan
from nurture.engine.plan_words import document, markdown
from nurture.engine.project import read_files
from nurture.store.open import Store
from nurture.store.rows import ConsentRow, EventRow
from tests.small_project import HOUSE, SEQUENCE, edit, rename_the_mail

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


def test_a_sequence_that_comes_back_word_for_word_is_a_new_version_live_from_then_on(store: Store, root: Path) -> None:
    text = (root / SEQUENCE).read_text(encoding="utf-8")
    (root / SEQUENCE).unlink()
    applied(store, root, drop="check_in=stop")
    run(store, NOW)
    again = {"order_id": "o-2"}
    take(store, EventRow(outside_id="p0", name="order.delivered", at=NOW + DAY, fields=again), now=NOW + DAY)
    run(store, NOW + DAY)
    (root / SEQUENCE).write_text(text, encoding="utf-8")
    assert "check_in new" in said(planned(store, root, NOW + 2 * DAY))
    assert applied(store, root, NOW + 2 * DAY).versions == {"check_in": 2}
    run(store, NOW + 2 * DAY)
    assert [one.ending for one in person(store).enrolments] == ["removed by version 2"]
    assert store.load_files().applied["check_in"].live_since == NOW + 2 * DAY


def test_a_topic_is_not_merged_into_another_that_its_readers_never_agreed_to(store: Store, root: Path) -> None:
    topics = f"{HOUSE}/topics.yaml"
    edit(root, topics, "  tips: {title: {en: Tips, tr: Tips}, basis: opt_in}\n", "")
    text = (root / topics).read_text()
    care = next(line for line in text.splitlines() if line.startswith("  care:"))
    edit(root, topics, care, f"{care.removesuffix('}')}, was: tips}}")
    assert missing(planned(store, root)) == ["merge topic tips"]
    assert "who agreed to tips did not agree to it" in said(planned(store, root))


def test_a_refusal_counts_before_anybody_has_looked_at_it(store: Store, root: Path) -> None:
    take(store, ConsentRow(outside_id="p0", topics=("tips",), given=False, at=NOW), now=NOW)
    edit(root, f"{HOUSE}/topics.yaml", "  tips: {title: {en: Tips, tr: Tips}, basis: opt_in}\n", "")
    assert missing(planned(store, root)) == ["topic tips"]


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
    assert store.applications.refusals(["advice"]) == 1
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


def test_words_of_past_edits_are_remarks_when_nobody_needs_them(store: Store, root: Path) -> None:
    edit(root, SEQUENCE, "  - {send: one_question}", "  - {id: second, send: one_question, was: one_question}")
    edit(root, SEQUENCE, "start:", "removed: [{step: gone_long_ago, people_there: next}]\nstart:")

    def remarks() -> list[str]:
        found = with_state(check(read_files(root)), store).problems
        return [one.message for one in found if one.code == "I340"]

    assert remarks() == []  # nothing of it was applied
    applied(store, root)
    assert remarks() == []  # six people are still to come over
    run(store, NOW)
    needless = "is no longer needed: nobody is inside an older version"
    assert remarks() == [f"was: one_question {needless}", f"removed: gone_long_ago {needless}"]


def test_who_was_let_go_goes_also_when_the_file_is_back_before_anybody_looked(store: Store, root: Path) -> None:
    text = (root / SEQUENCE).read_text(encoding="utf-8")
    (root / SEQUENCE).unlink()
    applied(store, root, drop="check_in=stop")
    applied(store, root)  # nothing is said of it again, and nothing is taken back
    (root / SEQUENCE).write_text(text, encoding="utf-8")
    assert "check_in new" in said(planned(store, root))
    applied(store, root)
    again = {"order_id": "o-2"}
    take(store, EventRow(outside_id="p0", name="order.delivered", at=NOW, fields=again), now=NOW)
    run(store, NOW)
    assert [one.ending for one in person(store).enrolments] == ["removed by version 2", ""]
    assert [one.ending for one in person(store, "p1").enrolments] == ["removed by version 2"]
    edit(root, SEQUENCE, "until_day: 6", "until_day: 7")
    applied(store, root)
    run(store, NOW + DAY)
    assert [(one.version, one.ending) for one in person(store).enrolments][1] == (3, "")
