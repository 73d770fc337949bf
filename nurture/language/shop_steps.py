"""Steps that the shop has a hand in: gifts, tasks, webhooks, moves to a stage, other sequences (language.md 4.3)."""

from collections.abc import Callable, Mapping
from typing import TypedDict

from nurture.language.asking import Asking
from nurture.language.fact_values import check_kept
from nurture.language.reader import Fields
from nurture.language.tree import ScalarNode
from nurture.model.catalogue import Field
from nurture.model.expression import Condition
from nurture.model.length import Length, Unit
from nurture.model.place import Place
from nurture.model.step import AnyStep, Enrol, Gift, MoveTo, Tag, Task, Text, Webhook

TIMEOUT = Length(10, Unit.second)
LONGEST_TIMEOUT = 120  # seconds
ANSWERED = ("text", "number", "bool", "day", "moment")  # what one value of JSON can be
RETRIES = 3


class Common(TypedDict):
    """What every step carries."""

    id: str
    place: Place
    condition: Condition | None
    note: str
    was: str


def _gift(common: Common, step: Fields, _: Asking, _facts: Mapping[str, Field]) -> AnyStep:
    if_none = step.text("if_none", "skip")
    return Gift(**common, gift=step.text("gift"), valid=step.get("valid", Length), if_none=if_none)


def _task(common: Common, step: Fields, asking: Asking, _facts: Mapping[str, Field]) -> AnyStep:
    node, due = step.node.get("task"), step.get("due", Length)
    text = asking.text(node) if isinstance(node, ScalarNode) else Text("", ())
    if due is None:
        return Tag(**common, tags=())  # it has findings; what follows is judged all the same
    return Task(**common, text=text, to=step.text("to"), due=due, hold=step.get("hold_until_done", Length))


def _webhook(common: Common, step: Fields, asking: Asking, facts: Mapping[str, Field]) -> AnyStep:
    retry, timeout, save_as = step.get("retry", int), step.get("timeout", Length) or TIMEOUT, step.text("save_as")
    if timeout.seconds > LONGEST_TIMEOUT:
        message = f"'timeout: {timeout}' is not understood"
        asking.reader.say("E114", step.place_of("timeout"), message, "at most 2 minutes")
    if save_as and asking.scope is not None and save_as not in asking.doubtful:
        _check_answer(check_kept(save_as, step.place_of("save_as"), facts, asking.reader), step, asking)
    return Webhook(
        **common,
        endpoint=step.text("webhook"),
        body=asking.values(step, "body", words=True),
        retry=RETRIES if retry is None else retry,
        timeout=timeout,
        save_as=save_as.removeprefix("person."),
        if_fails=step.text("if_fails", "go_on"),
    )


def _check_answer(fact: Field | None, step: Fields, asking: Asking) -> None:
    """E201 for a fact that no answer can be."""
    if fact is not None and fact.type not in ANSWERED:
        message = f"'person.{fact.name}' is {fact.type}, and an answer is one {', '.join(ANSWERED)}"
        asking.reader.say("E201", step.place_of("save_as"), message)


def _move_to(common: Common, step: Fields, _: Asking, _facts: Mapping[str, Field]) -> AnyStep:
    return MoveTo(**common, stage=step.text("move_to"), pin=step.get("pin", Length))


def _enrol(common: Common, step: Fields, _: Asking, _facts: Mapping[str, Field]) -> AnyStep:
    return Enrol(**common, sequence=step.text("enrol"))


SHOP_STEPS: dict[str, Callable[[Common, Fields, Asking, Mapping[str, Field]], AnyStep]] = {
    "gift": _gift,
    "task": _task,
    "webhook": _webhook,
    "move_to": _move_to,
    "enrol": _enrol,
}
"""The builders by verb."""
