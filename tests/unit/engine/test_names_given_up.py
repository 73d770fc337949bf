"""What is known under a name that was given up counts for the one of today: tags, mails, topics, splits, steps."""

# ruff: noqa: F811 - a fixture is asked for by its name

from datetime import timedelta
from pathlib import Path

import pytest

from nurture.engine.applying import live_book
from nurture.engine.check import check
from nurture.engine.faults import RefusedError
from nurture.engine.project import read_files
from nurture.engine.rebuilding import rebuild
from nurture.engine.tick import silent
from nurture.store.open import Store
from nurture.store.rows import ConsentRow, ContactRow, EventRow
from tests.small_project import HOUSE, LOCALES, SEQUENCE, edit, rename_the_mail

from .editing_shop import (  # noqa: F401
    DAY,
    NAMES,
    NOW,
    START,
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

TOPICS = f"{HOUSE}/topics.yaml"


def equal_when_rebuilt(store: Store) -> None:
    live = live_book(store)
    assert live is not None
    assert rebuild(store, live.book, NOW + 30 * DAY, silent).differences == []


# --- tags ----------------------------------------------------------------------------------------


def test_a_tag_that_somebody_carries_is_not_forgotten(store: Store, root: Path) -> None:
    take(store, ContactRow(outside_id="p0", tags=("do_not_ask",)), now=NOW)
    run(store, NOW)
    edit(root, TOPICS, "[do_not_ask, reviewer]", "[reviewer]")
    found = planned(store, root)
    assert missing(found) == ["tag do_not_ask"]
    assert "1 carries the tag do_not_ask, which is gone; put it back, or say under what name it goes on:" in said(found)
    with pytest.raises(RefusedError, match="was: do_not_ask"):
        applied(store, root)
    edit(root, TOPICS, "[reviewer]", "[do_not_ask]")  # nobody carries this one
    assert missing(planned(store, root)) == []


def test_who_carries_a_tag_carries_it_under_its_new_name_and_no_other_tag_gets_the_old_one(
    store: Store, root: Path
) -> None:
    edit(root, SEQUENCE, "steps:", "while: not has_tag('do_not_ask')\nsteps:")
    applied(store, root)
    take(store, ContactRow(outside_id="p0", tags=("do_not_ask",)), now=NOW)
    edit(root, TOPICS, "[do_not_ask, reviewer]", "[{tag: silent, was: do_not_ask}, reviewer]")
    edit(root, SEQUENCE, "has_tag('do_not_ask')", "has_tag('silent')")
    applied(store, root)
    edit(root, TOPICS, "{tag: silent, was: do_not_ask}, ", "")
    edit(root, SEQUENCE, "while: not has_tag('silent')\n", "")
    run(store, NOW)
    assert missing(planned(store, root)) == ["tag silent"]
    edit(root, TOPICS, "[reviewer]", "[silent, reviewer]")  # the word is gone, the tag is not
    edit(root, SEQUENCE, "steps:", "while: not has_tag('silent')\nsteps:")
    applied(store, root)
    take(store, ContactRow(outside_id="p1", tags=("do_not_ask",)), now=NOW)  # an old list
    run(store, NOW + 2 * DAY)
    assert [person(store, name).tags for name in NAMES[:3]] == [{"silent"}, {"silent"}, set()]
    assert [len(person(store, name).messages) for name in NAMES[:3]] == [0, 0, 1]
    equal_when_rebuilt(store)
    edit(root, TOPICS, "[silent, reviewer]", "[silent, reviewer, do_not_ask]")
    assert missing(planned(store, root)) == ["name tag do_not_ask"]
    edit(root, TOPICS, "[silent, reviewer, do_not_ask]", "[reviewer, do_not_ask]")  # it takes its name back
    edit(root, SEQUENCE, "has_tag('silent')", "has_tag('do_not_ask')")
    applied(store, root)
    run(store, NOW + 2 * DAY)
    assert person(store).tags == {"do_not_ask"}
    equal_when_rebuilt(store)


def test_two_tags_do_not_change_names(root: Path) -> None:
    edit(root, TOPICS, "[do_not_ask, reviewer]", "[{tag: reviewer, was: do_not_ask}, {tag: do_not_ask, was: reviewer}]")
    said = [problem.message for problem in check(read_files(root)).problems if problem.code == "E114"]
    assert said == [f"'was: {name}' is not understood; another tag is called that, or was"
                    for name in ("do_not_ask", "reviewer")]  # fmt: skip


def test_whom_the_next_round_has_not_looked_at_yet_counts_under_the_name_they_have(store: Store, root: Path) -> None:
    take(store, ContactRow(outside_id="p0", tags=("reviewer",)), now=NOW)
    take(store, EventRow(outside_id="p1", name="theme.spared", at=NOW, fields={"theme": "mothers_day"}), now=NOW)
    run(store, NOW)
    edit(root, TOPICS, "reviewer]", "{tag: critic, was: reviewer}]")
    edit(root, TOPICS, "mothers_day: {", "mothering: {was: mothers_day, ")
    applied(store, root)
    edit(root, TOPICS, ", {tag: critic, was: reviewer}]", "]")
    edit(root, TOPICS, "mothering: {was: mothers_day, ", "fathers_day: {")
    assert missing(planned(store, root)) == ["theme mothering", "tag critic"]


# --- topics --------------------------------------------------------------------------------------


def test_a_topic_does_not_take_a_name_with_the_refusals_of_another(store: Store, root: Path) -> None:
    """tips becomes advice; then care may not become tips: who refused tips once would have refused care."""
    take(store, ConsentRow(outside_id="p0", topics=("tips",), given=False, at=NOW), now=NOW)
    run(store, NOW)
    edit(root, TOPICS, "  tips: {", "  advice: {was: tips, ")
    applied(store, root)
    edit(root, TOPICS, "was: tips, ", "")
    edit(root, TOPICS, "  care: {", "  tips: {was: care, ")
    edit(root, SEQUENCE, "topic: care", "topic: tips")
    assert missing(planned(store, root)) == ["name topic tips"]


# --- mails ---------------------------------------------------------------------------------------


def test_a_question_whether_a_mail_was_had_follows_its_new_name(store: Store, root: Path) -> None:
    run(store, NOW + 2 * DAY)
    assert [len(person(store, name).messages) for name in NAMES] == [1] * 6
    rename_the_mail(root)
    edit(root, SEQUENCE, "{send: one_question}", "{send: one_question, if: got('how_is_it')}")
    applied(store, root, NOW + 2 * DAY)
    run(store, NOW + 7 * DAY)
    assert [mail.mail for mail in person(store).messages] == ["how_are_you", "one_question"]
    for locale in LOCALES:
        path = root / f"templates/how_are_you/{locale}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((root / f"templates/how_is_it/{locale}.md").read_bytes())
    edit(root, SEQUENCE, "{send: how_is_it, was: how_are_you}", "{send: how_is_it}\n  - {send: how_are_you}")
    assert missing(planned(store, root, NOW + 7 * DAY)) == ["name mail how_are_you"]
    assert "the mail how_are_you was renamed to how_is_it" in said(planned(store, root, NOW + 7 * DAY))


# --- splits and steps ----------------------------------------------------------------------------

SPLIT = """\
steps:
  - id: {id}{was}
    split:
      - {{way: short, weight: {short}, then: [{{send: how_are_you}}]}}
      - {{way: long, weight: {long}, then: [{{send: one_question}}]}}
"""


def split_on(root: Path, **words: object) -> None:
    text = (root / SEQUENCE).read_text(encoding="utf-8")
    (root / SEQUENCE).write_text(text[: text.index("steps:")] + SPLIT.format(**words), encoding="utf-8")


def order(store: Store, number: int, day: int) -> None:
    for name in NAMES:
        fields = {"order_id": f"o-{name}-{number}"}
        take(store, EventRow(outside_id=name, name="order.delivered", at=NOW + day * DAY, fields=fields),
             now=NOW + day * DAY)  # fmt: skip
    run(store, NOW + day * DAY)
    run(store, NOW + day * DAY + timedelta(hours=12))


def test_who_had_ended_before_a_split_was_renamed_twice_goes_their_way_again(store: Store, root: Path) -> None:
    edit(root, SEQUENCE, "start:", "removed: [{step: before_how_are_you, people_there: stop}]\nstart:")
    split_on(root, id="subject", was="", short=1000, long=1)
    applied(store, root)
    run(store, NOW)
    split_on(root, id="shape", was="\n    was: subject", short=1000, long=1)
    applied(store, root)
    order(store, 1, 1)
    assert {one.outcomes[0].step for name in NAMES for one in person(store, name).enrolments[-1:]} == {"shape"}
    split_on(root, id="length", was="\n    was: shape", short=1, long=1000)
    applied(store, root, NOW + 10 * DAY)
    order(store, 2, 10)
    assert [person(store, name).messages[-1].mail for name in NAMES] == ["how_are_you"] * 6
    assert [enrolment(store, name).outcomes[0].outcome for name in NAMES] == ["short"] * 6


def test_a_renamed_step_that_was_taken_away_and_comes_back_keeps_its_first_name(store: Store, root: Path) -> None:
    run(store, NOW + 2 * DAY)  # all had the first mail, under its first name
    key = person(store).messages[0].key
    before = (root / SEQUENCE).read_text(encoding="utf-8")
    edit(root, SEQUENCE, "  - {send: how_are_you}", "  - {id: first, was: how_are_you, send: how_are_you}")
    edit(root, SEQUENCE, "steps:\n  - wait:", "steps:\n  - id: six\n    was: before_how_are_you\n    wait:")
    named = (root / SEQUENCE).read_text(encoding="utf-8")
    applied(store, root, NOW + 2 * DAY)
    edit(root, SEQUENCE, "  - {id: first, was: how_are_you, send: how_are_you}\n", "")
    applied(store, root, NOW + 2 * DAY)
    assert before != named
    later = named.replace(", was: how_are_you", "").replace("    was: before_how_are_you\n", "")
    moved = later.replace("  - {id: first, send: how_are_you}\n", "") + "  - {id: first, send: how_are_you}\n"
    (root / SEQUENCE).write_text(moved, encoding="utf-8")
    applied(store, root, NOW + 2 * DAY)
    for days in range(2, 14):
        run(store, NOW + days * DAY)
    assert [mail.mail for mail in person(store).messages] == ["how_are_you", "one_question"]
    assert person(store).messages[0].key == key
    assert enrolment(store).ending == "finished"
