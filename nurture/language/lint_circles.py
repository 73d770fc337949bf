"""E230: sequences that enrol each other in a circle which nothing slows down (language.md 9.4)."""

from collections.abc import Iterator, Mapping

from nurture.language.written import Project, Written
from nurture.model.place import Problem
from nurture.model.step import Enrol

CURE = "a gap: in 'again' of one of them, e.g. again: {per: person, gap: 30 days}"


def findings(project: Project) -> Iterator[Problem]:
    """One finding for each circle, at the `enrol` of its first sequence by name."""
    unslowed = {each.sequence.name: each for each in project.sequences if not _slowed(each)}
    told: set[frozenset[str]] = set()
    for name in sorted(unslowed):
        circle = _circle(name, unslowed)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            yield _problem(unslowed[name], circle)


def _slowed(written: Written) -> bool:
    """Whether nobody can start it again and again: once only, a gap, or so many in a time."""
    again = written.sequence.again
    return again.never or again.gap is not None or again.limit is not None


def _enrolled(written: Written) -> dict[str, Enrol]:
    steps = (node.step for node in written.sequence.nodes.values())
    return {step.sequence: step for step in steps if isinstance(step, Enrol)}


def _circle(start: str, sequences: Mapping[str, Written]) -> list[str]:
    """The shortest way from a sequence back to itself; empty when there is none."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for name in sorted(_enrolled(sequences[way[-1]])):
            if name == start:
                return way
            if name in sequences and name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


def _problem(written: Written, circle: list[str]) -> Problem:
    step = _enrolled(written)[circle[1] if len(circle) > 1 else circle[0]]
    around = " -> ".join([*circle, circle[0]])
    return Problem("E230", written.steps[step.id].place_of("enrol"), f"a circle that never ends: {around}", CURE)
