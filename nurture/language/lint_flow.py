"""Findings about the flow of one sequence: W301, W302, W304, W305, W308, W309, E310, E349, W342."""

import itertools
from collections.abc import Iterator

from nurture.language.written import Written
from nurture.model.expression import Literal
from nurture.model.place import Problem
from nurture.model.step import AnyStep, Arm, Branch, Send, Stop, WaitDay, WaitLength, WaitUntil, WaitWeekday
from nurture.model.trigger import LapseTrigger, StageTrigger

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
    if not isinstance(step, Branch) or not _has_else(step):
        return False
    return all(any(map(always_stops, arm.steps)) for arm in step.arms)


def _has_else(branch: Branch) -> bool:
    return bool(branch.arms) and branch.arms[-1].condition is None


def _unreachable(steps: tuple[AnyStep, ...]) -> Iterator[Problem]:
    for before, step in itertools.pairwise(steps):
        if always_stops(before):
            yield Problem("W301", step.place, "nobody can reach this step: the one before it always stops")
            break
    for step in steps:
        if isinstance(step, Branch):
            yield from _unreachable_arms(step.arms)
            for arm in step.arms:
                yield from _unreachable(arm.steps)


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
        for arm in step.arms if isinstance(step, Branch) else ():
            yield from _waits_in_a_row(arm.steps)


def _wait_at_the_end(written: Written) -> Iterator[Problem]:
    for node in written.sequence.nodes.values():
        if isinstance(node.step, WAITS) and node.next is None:
            message = "nothing comes after this wait, so nobody would notice it"
            yield Problem("W302", node.step.place, message, "leave it out, or say what happens then")


def _deep(steps: tuple[AnyStep, ...], depth: int) -> Iterator[Problem]:
    for step in steps:
        if not isinstance(step, Branch):
            continue
        if depth >= DEEPEST:
            message = f"a branch inside {depth} branches is hard to follow"
            yield Problem("W309", step.place, message, "make it a sequence of its own, or ask fewer questions")
            continue
        for arm in step.arms:
            yield from _deep(arm.steps, depth + 1)


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
        elif isinstance(step, Branch):
            arms = [_balances(arm.steps, balance) for arm in step.arms]
            stopped += [each for _, ended in arms for each in ended]
            through = [out for out, _ in arms if out is not None]
            balance = max([*through, balance] if not _has_else(step) or step.condition else through, default=balance)
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
    """A topic that does not exist has its own finding."""
    return any(
        fields.written("topic") and not fields.text("topic") for fields in (written.fields, *written.steps.values())
    )


def _service(written: Written) -> Iterator[Problem]:
    """E349: service is an answer or a duty, and neither comes from a silence or a stage."""
    starts = {type(trigger) for trigger in written.sequence.start} & {LapseTrigger, StageTrigger}
    if not starts:
        return
    word = "lapse" if LapseTrigger in starts else "stage"
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
