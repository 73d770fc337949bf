"""The log has one vocabulary: no event says a field that is not declared, and every field that is declared is said."""

import ast
import logging
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from nurture import observe
from nurture.vocabulary import EVENTS, FATES, FAULT, FIELDS, KEPT, LISTS, NEWS

ROOT = Path(__file__).parents[2]
NAMES = {name: value for name, value in vars(observe).items() if isinstance(value, str) and value in observe.NAMES}
GIVEN = {
    "fault_fields(": FAULT,
    "fields(fault)": FAULT,
    "fields": FAULT,
    "said": FAULT,
    "what": NEWS,
    "self.done": ("ticks", "people", "decided", "accepted"),
    "done.states": ("ok", "failed", "planned", "cancelled"),
    "left": ("put_back", "in_doubt"),
    "Ticked(": ("people", "decided", "reasons"),
    "done.counts() sending.py": FATES,
    "done.counts()": ("people", "decided", "reasons"),
    "found pruning.py": KEPT,
    "found": LISTS,
    "counts posted.py": ("taken", "known", "refused"),
    "counts": ("taken", "known", "left"),
}
"""What stands behind `**` in a call of `observe.note`, by how it is written; the first that fits."""
WITH_WORDS = ("book.unreadable", "suppressions.failed", "tick.failed", "hand_over.failed")
OF_A_BATCH = ("batch.in_doubt", "lease.lost", "backoff.begun", "backoff.over", "halt.set")
ELSEWHERE = {
    "tick.failed": (*FAULT, "words", "again_in"), "hand_over.failed": (*FAULT, "words", "again_in"),
    "tick.begun": ("turn",), "tick.done": ("turn",), "person.unreadable": ("turn", "batch"),
    **dict.fromkeys(OF_A_BATCH, ("batch",)),
}  # fmt: skip
"""Said by a function that is given the event, or of all that is within a turn or a batch."""
UNSAID = {"book.applied": "kept for logs of earlier versions"}


class Call(NamedTuple):
    """One call of `observe.note` in the code: where, of which event (empty: it is given), with which fields."""

    where: str
    event: str
    fields: frozenset[str]
    level: str


def calls() -> list[Call]:
    found = []
    for file in sorted((ROOT / "nurture").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "observe.note":
                found.append(call(node, file))
    return found


def call(node: ast.Call, file: Path) -> Call:
    (said,) = node.args
    event = NAMES[said.attr] if isinstance(said, ast.Attribute) and said.attr in NAMES else ""
    fields: set[str] = set()
    level = "logging.INFO"
    for one in node.keywords:
        if one.arg == "level":
            level = ast.unparse(one.value)
        elif one.arg:
            fields.add(one.arg)
        else:
            fields.update(behind(ast.unparse(one.value), file.name, event))
    return Call(f"{file.name}:{node.lineno}", event, frozenset(fields), level)


def behind(written: str, file: str, event: str) -> tuple[str, ...]:
    text = f"{written.removeprefix('observe.')} {file}"
    first = text.split(" ", maxsplit=1)[0]
    fitting = [
        fields for begins, fields in GIVEN.items()
        if begins in (text, first) or (begins.endswith("(") and text.startswith(begins))
    ]  # fmt: skip
    assert fitting, f"what does **{written} in {file} hold? Say it in GIVEN."
    return (*fitting[0], *(("words",) if event in WITH_WORDS else ()))


CALLS = calls()


def test_no_event_says_a_field_that_is_not_declared_and_all_that_are_declared_are_said() -> None:
    said: dict[str, set[str]] = {event: set(fields) for event, fields in ELSEWHERE.items()}
    for one in CALLS:
        if one.event:
            undeclared = one.fields - set(EVENTS[one.event])
            assert not undeclared, f"{one.where}: {one.event} says {sorted(undeclared)}; declare it in vocabulary.py"
            said.setdefault(one.event, set()).update(one.fields)
    assert {event for event in EVENTS if event not in said} == set(UNSAID)
    left = {event: set(fields) - said.get(event, set()) for event, fields in EVENTS.items() if event not in UNSAID}
    assert {event: fields for event, fields in left.items() if fields} == {}


def test_every_event_and_every_field_is_in_the_vocabulary_and_used() -> None:
    assert EVENTS.keys() == observe.NAMES
    used = {field for fields in EVENTS.values() for field in fields}
    assert used | {"worker"} == FIELDS.keys()
    assert {kind for kind, _ in FIELDS.values()} == {"number", "text", "truth", "instant", "number or truth",
                                                       "text or number"}  # fmt: skip


def test_the_page_for_operators_has_exactly_these_fields() -> None:
    page = (
        (ROOT / "docs" / "operations.md")
        .read_text(encoding="utf-8")
        .split("\n## Fields of the log\n")[1]
        .split("\n## ")[0]
    )
    told = {name: (kind, words) for name, kind, words in re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", page, re.M)}
    assert told == dict(FIELDS)


def test_no_field_can_hold_a_name_an_address_or_a_key() -> None:
    ours = {"key": "the name of a key, never the key", "person": "our own id of somebody"}
    for field in ("address", "email", "name", "first_name", "to", "subject", "text", "token", "secret", "url"):
        assert field not in FIELDS
    assert {field: FIELDS[field][1] for field in ours} == ours


@pytest.mark.parametrize("one", [one for one in CALLS if one.event], ids=lambda one: f"{one.event}@{one.where}")
def test_levels_say_how_much_it_matters(one: Call) -> None:
    """What failed, or is lost or in doubt, is a warning at the least; what a person did or a count is none.

    A link is lost when whose it was has been forgotten: as it should be.
    """
    loud = one.level not in ("logging.INFO", "logging.DEBUG")
    ending = one.event.rpartition(".")[2]
    if ending in ("failed", "unreadable", "lost", "in_doubt", "refused", "cut", "left") and one.event != "link.lost":
        assert loud, one
    if ending in ("by_hand", "taken", "started", "begun", "over", "posted") and one.event not in (
        "backoff.begun", "alarm.begun",
    ):  # fmt: skip
        assert not loud, one


def test_what_is_followed_is_said_of_all_within_and_of_nothing_after(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "nurture")
    with observe.following(turn=7):
        observe.note(observe.TICK_DONE, people=1)
        with observe.following(worker="a:1"):
            observe.note(observe.TICK_DONE, people=2)
    observe.note(observe.TICK_DONE, people=3)
    observe.always(worker="b:2")
    observe.note(observe.TICK_DONE, people=4)
    observe.always()
    fields = [record.__dict__["fields"] for record in caplog.records]
    assert fields == [{"people": 1, "turn": 7}, {"people": 2, "turn": 7, "worker": "a:1"}, {"people": 3},
                      {"people": 4, "worker": "b:2"}]  # fmt: skip
