"""The outbox as the engine knows it: claiming through a gate, doubts, lists, and what people do by hand."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime

from nurture import spans
from nurture.model.book import Book
from nurture.model.mail import Fate
from nurture.model.values import dataclass
from nurture.store import outbox, outbox_by_hand, outbox_doubts, outbox_lists
from nurture.store.codes import Codes, Gone
from nurture.store.database import Database
from nurture.store.installation import Mark
from nurture.store.outbox_by_hand import Act, Wanted
from nurture.store.outbox_left import Left, left
from nurture.store.outbox_lists import Lying
from nurture.store.outbox_queue import Passed
from nurture.store.outbox_rows import Batch, fates


@dataclass(frozen=True, slots=True)
class Outbox:
    """Mails on their way. All instants are UTC; `remember` keeps what a commit counts as in the installation."""

    database: Database
    remember: Callable[[Mark], None]
    passed: Passed = field(default_factory=Passed)

    @spans.spanned(spans.CLAIM)
    def claim(self, limit: int, now: datetime, owner: str, gate: outbox.Gate) -> outbox.Claimed:
        """The next mails to hand over as far as the gate lets them; service first."""
        return outbox.claim(self.database, limit, now, owner, gate, self.passed)

    def hand(self, batch: Batch, now: datetime, gone: Gone) -> None:
        """Commit that a batch is about to leave, with the codes it gives; call it before the first byte."""
        self._count(outbox.hand(self.database, batch, now, gone))

    @property
    def codes(self) -> Codes:
        """The codes of gifts."""
        return Codes(self.database)

    def renew(self, batch: Batch, now: datetime) -> bool:
        """A new lease for a batch on its way; False when it ended and somebody put its mails in doubt."""
        return outbox.renew(self.database, batch, now)

    def reclaim(self, now: datetime, book: Book | None) -> outbox.Recovered:
        """During a run: what a process that is gone left behind is put back, or in doubt, once its lease is over."""
        return outbox.recover(self.database, now, book, None, starting=False)

    def look_after_doubts(self, now: datetime, book: Book | None) -> outbox_doubts.Settled:
        """Service in doubt for 15 minutes goes once more, doubts of 72 hours close (language.md 6.11)."""
        settled = outbox_doubts.look_after(self.database, now, book)
        self._count(settled.mark)
        return settled

    def never_again(self) -> None:
        """Nothing that is in doubt now is sent once more by itself."""
        with self.database.writing(durable=True) as connection:
            outbox_doubts.never_again(connection)

    def settle_key(self, key: str, fate: Fate, detail: str, now: datetime) -> bool:
        """News about one mail, from a provider's event or a person; False when it tells nothing new.

        News only ever goes up: accepted after in doubt, never the other way (architecture.md 2.5).
        """
        return self._count(outbox_doubts.settle_key(self.database, key, fate, detail, now))

    # For people

    def lying(self, fate: Fate, limit: int) -> list[Lying]:
        """The mails in one of the states that `outbox_lists.STATES` names."""
        with self.database.reading() as connection:
            return outbox_lists.lying(connection, fate, limit)

    def how_many(self) -> Mapping[Fate, int]:
        """How many mails are in each of those states."""
        with self.database.reading() as connection:
            return outbox_lists.how_many(connection)

    def left(self, now: datetime) -> Left:
        """What waits, is held and is in doubt, and what of it is put off; nothing is counted to its end."""
        return left(self.database, now)

    def keys_like(self, prefix: str) -> list[str]:
        """The send keys that begin so, three at the most."""
        with self.database.reading() as connection:
            return outbox_lists.keys_like(connection, prefix)

    def one(self, key: str) -> Lying | None:
        """One mail and where it stands."""
        with self.database.reading() as connection:
            return outbox_lists.one(connection, key, fates(connection, [key]).get(key, Fate.planned))

    def resend(self, act: Act, book: Book | None) -> tuple[Fate, bool]:
        """Send one again: where it stood, and whether that could be done (`outbox_by_hand.SENDS_AGAIN`)."""
        fate, mark = outbox_by_hand.resend(self.database, act, book)
        return fate, self._count(mark)

    def drop(self, act: Act, book: Book | None) -> tuple[Fate, bool]:
        """Do not send one: where it stood, and whether that could be done (`outbox_by_hand.DROPS`)."""
        fate, mark = outbox_by_hand.drop(self.database, act, book)
        return fate, self._count(mark)

    def went(self, act: Act, book: Book | None) -> tuple[Fate, bool]:
        """One was seen to have gone: where it stood, and whether that could be kept (`outbox_by_hand.WENT`)."""
        fate, mark = outbox_by_hand.went(self.database, act, book)
        return fate, self._count(mark)

    def release(self, wanted: Wanted) -> int:
        """Let held mails go, the oldest first; how many."""
        count, mark = outbox_by_hand.release(self.database, wanted)
        self._count(mark)
        return count

    def _count(self, mark: Mark | None) -> bool:
        if mark is not None:
            self.remember(mark)
        return mark is not None
