"""W316: `opened` used in a condition, a wait or a start (language.md 9.4)."""

from collections.abc import Iterator

from nurture.language.opens import CURE, WHY, speaks_of_opening
from nurture.language.questions import conditions, events
from nurture.language.written import Project, Written
from nurture.model.catalogue import Catalogue
from nurture.model.expression import Call, Condition, Name
from nurture.model.moving import walk
from nurture.model.place import Place, Problem


def findings(project: Project) -> Iterator[Problem]:
    """One finding for each question about a mail being opened: of the sequences, the stages and the moments."""
    book = project.book
    for written in project.sequences:
        for place, name in _asked(written, book.catalogue):
            yield Problem("W316", place, f"'{name}': {WHY}", CURE)
    for rule in (*(stage.enter for stage in book.stages), *(moment.while_ for moment in book.moments)):
        for name in _named(rule, book.catalogue):
            yield Problem("W316", rule.place, f"'{name}': {WHY}", CURE)


def _asked(written: Written, catalogue: Catalogue) -> Iterator[tuple[Place, str]]:
    yield from ((place, event) for event, place in events(written) if speaks_of_opening(event))
    for condition in conditions(written):
        yield from ((condition.place, name) for name in _named(condition, catalogue))


def _named(condition: Condition, catalogue: Catalogue) -> Iterator[str]:
    """What a condition names that is about opening: events that it counts, and facts made of them or called so."""
    for part in walk(condition.root):
        if isinstance(part, Call) and part.function == "count" and speaks_of_opening(part.word):
            yield part.word
        elif isinstance(part, Name) and part.path[0] == "person" and len(part.path) > 1:
            fact = catalogue.person.get(".".join(part.path[1:]))
            if speaks_of_opening(str(part)) or (fact is not None and speaks_of_opening(fact.source)):
                yield str(part)
