"""Findings that need more than one key to see (language.md 9.4 and 15): all of them, gathered."""

from collections.abc import Iterator

from nurture.language import (
    lint_book,
    lint_circles,
    lint_days,
    lint_fairness,
    lint_flow,
    lint_gifts,
    lint_house,
    lint_opens,
    lint_pillars,
    lint_stops,
)
from nurture.language.written import Project
from nurture.model.place import Problem


def findings(project: Project) -> Iterator[Problem]:
    """All findings of a project beyond those about single keys."""
    for written in project.sequences:
        yield from lint_flow.findings(written)
        if written.timed:
            yield from lint_days.findings(written, project.book)
        yield from lint_gifts.findings(written)
        yield from lint_stops.findings(written)
    yield from lint_book.findings(project)
    yield from lint_circles.findings(project)
    yield from lint_house.findings(project)
    yield from lint_opens.findings(project)
    yield from lint_fairness.findings(project)
    yield from lint_pillars.findings(project)
