"""`nurture test --cover`: the steps and ways of the book that no case reaches (language.md 10)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from nurture.engine.book_tests import Result
from nurture.model.book import Book
from nurture.model.decision import Why
from nurture.model.place import Place
from nurture.model.sequence import Sequence, Status
from nurture.model.step import AnyStep, Branch, Split, WaitDay, WaitEvent, WaitLength, WaitUntil, WaitWeekday
from nurture.model.values import dataclass

PLAIN_WAITS = (WaitLength, WaitDay, WaitUntil, WaitWeekday)  # whoever comes to what follows has waited
Seen = dict[str, dict[str, set[str]]]


@dataclass(frozen=True, slots=True)
class Gap:
    """A step that no case reaches, or a way at it that none takes; without a step, a sequence that none starts."""

    sequence: str
    step: str
    words: str
    place: Place

    @property
    def line(self) -> str:
        """For people."""
        where = f"{self.place.file}:{self.place.line}"
        return f"  {where:<44} {self.step or self.sequence}: {self.words}"


@dataclass(frozen=True, slots=True)
class Cover:
    """How many steps there are, how many of them some case reaches, and what is left."""

    steps: int
    reached: int
    gaps: tuple[Gap, ...]


def cover(book: Book, results: Iterable[Result], names: Collection[str] = ()) -> Cover:
    """What the cases together reach of every sequence that runs; of those that are named, where some are."""
    seen = reached_by(results)
    running = [one for _, one in sorted(book.sequences.items()) if one.status is not Status.draft]
    running = [one for one in running if one.name in names] or running
    counted = [(one, node.step) for one in running for node in one.nodes.values() if counts(node.step)]
    gaps = tuple(gap for one in running for gap in gaps_of(one, seen))
    reached = sum(step.id in seen[one.name] for one, step in counted)
    return Cover(len(counted), reached, gaps)


def counts(step: AnyStep) -> bool:
    """Whether a step does anything by itself."""
    return not isinstance(step, PLAIN_WAITS)


def reached_by(results: Iterable[Result]) -> Seen:
    """The outcomes that came of each step, by sequence; a step that was only skipped is not among them."""
    seen: Seen = defaultdict(lambda: defaultdict(set))
    for result in results:
        for inside in result.story.person.enrolments if result.story.person else ():
            for outcome in inside.outcomes:
                if outcome.outcome != Why.not_asked.value:
                    seen[inside.sequence][outcome.step].add(outcome.outcome)
            if inside.step is not None:
                seen[inside.sequence][inside.step].add("")
            else:
                seen[inside.sequence].setdefault("", set())
    return seen


def gaps_of(sequence: Sequence, seen: Seen) -> Iterator[Gap]:
    """What no case reaches of one sequence."""
    if sequence.name not in seen:
        yield Gap(sequence.name, "", "no case starts it", sequence.place)
        return
    for node in sequence.nodes.values():
        step = node.step
        if not counts(step):
            continue
        outcomes = seen[sequence.name].get(step.id)
        if outcomes is None:
            yield Gap(sequence.name, step.id, "no case comes here", step.place)
            continue
        for way, words, place in ways_of(step):
            if way not in outcomes:
                yield Gap(sequence.name, step.id, f"no case goes: {words}", place)


def ways_of(step: AnyStep) -> Iterator[tuple[str, str, Place]]:
    """The ways on from a step: the outcome that stands for each, its words, and its place."""
    match step:
        case Branch():
            for number, arm in enumerate(step.arms, 1):
                yield str(number), f"if {arm.condition.text}" if arm.condition else "else", arm.place
        case Split():
            for way in step.ways:
                yield way.name, way.name, way.place
        case WaitEvent():
            yield "came", "then (it came)", step.place
            yield "timed_out", "else (it did not come)", step.place
