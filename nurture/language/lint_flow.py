"""Findings about the flow of one sequence: W301, W302, W304, W305, W308, W309, E310, E349, W342."""

import itertools
from collections.abc import Iterator

from nurture.language.names import nearest
from nurture.language.reader import Fields
from nurture.language.written import Written
from nurture.model.expression import Literal
from nurture.model.place import Problem
from nurture.model.step import (
    AnyStep,
    Arm,
    Branch,
    Repeat,
    Send,
    Stop,
    WaitDay,
    WaitEvent,
    WaitLength,
    WaitUntil,
    WaitWeekday,
    inner,
)
from nurture.model.trigger import EveryTrigger, HolidayTrigger, LapseTrigger, StageTrigger

WAITS = (WaitLength, WaitDay, WaitUntil, WaitWeekday)
SERVICE, OFFER = "service", "offer"
DEEPEST = 3
GIVE = "put something useful before the first offer, or ask yourself why they should open it"


def findings(written: Written) -> Iterator[Problem]:
    """All findings about one sequence that need no other file."""
    steps = written.sequence.steps
    yield from _unreachable(steps)
    yield from _waits_in_a_row(steps)
    yield from _wait_at_the_end(written)
    yield from _deep(steps, 0)
    yield from _goal_twice(written)
    yield from _selling(written)
    yield from _no_topic(written)
    yield from _service(written)
    yield from _aim(written)


def sends(written: Written) -> list[Send]:
    """All messages of a sequence."""
    return [node.step for node in written.sequence.nodes.values() if isinstance(node.step, Send)]


def always_stops(step: AnyStep) -> bool:
    """Whether nobody gets past a step."""
    if step.condition is not None:
        return False
    if isinstance(step, Stop):
        return True
    ways = inner(step)
    return exhaustive(step) and bool(ways) and all(any(map(always_stops, way)) for way in ways)


def exhaustive(step: AnyStep) -> bool:
    """Whether everybody goes one of the ways inside a step, if it has any."""
    match step:
        case Branch(arms=arms):
            return bool(arms) and arms[-1].condition is None
        case Repeat(until=until):
            return until is None
        case _:
            return True


def _unreachable(steps: tuple[AnyStep, ...]) -> Iterator[Problem]:
    for before, step in itertools.pairwise(steps):
        if always_stops(before):
            yield Problem("W301", step.place, "nobody can reach this step: the one before it always stops")
            break
    for step in steps:
        if isinstance(step, Branch):
            yield from _unreachable_arms(step.arms)
        for inside in inner(step):
            yield from _unreachable(inside)


def _unreachable_arms(arms: tuple[Arm, ...]) -> Iterator[Problem]:
    for before, arm in itertools.pairwise(arms):
        root = before.condition.root if before.condition else None
        if isinstance(root, Literal) and root.value is True:
            yield Problem("W301", arm.place, "nobody can reach this arm: the one before it is always true")
            return


def _waits_in_a_row(steps: tuple[AnyStep, ...]) -> Iterator[Problem]:
    for before, step in itertools.pairwise(steps):
        if isinstance(before, WAITS) and isinstance(step, WAITS) and before.condition is None:
            yield Problem("W304", step.place, "two waits in a row", "make it one wait")
    for step in steps:
        for inside in inner(step):
            yield from _waits_in_a_row(inside)


def _wait_at_the_end(written: Written) -> Iterator[Problem]:
    for node in written.sequence.nodes.values():
        if node.next is None and _only_waits(node.step):
            message = "nothing comes after this wait, so nobody would notice it"
            yield Problem("W302", node.step.place, message, "leave it out, or say what happens then")


def _only_waits(step: AnyStep) -> bool:
    return isinstance(step, WAITS) or (isinstance(step, WaitEvent) and not any(inner(step)))


def _deep(steps: tuple[AnyStep, ...], depth: int) -> Iterator[Problem]:
    for step in steps:
        if not any(inner(step)):
            continue
        if depth >= DEEPEST:
            message = f"steps inside {depth} other steps are hard to follow"
            yield Problem("W309", step.place, message, "make it a sequence of its own, or ask fewer questions")
            continue
        for inside in inner(step):
            yield from _deep(inside, depth + 1)


