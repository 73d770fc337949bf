"""Random steps of every kind, for the random books of the core's laws."""

from dataclasses import fields, replace
from datetime import time

from hypothesis import strategies as st

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

CLASSES = ("service", "care", "care", "celebration", "news", "news", "offer")
VIP_SINCE, BORN = ("person", "vip_since"), ("person", "birthday")
KINDS = (
    ["send"] * 8 + ["wait"] * 4 + ["day", "weekday", "tag", "branch"] * 2 + ["stop", "until", "set", "task", "webhook"]
    + ["move", "enrol"] + ["event", "split", "repeat", "gift", "offer"] * 2
)  # fmt: skip
WITH_STEPS = frozenset({"branch", "event", "split", "repeat"})
DEEPEST = 2
MOST_SEQUENCES = 5
FIVE_STARS = w.condition("event.stars == 5", event="review.posted")


@st.composite
def steps(draw: st.DrawFn, name: str, depth: int = 0, repeated: bool = False) -> tuple[AnyStep, ...]:
    """The steps of a sequence called `s0`, `s1` ..; no repeat stands in a repeat, and no enrolments run in a circle."""
    found: list[AnyStep] = []
    for number in range(draw(st.integers(1, 4 - depth))):
        kind = draw(st.sampled_from(KINDS))
        if (kind in WITH_STEPS and depth == DEEPEST) or (kind == "repeat" and repeated):
            kind = "send"
        found.append(draw(_step(f"{name}_{number}", kind, number, depth, repeated)))
    return draw(_carried(tuple(found)))


