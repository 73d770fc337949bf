"""What SendGrid's words say of an address: gone for good, not now, or we are not wanted (email.md 1.6, 4.2)."""

import re

from nurture.model.happening import Bounce, Happened
from nurture.model.refusing_us import address_gone, against_us
from nurture.model.values import dataclass

# SendGrid's own classes, in lower case. "Technical" is a network or a server that does not work today.
CLASSES: dict[str, Bounce] = {
    "invalid address": Bounce.hard,
    "mailbox unavailable": Bounce.soft,
    "technical": Bounce.soft,
    "technical failure": Bounce.soft,
    "content": Bounce.refused_us,
    "reputation": Bounce.refused_us,
    "frequency or volume too high": Bounce.refused_us,
    "frequency/volume": Bounce.refused_us,
}


def bounce_of(what: Happened, words: str, class_: str = "") -> Bounce | None:
    """What a bounce or a block means; None for anything else.

    A refusal of us by its status code (X.7.Y) comes before SendGrid's class, and the class before other codes. Who
    never sees classes (they are switched on in SendGrid's settings) has addresses die by the codes that say so.
    A block never says that an address is gone.
    """
    if what not in (Happened.bounced, Happened.blocked):
        return None
    if against_us(words) is not None:
        return Bounce.refused_us
    found = CLASSES.get(class_.strip().casefold())
    if found is None and what is Happened.bounced:
        found = Bounce.hard if address_gone(words) else Bounce.soft
    if what is Happened.blocked:
        return Bounce.soft if found in (Bounce.hard, Bounce.soft) else Bounce.refused_us
    return found


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why SendGrid did not even try: what it holds of the address, and what it knew that we may have missed."""

    bounce: Bounce | None = None
    known: Happened | None = None


_DROPPED = {
    "bounced address": Dropped(Bounce.hard),
    "invalid": Dropped(Bounce.hard),
    "spam reporting address": Dropped(known=Happened.complained),
    "unsubscribed address": Dropped(known=Happened.unsubscribed),
}


def dropped_because(words: str) -> Dropped:
    """The meaning of a drop's reason. One that is none of an address (quota, content, a header) is a refusal of us."""
    plain = re.sub(r"^[\d.]+\s+", "", words).casefold()
    for name, dropped in _DROPPED.items():
        if plain == name or (plain.startswith(name) and "header" not in plain):
            return dropped
    return Dropped(Bounce.refused_us)
