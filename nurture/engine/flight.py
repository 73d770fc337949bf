"""A batch on its way: what of it was begun, what was answered, and what that comes to for each mail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nurture.engine.kept import Kept
from nurture.engine.preparing import Ready, left_open
from nurture.model.decision import Intent
from nurture.model.mail import Fate, Handover
from nurture.store.outbox_rows import Batch

LOOK_COUNTS = timedelta(minutes=1)  # far less than a lease, which so cannot end before a mail is begun


@dataclass(slots=True)
class Flight:
    """A batch that is committed as `handed`. `lease_until` (UTC) is until when it is ours alone.

    `looked_at` (UTC) is when its mails had their last look: who says stop after it is not seen.
    `lost` is set when the lease ended and somebody put it in doubt: what was not begun yet is not begun any more.
    `begun` and `answers` go by send key: a request that was begun puts exactly its own mails in doubt.
    `halts` is the answer by which the provider refused us, and not a mail.
    """

    batch: Batch
    requests: tuple[Ready, ...]
    kept: tuple[Kept, ...]
    lease_until: datetime
    looked_at: datetime
    begun: set[str] = field(default_factory=set)
    answers: dict[str, Handover] = field(default_factory=dict)
    lost: bool = False
    halts: Handover | None = None

    def is_stale(self, now: datetime) -> bool:
        """Whether the last look is too long ago, or a clock that went back leaves open how long."""
        return not timedelta() <= now - self.looked_at <= LOOK_COUNTS

    def look_again(self, intents: Sequence[Intent]) -> None:
        """These waited too long behind others: they go back to their places in the queue, for another last look."""
        self.heard(Handover(one.key, Fate.planned, not_before=one.due_at) for one in intents)

    def begin(self, keys: Sequence[str]) -> None:
        """The first byte of a request with these mails is about to leave."""
        self.begun.update(keys)
        for key in keys:
            self.answers.pop(key, None)  # of a request that certainly took none of them

    def heard(self, answers: Iterable[Handover]) -> None:
        """What a provider answered, or what became certain without it."""
        self.answers.update((answer.key, answer) for answer in answers)

    def handovers(self) -> list[Handover]:
        """One for each mail: kept, answered, in doubt since it was begun, or back in the queue."""
        return [*(one.handover for one in self.kept), *self.posted()]

    def posted(self) -> list[Handover]:
        """One for each mail that was not kept; the refusal of a second copy leaves open whether the first went."""
        intents = [intent for one in self.requests for intent in one.intents]
        found = [self.answers.get(intent.key) or self._silent(intent) for intent in intents]
        again = self.batch.again
        refused = "refused when sent once more"
        return [
            left_open(one, refused) if one.fate is Fate.refused and one.key in again else one for one in found
        ]  # fmt: skip

    def _silent(self, intent: Intent) -> Handover:
        if intent.key in self.begun:
            return Handover(intent.key, Fate.in_doubt, "cut before an answer came")
        return Handover(intent.key, Fate.planned)


def unbegun(batch: Batch, now: datetime) -> Flight:
    """A batch of which nothing was begun and nothing is, whatever the store may take it for."""
    return Flight(batch, (Ready(batch.intents, None),), (), now, now)
