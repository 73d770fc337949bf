"""Random steps of every kind, for the random books of the core's laws."""

from dataclasses import fields, replace
from datetime import time

from nurture.model.expression import Kind, Name
from nurture.model.step import (
    AnyStep,
    Arm,
    Branch,
    Enrol,
    Gift,
    MoveTo,
    Offer,
    Repeat,
    Send,
    Set,
    Split,
    Stop,
    Tag,
    Task,
    Text,
    Untag,
    WaitEvent,
    WaitUntil,
    WaitWeekday,
    Way,
    Webhook,
)
from tests import worlds as w
from tests.drawing import Dice, between, one_of

CLASSES = ("service", "care", "care", "celebration", "news", "news", "offer")
VIP_SINCE, BORN = ("person", "vip_since"), ("person", "birthday")
KINDS = (
    ["send"] * 12 + ["wait"] * 4 + ["day", "weekday", "tag", "branch"] * 2 + ["stop", "until", "set", "task", "webhook"]
    + ["move", "enrol"] + ["event", "split", "repeat", "gift", "offer"] * 2
)  # fmt: skip
WITH_STEPS = frozenset({"branch", "event", "split", "repeat"})
DEEPEST = 2
MOST_SEQUENCES = 5
FIVE_STARS = w.condition("event.stars == 5", event="review.posted")
TWO_ORDERS, THREE_ORDERS = w.condition("person.orders.count >= 2"), w.condition("person.orders.count >= 3")
AWAKE = w.condition("not has_tag('sleeping')")
RING = Text("Ring {{ person.zone }}", ("Ring ", w.value("person.zone")))
BODY = (("stage", w.value("person.stage")),)


def steps(dice: Dice, name: str, depth: int = 0, repeated: bool = False) -> tuple[AnyStep, ...]:
    """The steps of a sequence called `s0`, `s1` ..; no repeat stands in a repeat, and no enrolments run in a circle."""
    found: list[AnyStep] = []
    for order in range(between(dice, 1, 4 - depth)):
        kind = one_of(dice, *KINDS)
        if (kind in WITH_STEPS and depth == DEEPEST) or (kind == "repeat" and repeated):
            kind = "send"
        found.append(_step(dice, f"{name}_{order}", kind, order, depth, repeated))
    return _carried(dice, found)


def _carried(dice: Dice, found: list[AnyStep]) -> tuple[AnyStep, ...]:
    """Most mails behind a gift carry it."""
    gift = ""
    carrying: list[AnyStep] = []
    for step in found:
        gift = step.id if isinstance(step, Gift) else gift
        carries = gift and type(step) is Send and one_of(dice, True, True, True, False)
        code = Name(("gifts", gift, "code"), Kind.text)
        carrying.append(replace(step, variables=(("code", code),)) if carries else step)
    return tuple(carrying)


def _step(dice: Dice, identity: str, kind: str, order: int, depth: int, repeated: bool) -> AnyStep:
    if kind in WITH_STEPS:
        return _with_steps(dice, identity, kind, depth, repeated)
    if kind in ("wait", "day", "weekday", "until"):
        return _waits(dice, identity, kind)
    if kind in ("task", "webhook", "move"):
        return _asked_of_others(dice, identity, kind)
    if kind == "tag":
        verb = one_of(dice, Tag, Untag)
        return verb(id=identity, place=w.HERE, tags=(one_of(dice, "do_not_ask", "sleeping"),))
    if kind == "set":
        return Set(id=identity, place=w.HERE, values=(("vip_since", w.TODAY),))
    if kind == "enrol":
        behind = [f"s{other}" for other in range(int(identity[1]) + 1, MOST_SEQUENCES)] or ["nobody"]
        return Enrol(id=identity, place=w.HERE, sequence=one_of(dice, *behind))
    if kind == "gift":
        given = one_of(dice, "bag", "bag", "card")
        return Gift(id=identity, place=w.HERE, gift=given, if_none=one_of(dice, "skip", "skip", "go_on", "stop"))
    if kind == "offer":
        sends = _sends(dice, identity)
        kept = {name.name: getattr(sends, name.name) for name in fields(sends)}
        return Offer(**kept | {"class_": "offer", "topic": "offers", "fixed": False, "ladder": "beans"})
    if kind == "stop" and order:
        return Stop(id=identity, place=w.HERE, reason="enough")
    return _sends(dice, identity)


