"""Every question that a sequence asks, and every event that it names, each with the place to point at."""

from collections.abc import Iterator

from nurture.language.written import Written
from nurture.model.expression import Condition
from nurture.model.place import Place
from nurture.model.step import AnyStep, Branch, Repeat, Split, WaitEvent
from nurture.model.trigger import EventTrigger, LapseTrigger


def conditions(written: Written) -> Iterator[Condition]:
    """All conditions: of the start, of staying, of leaving, and of the steps."""
    sequence = written.sequence
    yield from (trigger.condition for trigger in sequence.start if trigger.condition)
    asked = [sequence.while_, *(rule.condition for rule in sequence.stop_when)]
    yield from filter(None, [*asked, sequence.goal.condition if sequence.goal else None])
    for node in sequence.nodes.values():
        yield from _of_step(node.step)


def _of_step(step: AnyStep) -> Iterator[Condition]:
    asked = [step.condition]
    match step:
        case WaitEvent(fits=fits):
            asked.append(fits)
        case Branch(arms=arms):
            asked += [arm.condition for arm in arms]
        case Repeat(until=until):
            asked.append(until)
    yield from filter(None, asked)


def events(written: Written) -> Iterator[tuple[str, Place]]:
    """The events that start it, that it waits for, that end it, and that its goal and its splits count."""
    sequence = written.sequence
    yield from ((each.event, each.place) for each in sequence.start if isinstance(each, EventTrigger | LapseTrigger))
    yield from ((rule.event, rule.place or written.top) for rule in sequence.stop_when if rule.event)
    if sequence.goal is not None:
        yield sequence.goal.event, written.fields.place_of("goal")
    for node in sequence.nodes.values():
        match node.step:
            case WaitEvent(events=awaited, place=place):
                yield from ((event, place) for event in awaited)
            case Split(measured=measured, place=place) if measured:
                yield measured, place
