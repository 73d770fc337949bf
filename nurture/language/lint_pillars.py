"""Findings about the five pillars: W350 and W351 (language.md 15). Silent in a book without pillars or with errors."""

from collections.abc import Iterator

from nurture.language.grammar import PILLARS
from nurture.language.written import Project
from nurture.model.place import Problem
from nurture.model.sequence import Status

FEWEST = 3
CURE = "pillar: and serves: in a sequence for these people; nurture ls --by pillar shows the grid"


def findings(project: Project) -> Iterator[Problem]:
    """One finding for each stage with holes: W351 where fewer than three pillars serve it, else W350."""
    running = [each.sequence for each in project.sequences if each.sequence.status is not Status.draft]
    if not project.whole or not any(sequence.pillars for sequence in running):
        return
    for stage in project.book.stages:
        serving = {pillar for sequence in running if stage.id in sequence.serves for pillar in sequence.pillars}
        missing = [pillar for pillar in PILLARS if pillar not in serving]
        if len(serving) < FEWEST:
            by = f"{_listed(sorted(serving, key=PILLARS.index))} only" if serving else "none of the pillars"
            message = f"stage '{stage.id}' is served by {by}; at least three of the five should serve it"
            yield Problem("W351", stage.enter.place, message, CURE)
        elif missing:
            yield Problem("W350", stage.enter.place, f"stage '{stage.id}' has nothing of {_listed(missing)}", CURE)


def _listed(names: list[str]) -> str:
    """`product`, `product and service`, `product, service and bridge`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
