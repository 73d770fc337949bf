"""Findings about gifts and about waits for events: W307, W303, and E349 of service mails that give or offer."""

from collections.abc import Iterator

from nurture.language.lint_flow import SERVICE, exhaustive, sends
from nurture.language.written import Written
from nurture.model.expression import Condition, Name
from nurture.model.moving import walk
from nurture.model.place import Problem
from nurture.model.step import AnyStep, Gift, Offer, Send, WaitEvent, inner

SHOWN = ("code", "expires_on")


def findings(written: Written) -> Iterator[Problem]:
    """All findings of one sequence."""
    yield from _carried_by_nobody(written)
    yield from _shown_in_vain(written)
    yield from _never_answered(written)
    yield from _service_gives(written)


def carried(send: Send) -> set[str]:
    """The ids of the gift steps whose code or last day a mail shows: it carries them."""
    shown = (
        part.path[1]
        for _, value in send.variables
        for part in walk(value)
        if isinstance(part, Name) and part.path[0] == "gifts" and part.path[2] in SHOWN
    )
    return set(shown)


def _carried_by_nobody(written: Written) -> Iterator[Problem]:
    """W307: a gift exists only once a mail that carries it went out."""
    if any(len(written.steps[send.id].named("with", object)) > len(send.variables) for send in sends(written)):
        return  # what has a finding of its own may have been meant for it
    shown = {gift for send in sends(written) for gift in carried(send)}
    for name, node in written.sequence.nodes.items():
        if isinstance(node.step, Gift) and name not in shown and written.steps[name].written("id"):
            message = f"no mail carries '{name}', so nobody gets it"
            yield written.step("W307", name, message, f"with: {{code: gifts.{name}.code}} at the mail that gives it")


def _shown_in_vain(written: Written) -> Iterator[Problem]:
    """W307: on some way to the mail nothing was reserved."""
    found: dict[str, Problem] = {}
    _walk(written, written.sequence.steps, frozenset(), found)
    yield from found.values()


def _walk(
    written: Written, steps: tuple[AnyStep, ...], reserved: frozenset[str], found: dict[str, Problem]
) -> frozenset[str]:
    """The gifts that are surely reserved behind these steps."""
    for step in steps:
        if isinstance(step, Gift) and step.condition is None:
            reserved |= {step.id}
        elif isinstance(step, Send):
            for gift in sorted(carried(step) - reserved - _asked(step.condition)):
                message = f"'{step.mail}' shows '{gift}', which not everybody who comes here was given"
                cure = f"if: steps.{gift}.outcome == 'waiting', or reserve it on every way to this mail"
                found[step.id] = written.step("W307", step.id, message, cure)
        ways = [_walk(written, inside, reserved, found) for inside in inner(step)]
        if ways and step.condition is None:
            surely = frozenset.intersection(*ways)
            reserved = surely if exhaustive(step) else surely & reserved
    return reserved


def _asked(condition: Condition | None) -> set[str]:
    """The steps that a condition asks about, by `gifts.` or `steps.`."""
    parts = walk(condition.root) if condition else ()
    return {part.path[1] for part in parts if isinstance(part, Name) and part.path[0] in ("gifts", "steps")}


def _never_answered(written: Written) -> Iterator[Problem]:
    """W303: the event ends the sequence before any wait can be answered by it."""
    sequence = written.sequence
    goal = sequence.goal
    ending = {rule.event: "stop_when" for rule in sequence.stop_when if rule.event and rule.condition is None}
    if goal is not None and goal.stop and goal.condition is None:
        ending[goal.event] = "its goal"
    for name, node in sequence.nodes.items():
        for event in node.step.events if isinstance(node.step, WaitEvent) else ():
            if event in ending:
                message = f"'{event}' ends the sequence by {ending[event]}, so this wait is never answered by it"
                yield written.step("W303", name, message, f"leave the event out here, or in {ending[event]}")


def _service_gives(written: Written) -> Iterator[Problem]:
    """E349: what is owed sells nothing and gives nothing."""
    for send in sends(written):
        if send.class_ == SERVICE and (isinstance(send, Offer) or carried(send)):
            what = "makes an offer" if isinstance(send, Offer) else "carries a gift"
            message = f"service mail is an answer or something owed; '{send.mail}' {what}"
            yield written.step("E349", send.id, message, "class: care")