@st.composite
def _carried(draw: st.DrawFn, found: tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
    """Most mails behind a gift carry it."""
    gift = ""
    carrying: list[AnyStep] = []
    for step in found:
        gift = step.id if isinstance(step, Gift) else gift
        carries = gift and type(step) is Send and draw(st.sampled_from([True, True, True, False]))
        code = Name(("gifts", gift, "code"), Kind.text)
        carrying.append(replace(step, variables=(("code", code),)) if carries else step)
    return tuple(carrying)


@st.composite
def _step(draw: st.DrawFn, identity: str, kind: str, number: int, depth: int, repeated: bool) -> AnyStep:
    if kind in WITH_STEPS:
        return draw(_with_steps(identity, kind, depth, repeated))
    if kind in ("wait", "day", "weekday", "until"):
        return draw(_waits(identity, kind))
    if kind in ("task", "webhook", "move"):
        return draw(_asked_of_others(identity, kind))
    if kind == "tag":
        verb = draw(st.sampled_from([Tag, Untag]))
        return verb(id=identity, place=w.HERE, tags=(draw(st.sampled_from(["do_not_ask", "sleeping"])),))
    if kind == "set":
        return Set(id=identity, place=w.HERE, values=(("vip_since", w.TODAY),))
    if kind == "enrol":
        behind = [f"s{other}" for other in range(int(identity[1]) + 1, MOST_SEQUENCES)] or ["nobody"]
        return Enrol(id=identity, place=w.HERE, sequence=draw(st.sampled_from(behind)))
    if kind == "gift":
        given = draw(st.sampled_from(["bag", "bag", "card"]))
        if_none = draw(st.sampled_from(["skip", "skip", "go_on", "stop"]))
        return Gift(id=identity, place=w.HERE, gift=given, if_none=if_none)
    if kind == "offer":
        sends = draw(_sends(identity))
        kept = {name.name: getattr(sends, name.name) for name in fields(sends)}
        return Offer(**kept | {"class_": "offer", "topic": "offers", "fixed": False, "ladder": "beans"})
    if kind == "stop" and number:
        return Stop(id=identity, place=w.HERE, reason="enough")
    return draw(_sends(identity))


@st.composite
def _waits(draw: st.DrawFn, identity: str, kind: str) -> AnyStep:
    if kind == "wait":
        text = draw(_lengths())
        at = draw(st.none() | _clocks()) if "hour" not in text else None
        return replace(w.wait(text, at), id=identity)
    if kind == "day":
        return replace(w.until_day(draw(st.integers(-1, 12)), draw(_clocks())), id=identity)
    if kind == "weekday":
        return WaitWeekday(id=identity, place=w.HERE, days=frozenset({5, 6}), start=time(9), end=time(11))
    path, minus = draw(st.sampled_from([VIP_SINCE, BORN])), draw(st.sampled_from([None, w.length("3 days")]))
    return WaitUntil(id=identity, place=w.HERE, path=path, minus=minus, at=draw(_clocks()))


@st.composite
def _asked_of_others(draw: st.DrawFn, identity: str, kind: str) -> AnyStep:
    if kind == "task":
        hold = draw(st.sampled_from([None, w.length("3 working days"), w.length("8 hours")]))
        return Task(
            id=identity, place=w.HERE, to="lena", due=w.length("1 working day"), hold=hold,
            text=Text("Ring {{ person.zone }}", ("Ring ", w.value("person.zone"))),
        )  # fmt: skip
    if kind == "webhook":
        return Webhook(
            id=identity, place=w.HERE, endpoint="erp", timeout=w.length("1 minute"),
            body=(("stage", w.value("person.stage")),), if_fails=draw(st.sampled_from(["go_on", "stop"])),
            save_as=draw(st.sampled_from(["", "country"])),
        )  # fmt: skip
    pin = draw(st.sampled_from([None, w.length("5 days"), w.length("36 hours")]))
    return MoveTo(id=identity, place=w.HERE, stage="again", pin=pin)


@st.composite
def _with_steps(draw: st.DrawFn, identity: str, kind: str, depth: int, repeated: bool) -> AnyStep:
    inner = draw(steps(f"{identity}a", depth + 1, repeated or kind == "repeat"))
    if kind == "repeat":
        return Repeat(
            id=identity, place=w.HERE, times=draw(st.integers(2, 3)), every=w.length(draw(_lengths())), steps=inner,
            until=draw(st.sampled_from([None, None, w.condition("person.orders.count >= 3")])),
        )  # fmt: skip
    other = draw(steps(f"{identity}b", depth + 1, repeated))
    if kind == "branch":
        arms = (Arm(w.condition("person.orders.count >= 2"), inner, w.HERE), Arm(None, other, w.HERE))
        return Branch(id=identity, place=w.HERE, arms=arms)
    if kind == "split":
        ways = (Way("one", draw(st.integers(1, 3)), inner, w.HERE), Way("two", 1, other, w.HERE))
        return Split(id=identity, place=w.HERE, ways=ways, fresh=draw(st.booleans()))
    return WaitEvent(
        id=identity, place=w.HERE, events=draw(st.sampled_from([("order.placed",), ("review.posted",)])),
        up_to=w.length(draw(_lengths())), then=inner, otherwise=other,
        fits=draw(st.sampled_from([None, None, FIVE_STARS])),
    )  # fmt: skip


@st.composite
def _sends(draw: st.DrawFn, identity: str) -> AnyStep:
    class_ = draw(st.sampled_from(CLASSES))
    return w.send(
        identity, class_,
        at_once=draw(st.booleans()),
        if_capped=draw(st.sampled_from(["later", "later", "skip", "stop"])),
        if_muted=draw(st.sampled_from(["later", "skip", "stop"])),
        valid_for=w.length(draw(st.sampled_from(["3 days", "10 days", "1 day", "14 hours"]))),
        condition=draw(st.sampled_from([None, None, None, w.condition("not has_tag('sleeping')")])),
        fixed=class_ == "celebration" and draw(st.booleans()),
        theme=draw(st.sampled_from(["", "", "", "mothers_day"])),
        approve=draw(st.sampled_from(["", "", "", "", "lena"])),
    )  # fmt: skip


def _lengths() -> st.SearchStrategy[str]:
    return st.sampled_from(["1 hour", "12 hours", "1 day", "2 days", "5 days", "1 week", "1 month"])


def _clocks() -> st.SearchStrategy[time]:
    return st.sampled_from([time(2, 30), time(8, 30), time(10), time(16, 45), time(21)])
