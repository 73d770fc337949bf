"""A reader's new address: what it is to others, and taking it once it was confirmed there.

An address that is barred, refused or another contact's is never taken, whoever confirms it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, text

from nurture.model.event import ADDRESS_ADDED, CONSENT_REFUSED, READER
from nurture.model.values import dataclass
from nurture.store.codec import micros, values_of
from nurture.store.database import Database
from nurture.store.identity import Known
from nurture.store.ingest import REFUSED_BEFORE
from nurture.store.installation import Mark, count_on
from nurture.store.merged import today
from nurture.store.said import Said, record
from nurture.store.save import EVERYTHING
from nurture.store.tables import EVENT

SUPPRESSED, REFUSED, ANOTHER, OFTEN = "suppressed", "refused", "another", "often"
_ASKED = text("name = 'address.asked'")  # in these words: a partial index is found by them
MOST = 3  # times that one address may be asked for in `LATELY`, by whomever
LATELY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewAddresses:
    """The doors to it. `store` is the store's id, `remember` keeps what a commit counts as in the installation."""

    database: Database
    store: str
    remember: Callable[[Mark], None]

    def barred(self, person: str, address: str, now: datetime) -> str:
        """Why nothing is sent to an address that somebody asks for; empty when it may be asked for."""
        with self.database.reading() as connection:
            return self._known(connection, person, address)[1] or _often(connection, address, now)

    def stands(self, person: str, address: str) -> str:
        """Why it cannot be theirs as things are now, how often it was asked for apart; empty when it can."""
        with self.database.reading() as connection:
            return self._known(connection, person, address)[1]

    def take(
        self, person: str, address: str, asked: str, how: str, wording: str, now: datetime, leaves: str = ""
    ) -> bool:
        """Make it theirs, durably; False when it cannot be, or is already. `asked` is the id of the wish.

        `leaves` is the one that they give up. What whoever had the new one before refused there stays refused.
        """
        with self.database.writing(durable=True) as connection:
            person = today(connection, person)
            known, barred = self._known(connection, person, address, leaves)
            fields = {"address": address, "by": READER, "how": how, "asked": asked, "wording": wording}
            said = Said(person, ADDRESS_ADDED, (asked, how), fields)
            if barred or not record(connection, said, now):
                return False
            known.moves(person, address, micros(now))
            known.write(connection, micros(now))
            for topic in known.refused_by_another(connection, person, address.casefold()):
                topics = () if topic == EVERYTHING else (topic,)
                refused = {"topics": topics, "basis": REFUSED_BEFORE, "wording": ""}
                record(connection, Said(person, CONSENT_REFUSED, (asked, *topics), refused), now)
            mark = count_on(connection)
        self.remember(mark)
        return True

    def _known(self, connection: Connection, person: str, address: str, leaves: str = "") -> tuple[Known, str]:
        """Who has or had it, and why it cannot be this person's."""
        key, old = address.casefold(), leaves.casefold()
        known = Known(self.store, "")
        known.look_up(connection, (), {key, old} - {""})
        if known.by_address.get(old) == person:
            known.address_of[person] = old
        if key in known.suppressed:
            return known, SUPPRESSED
        if known.by_address.get(key, person) != person:
            return known, ANOTHER
        return known, REFUSED if EVERYTHING in known.refused_by_another(connection, person, key) else ""


def _often(connection: Connection, address: str, now: datetime) -> str:
    """Whether it was asked for too often, by whomever."""
    asked = select(EVENT.c.fields).where(_ASKED, EVENT.c.known_at > micros(now - LATELY))
    rows = connection.execute(asked).scalars()
    same = sum(str(values_of(fields).get("address", "")).casefold() == address.casefold() for fields in rows)
    return OFTEN if same >= MOST else ""
