"""Ladders as they were lived: which rungs were offered to a person, taken and refused (language.md 6.13)."""

from collections.abc import Iterator
from datetime import datetime

from nurture.decide.clock import after, local_day
from nurture.decide.happened import has_line, occurred
from nurture.decide.scene import Scene
from nurture.model.house import LadderRule, Rung
from nurture.model.length import Length, Unit
from nurture.model.person import Message
from nurture.model.values import dataclass

CLOSED_FOR = Length(1, Unit.year)  # so long a ladder is left alone after too many refusals in a row


@dataclass(frozen=True, slots=True)
class Offered:
    """One rung that was offered: in which mail, until when taking it counts, and whether it was taken (UTC)."""

    rung: str
    mail: Message
    until: datetime
    taken: bool

    def refused(self, now: datetime) -> bool:
        """Whether the time for taking it is over, and it was not taken."""
        return not self.taken and now > self.until


def offers(scene: Scene, rule: LadderRule) -> list[Offered]:
    """What was offered of a ladder, in the order in which it went; a cancelled mail offered nothing."""
    return list(_offers(scene, rule))


def _offers(scene: Scene, rule: LadderRule) -> Iterator[Offered]:
    for message in scene.person.messages:
        ladder, _, rung = message.offered.partition(".")
        if ladder == rule.name and rung and not message.cancelled:
            until = after(message.at, rule.taken_within, scene.clock)
            yield Offered(rung, message, until, taken(scene, rule, rung, message))


def taken(scene: Scene, rule: LadderRule, rung: str, mail: Message) -> bool:
    """Whether one of the rung's products was bought after the mail, and within the ladder's time of it."""
    products = next((one.products for one in rule.rungs if one.id == rung), ())
    last = after(mail.at, rule.taken_within, scene.clock)
    return any(
        mail.at < event.happened_at <= last and any(has_line(event, product) for product in products)
        for event in occurred(scene, rule.taken_when)
    )


def closed_until(scene: Scene, rule: LadderRule, had: list[Offered]) -> datetime | None:
    """Until when the ladder is left alone after refusals in a row; None while it is open. After it all counts anew."""
    row, ends = 0, None
    for one in had:
        if one.taken:
            row = 0
        elif one.refused(scene.now):
            row += 1
            if rule.stop_after is not None and row >= rule.stop_after:
                row, ends = 0, after(one.until, CLOSED_FOR, scene.clock)
    return ends if ends is not None and ends > scene.now else None


def why_not(scene: Scene, rule: LadderRule, rung: Rung, had: list[Offered]) -> str:
    """Why a rung is not offered now, whatever its `if` says; empty when nothing speaks against it."""
    own = [one for one in had if one.rung == rung.id]
    if any(one.taken for one in own):
        return "was taken"
    if own and rule.rest is not None:
        last = own[-1].mail.at
        if scene.now < after(last, rule.rest, scene.clock):
            day = local_day(last, scene.clock)
            return f"was offered on {day.day} {day:%b} and rests for {rule.rest}"
    return ""
