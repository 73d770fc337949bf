"""Whether mail reaches an address, from all that became of mails to it: the same whatever came first (email.md 1.6)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from nurture.model.happening import Bounce, Happened
from nurture.model.values import dataclass

OK, SOFT, BLOCKED, HARD, COMPLAINED = "ok", "soft", "blocked", "hard", "complained"
WORSE = {OK: 0, SOFT: 1, "role": 2, BLOCKED: 2, HARD: 3, COMPLAINED: 4}
"""How bad a state is; `role` is told by imports only."""
IN_A_ROW, OVER = 5, timedelta(days=7)
TELLING = (Happened.bounced, Happened.dropped, Happened.complained)
"""What can hurt an address; a block never does, for it is we who are refused."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one mail to an address. `known` is what the provider had known when it dropped it."""

    what: Happened
    at: datetime
    bounce: Bounce | None = None
    known: Happened | None = None


def address_state(told: Iterable[Told]) -> str:
    """The state of an address.

    One complaint is for good, and so is one bounce that says that the address is gone. Five soft bounces over seven
    days or more, with nothing delivered between them, block it until something is.
    """
    told = sorted(told, key=lambda one: (one.at, one.what.value))
    if any(Happened.complained in (one.what, one.known) for one in told):
        return COMPLAINED
    if any(one.bounce is Bounce.hard and one.what in TELLING for one in told):
        return HARD
    row: list[datetime] = []
    for one in told:
        if one.what is Happened.delivered:
            row = []
        elif one.what is Happened.bounced and one.bounce is Bounce.soft:
            row.append(one.at)
    if len(row) >= IN_A_ROW and row[-1] - row[0] >= OVER:
        return BLOCKED
    return SOFT if row else OK
