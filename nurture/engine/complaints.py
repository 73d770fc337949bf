"""The brake of complaints: readers who report mail as spam slow us down, and then stop us (email.md 4.2). Pure.

Gmail wants fewer than one in a thousand and forgives no three in a thousand; the others are not far from it. Figures
are of seven days, of one mailbox family or of all; too small ones prove nothing.
"""

from collections.abc import Mapping
from enum import IntEnum

from nurture.model.values import dataclass

WINDOW = 7  # days (UTC), today among them
SLOW_AT, STOP_AT = 1, 3  # complaints for each thousand delivered
LEAST_DELIVERED, LEAST_COMPLAINTS = 500, 3
EVERYWHERE = ""  # the figures of all families together


class Brake(IntEnum):
    """How hard it brakes: not at all, to half, or everything but service is held."""

    free = 0
    half = 1
    stop = 2


@dataclass(frozen=True, slots=True)
class Heard:
    """How many mails were delivered in the window, and how many of their readers complained."""

    delivered: int = 0
    complained: int = 0

    @property
    def brake(self) -> Brake:
        """What these figures ask for; never anything below 500 delivered mails or three complaints."""
        if self.delivered < LEAST_DELIVERED or self.complained < LEAST_COMPLAINTS:
            return Brake.free
        if self.complained * 1_000 >= STOP_AT * self.delivered:
            return Brake.stop
        return Brake.half if self.complained * 1_000 >= SLOW_AT * self.delivered else Brake.free

    def words(self, family: str) -> str:
        """`gmail: 12 complaints of 4,000 delivered in 7 days (0.30 %)`; of all without a family."""
        share = 100 * self.complained / self.delivered if self.delivered else 0.0
        figures = f"{self.complained:,} complaints of {self.delivered:,} delivered in {WINDOW} days ({share:.2f} %)"
        return f"{family or 'everywhere'}: {figures}"


def heard(counts: Mapping[tuple[str, str], int]) -> dict[str, Heard]:
    """By family, and for all together, from counts by family and by what became of mails."""
    sums: dict[str, dict[str, int]] = {"delivered": {}, "complained": {}}
    for (family, what), number in counts.items():
        for name in (family, EVERYWHERE) if what in sums else ():
            sums[what][name] = sums[what].get(name, 0) + number
    delivered, complained = sums["delivered"], sums["complained"]
    return {name: Heard(delivered.get(name, 0), complained.get(name, 0)) for name in {*delivered, *complained}}


def braking(counts: Mapping[tuple[str, str], int]) -> dict[str, Heard]:
    """Those of them that brake."""
    return {name: one for name, one in sorted(heard(counts).items()) if one.brake is not Brake.free}
