"""A batch on its way: what of it was begun, what was answered, and what that comes to for each mail."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from nurture.engine.preparing import Kept, Ready, left_open
from nurture.model.decision import Intent
from nurture.model.mail import Fate, Handover
from nurture.store.outbox_rows import Batch


@dataclass(slots=True)
class Flight:
    """A batch that is committed as `handed`. `lease_until` (UTC) is until when it is ours alone.

    `lost` is set when the lease ended and somebody put it in doubt: what was not begun yet is not begun any more.
    `halts` is the answer by which the provider refused us, and not a mail.
    """

    batch: Batch
    mails: tuple[Ready, ...]
    kept: tuple[Kept, ...]
    lease_until: datetime
    begun: set[str] = field(default_factory=set)
    answers: dict[str, Handover] = field(default_factory=dict)
    lost: bool = False
    halts: Handover | None = None
    renewing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def handovers(self) -> list[Handover]:
        """One for each mail: kept, answered, in doubt since it was begun, or back in the queue."""
        return [*(one.handover for one in self.kept), *self.posted()]

    def posted(self) -> list[Handover]:
        """One for each mail that was not kept; the refusal of a second copy leaves open whether the first went."""
        found = [self.answers.get(one.intent.key) or self._silent(one.intent) for one in self.mails]
        again = self.batch.again
        refused = "refused when sent once more"
        return [
            left_open(one, refused) if one.fate is Fate.refused and one.key in again else one for one in found
        ]  # fmt: skip

    def _silent(self, intent: Intent) -> Handover:
        if intent.key in self.begun:
            return Handover(intent.key, Fate.in_doubt, "cut before an answer came")
        return Handover(intent.key, Fate.planned)
