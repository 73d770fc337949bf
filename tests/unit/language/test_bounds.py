"""Whatever is in a file, only so much of it is looked at and told: the time a check takes stays bounded."""

from pathlib import Path

import pytest

from nurture.language.page import LARGEST
from nurture.language.project import read_project
from nurture.language.sequences import MOST_STEPS
from nurture.language.stretches import MOST
from nurture.language.ways import MOST_BEHIND, MOST_WAYS, visits
from nurture.model.place import Problem

BASE = Path(__file__).parents[2] / "specimens" / "check" / "base"

HEAD = """sequence: tips
title: Better coffee
stage: any
class: news
topic: coffee_tips
status: draft
aims_at: again
again: never
"""
START = "start: {event: subscriber.joined}\n"


def findings(text: str, path: str = "sequences/tips.yaml") -> list[Problem]:
    files = {file.relative_to(BASE).as_posix(): file.read_bytes() for file in BASE.rglob("*.*")}
    found = read_project(files | {path: text.encode()}).problems
    return [problem for problem in found if problem.place.file == path]


def filled(head: str, line: str) -> str:
    """A file as large as may be."""
    return head + line * ((LARGEST - len(head)) // len(line))


@pytest.mark.parametrize(
    "line",
    [
        "  - send: no_such_mail\n",
        "  - wait: 3 dayz\n",
        "  - {tag: reviewer, if: person.contry == 'FR'}\n",
        "  - sned: x\n",
    ],
)
def test_a_file_full_of_mistakes_is_not_read_to_its_end(line: str) -> None:
    found = findings(filled(HEAD + START + "steps:\n", line))
    last = found[-1]
    assert len(found) <= 2 * (MOST + 1)
    assert last.place.line < 500


def test_after_so_many_findings_the_author_is_told_that_there_is_more() -> None:
    found = findings(HEAD + START + "steps:\n" + "  - {tag: reviewer, if: person.contry == 'FR'}\n" * 150)
    assert [problem.code for problem in found] == ["E201"] * (MOST - 1) + ["E100", "E201"]
    assert found[-2].message == "100 findings are shown; what comes after this one was not looked at"
    assert (
        findings(HEAD + START + "steps:\n" + "  - {tag: reviewer, if: person.contry == 'FR'}\n" * 99)[-1].code == "E201"
    )


def steps(count: int) -> str:
    return HEAD + START + "steps:\n  - branch:\n      - else:\n" + "          - tag: reviewer\n" * (count - 1)


def test_a_sequence_has_only_so_many_steps_wherever_they_stand() -> None:
    assert findings(steps(MOST_STEPS)) == []
    (problem,) = findings(steps(MOST_STEPS + 1))
    assert problem.message == "there are 301 steps, in arms and all; a sequence has at most 300"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            HEAD + "start:\n  any:\n" + "    - {event: subscriber.joined}\n" * 11 + "steps:\n  - send: one_recipe\n",
            "'any' has 11 entries; it takes at most 10",
        ),
        (
            HEAD + START + "stop_when:\n" + "  - event: order.placed\n" * 21 + "steps:\n  - send: one_recipe\n",
            "'stop_when' has 21 entries; it takes at most 20",
        ),
    ],
)
def test_lists_that_are_walked_once_for_each_other_are_short(text: str, message: str) -> None:
    assert message in [problem.message for problem in findings(text)]


def test_the_ways_through_a_sequence_are_bounded() -> None:
    arms = "".join(
        "  - branch:\n"
        f"      - {{if: person.country == 'FR', then: [{{wait: {2**number} days}}, {{id: a{number}, "
        "send: one_recipe}]}\n"
        f"      - else: [{{id: b{number}, send: check_in}}]\n"
        for number in range(14)
    )
    files = {file.relative_to(BASE).as_posix(): file.read_bytes() for file in BASE.rglob("*.*")}
    text = (HEAD + START + "steps:\n" + arms).encode()
    book = read_project(files | {"sequences/tips.yaml": text}).book
    assert book is not None
    sequence = book.sequences["tips"]
    found = visits(sequence.steps, sequence.start[0])
    assert len(found) <= MOST_WAYS * 2 * 14
    assert max(len(way.behind) for _, way in found) <= MOST_BEHIND