def _goal_twice(written: Written) -> Iterator[Problem]:
    goal = written.sequence.goal
    if goal is None or not goal.stop:
        return
    for rule in written.sequence.stop_when:
        covered = goal.condition is None or (rule.condition is not None and rule.condition.text == goal.condition.text)
        if rule.event and rule.event == goal.event and covered and rule.place is not None:
            message = f"'{rule.event}' ends the sequence as its goal already; this line never acts"
            yield Problem("W305", rule.place, message, "leave it out")


def _selling(written: Written) -> Iterator[Problem]:
    classes = {send.class_ for send in sends(written)}
    if classes == {OFFER}:
        yield written.at("W308", "class", "every mail in this sequence sells something", GIVE)
        return
    out, stopped = _balances(written.sequence.steps, 0)
    if max([out or 0, *stopped]) > 0:
        yield written.at("W308", "class", "on some way through this sequence there are more offers than content", GIVE)


def _balances(steps: tuple[AnyStep, ...], balance: int) -> tuple[int | None, list[int]]:
    """Offers less content: the most among those who come out at the end (None: nobody), and of those who stop."""
    stopped: list[int] = []
    for step in steps:
        if isinstance(step, Send):
            balance += 1 if step.class_ == OFFER else -1
        elif isinstance(step, Stop):
            stopped.append(balance)
        elif inner(step):
            ways = [_balances(inside, balance) for inside in inner(step)]
            stopped += [each for _, ended in ways for each in ended]
            through = [out for out, _ in ways if out is not None]
            past = not exhaustive(step) or step.condition is not None
            balance = max([*through, balance] if past else through, default=balance)
        if always_stops(step):
            return None, stopped
    return balance, stopped


def _no_topic(written: Written) -> Iterator[Problem]:
    """E310, said once for the whole file."""
    without = [send.mail for send in sends(written) if send.class_ != SERVICE and not send.topic]
    if without and not _misspelt_topic(written):
        named = ", ".join(f"'{mail}'" for mail in dict.fromkeys(without))
        message = f"no topic for {named}: nobody could unsubscribe from it"
        yield Problem("E310", written.top, message, "topic: one of those in sequences/house/topics.yaml")


def _misspelt_topic(written: Written) -> bool:
    """A topic that does not exist has its own finding, and so has the key that is misspelt."""
    return any(
        (fields.written("topic") and not fields.text("topic")) or _means_topic(fields)
        for fields in (written.fields, *written.steps.values())
    )


def _means_topic(fields: Fields) -> bool:
    strangers = (key for key in fields.node.keys if fields.table.key(key) is None)
    return any(nearest(key, fields.table.names) == "topic" for key in strangers)


_OWES_NOTHING = ((LapseTrigger, "lapse"), (StageTrigger, "stage"), (HolidayTrigger, "holiday"), (EveryTrigger, "week"))


def _service(written: Written) -> Iterator[Problem]:
    """E349: service is an answer or a duty, and neither comes from a silence, a stage, a feast or the calendar."""
    words = [word for trigger in written.sequence.start for kind, word in _OWES_NOTHING if isinstance(trigger, kind)]
    if not words:
        return
    word = words[0]
    message = f"service mail is an answer or something owed; nothing is owed to who started by a {word}"
    if written.sequence.class_ == SERVICE:
        yield written.at("E349", "class", message, "class: care")
        return
    for send in sends(written):
        if send.class_ == SERVICE:
            yield written.step("E349", send.id, message, "class: care")


def _aim(written: Written) -> Iterator[Problem]:
    aimless = written.fields.text("class", SERVICE) in (SERVICE, "celebration")
    if not aimless and not written.fields.written("aims_at"):
        message = "it is not said which stage this sequence should lift people to"
        yield Problem("W342", written.top, message, "aims_at: a stage or a moment")
