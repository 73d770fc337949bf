"""What a round of handing over came to, in numbers and in words."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from nurture.model.mail import Fate, Handover
from nurture.store.outbox_lists import Paced
from nurture.store.up_to import number_words

SHOWN = 10
FOLDER = "folder"
SAID = {
    Fate.in_doubt: "in doubt: they may have gone; `nurture outbox` lists them",
    Fate.refused: "refused or cannot be written; `nurture explain PERSON` says why",
    Fate.unknown: "not sent once more; whether they went stays unknown",
}
TELLS_WHY = frozenset({Fate.refused, Fate.in_doubt, Fate.planned})


@dataclass(slots=True)
class Handed:
    """How many mails went which way, and what was wrong with those that could not go.

    `waiting`, `held` and `in_doubt` count what the store holds now, as `up_to` counts; `doubts` names the newest in
    doubt. `waits` says why mails wait that nothing is wrong with, each with its remedy. `again` were put back to go
    once more in doubt, `closed` ended as of unknown fate. `shut` is set when the round ended since the way out is
    closed for now. `put_off` wait in the queue until their readers may have them, the first until `put_off_until`
    (UTC); `paced` for our own pace.
    """

    provider: str = FOLDER
    fates: dict[Fate, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    in_doubt_before: int = 0
    waiting: int = 0
    held: int = 0
    in_doubt: int = 0
    again: int = 0
    closed: int = 0
    shut: bool = False
    doubts: tuple[str, ...] = ()
    put_off: int = 0
    put_off_until: datetime | None = None
    paced: tuple[Paced, ...] = ()

    def count(self, handover: Handover) -> None:
        """Take one in; what we put back ourselves is no trouble, and counted by what lies in the store."""
        if handover.not_before is not None or handover.fate is Fate.held:
            return
        self.fates[handover.fate] = self.fates.get(handover.fate, 0) + 1
        if handover.fate in TELLS_WHY:
            problem = handover.problem
            self.trouble(f"{problem.place}: {problem.message}" if problem else handover.detail)

    def trouble(self, words: str) -> None:
        """Say what went wrong, each thing once."""
        if words and words not in self.troubles:
            self.troubles.append(words)

    @property
    def stuck(self) -> bool:
        """Whether the way out is closed for now, so that trying on would only turn in a circle."""
        return self.shut or Fate.planned in self.fates

    def counts(self) -> dict[str, int]:
        """For the log."""
        return {fate.value.replace(" ", "_"): count for fate, count in self.fates.items()}

    def document(self) -> dict[str, object]:
        """For --json."""
        lying = {"waiting": self.waiting, "put_off": self.put_off, "held": self.held, "paced": self.paced}
        lying_still = {"in_doubt": self.in_doubt, "doubts": self.doubts}
        doubts = {"in_doubt_before": self.in_doubt_before, "again": self.again, "closed": self.closed}
        return {
            "handed": self.counts(),
            **doubts,
            **lying,
            **lying_still,
            "waits": self.waits,
            "troubles": self.troubles,
        }

    def words(self, folder: Path) -> Iterator[str]:
        """For people."""
        if self.in_doubt_before:
            yield f"{self.in_doubt_before:,} of an earlier run are in doubt: they may have gone"
        if self.again:
            yield f"{self.again:,} service mails got no answer in 15 minutes and go once more"
        if self.closed:
            yield f"{self.closed:,} in doubt for 72 hours: whether they went stays unknown"
        if accepted := self.fates.get(Fate.accepted, 0):
            yield f"{accepted:,} written to {folder}" if self.provider == FOLDER else f"{accepted:,} {self._taken}"
        for fate, count in self.fates.items():
            if fate not in (Fate.accepted, Fate.planned):
                yield f"{count:,} {SAID.get(fate, fate.value)}"
        if self.stuck and self.waiting:
            yield f"{number_words(self.waiting)} wait: they could not be handed over now, and go with the next run"
        for trouble in self.troubles[:SHOWN]:
            yield f"  {trouble}"
        yield from self.waits
        if self.put_off and self.put_off_until is not None:
            until = f"{self.put_off_until:%Y-%m-%d %H:%M} UTC"
            yield f"{number_words(self.put_off)} wait until their readers may have them, the first until {until}"
        yield from map(pace_words, self.paced)
        if self.in_doubt:
            yield f"{number_words(self.in_doubt)} in doubt in all, the newest:"
            yield from (f"  {doubt}" for doubt in self.doubts)

    @property
    def _taken(self) -> str:
        return f"taken by {self.provider}"


def pace_words(one: Paced) -> str:
    """`300 wait, the first until 2027-03-03 00:00 UTC: warm-up allows 50 mails a day so far`."""
    return f"{number_words(one.number)} wait, the first until {one.until:%Y-%m-%d %H:%M} UTC: {one.because}"