def _waits(dice: Dice, identity: str, kind: str) -> AnyStep:
    if kind == "wait":
        text = _length(dice)
        at = _clock(dice) if "hour" not in text and one_of(dice, False, True) else None
        return replace(w.wait(text, at), id=identity)
    if kind == "day":
        return replace(w.until_day(between(dice, 0, 13) - 1, _clock(dice)), id=identity)
    if kind == "weekday":
        return WaitWeekday(id=identity, place=w.HERE, days=frozenset({5, 6}), start=time(9), end=time(11))
    path, minus = one_of(dice, VIP_SINCE, BORN), one_of(dice, None, w.length("3 days"))
    return WaitUntil(id=identity, place=w.HERE, path=path, minus=minus, at=_clock(dice))


def _asked_of_others(dice: Dice, identity: str, kind: str) -> AnyStep:
    if kind == "task":
        return Task(
            id=identity, place=w.HERE, to="lena", due=w.length("1 working day"),
            hold=one_of(dice, None, w.length("3 working days"), w.length("8 hours")), text=RING,
        )  # fmt: skip
    if kind == "webhook":
        return Webhook(
            id=identity, place=w.HERE, endpoint="erp", timeout=w.length("1 minute"), body=BODY,
            if_fails=one_of(dice, "go_on", "stop"), save_as=one_of(dice, "", "country"),
        )  # fmt: skip
    pin = one_of(dice, None, w.length("5 days"), w.length("36 hours"))
    return MoveTo(id=identity, place=w.HERE, stage="again", pin=pin)


def _with_steps(dice: Dice, identity: str, kind: str, depth: int, repeated: bool) -> AnyStep:
    inner = steps(dice, f"{identity}a", depth + 1, repeated or kind == "repeat")
    if kind == "repeat":
        return Repeat(
            id=identity, place=w.HERE, times=between(dice, 2, 3), every=w.length(_length(dice)), steps=inner,
            until=one_of(dice, None, None, THREE_ORDERS),
        )  # fmt: skip
    other = steps(dice, f"{identity}b", depth + 1, repeated)
    if kind == "branch":
        return Branch(id=identity, place=w.HERE, arms=(Arm(TWO_ORDERS, inner, w.HERE), Arm(None, other, w.HERE)))
    if kind == "split":
        ways = (Way("one", between(dice, 1, 3), inner, w.HERE), Way("two", 1, other, w.HERE))
        return Split(id=identity, place=w.HERE, ways=ways, fresh=one_of(dice, False, True))
    return WaitEvent(
        id=identity, place=w.HERE, events=one_of(dice, ("order.placed",), ("review.posted",)),
        up_to=w.length(_length(dice)), then=inner, otherwise=other, fits=one_of(dice, None, None, FIVE_STARS),
    )  # fmt: skip


def _sends(dice: Dice, identity: str) -> Send:
    class_ = one_of(dice, *CLASSES)
    return w.send(
        identity, class_,
        at_once=one_of(dice, False, True),
        if_capped=one_of(dice, "later", "later", "skip", "stop"),
        if_muted=one_of(dice, "later", "skip", "stop"),
        valid_for=w.length(one_of(dice, "3 days", "10 days", "1 day", "14 hours")),
        condition=one_of(dice, None, None, None, AWAKE),
        fixed=class_ == "celebration" and one_of(dice, False, True),
        theme=one_of(dice, "", "", "", "mothers_day"),
        approve=one_of(dice, "", "", "", "", "lena"),
    )  # fmt: skip


def _length(dice: Dice) -> str:
    return one_of(dice, "1 hour", "12 hours", "1 day", "2 days", "5 days", "1 week", "1 month")


def _clock(dice: Dice) -> time:
    return one_of(dice, time(2, 30), time(8, 30), time(10), time(16, 45), time(21))
