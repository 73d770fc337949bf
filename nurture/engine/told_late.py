"""Mails that the lost store may have sent: what happened before a restored store was accepted, and is told after.

Whoever accepts a restored store has what fell due by then put in doubt (`accepting`). An order of that time that is
imported only afterwards would be new to the store, and its mail would go a second time. Such a mail is held until a
person has looked: `nurture outbox --held`, `nurture release`.
"""

from datetime import datetime

from nurture.engine.kept import Kept
from nurture.engine.workshop import Workshop
from nurture.model.decision import Intent, Why
from nurture.model.mail import Fate, Handover
from nurture.model.person import Person
from nurture.store.codec import micros
from nurture.store.installation import declare

_ACCEPTED = "accepted"  # declared: when a restored or copied store was last accepted (UTC, ISO 8601)
MAY_HAVE_GONE = "a restore, before which it may have gone"


def accept_from(shop: Workshop, now: datetime) -> None:
    """Keep that until now another store did the work."""
    with shop.store.database.writing(durable=True) as connection:
        declare(connection, _ACCEPTED, now.isoformat(), micros(now))


def accepted_at(shop: Workshop) -> datetime | None:
    """Until when another store did the work; None where none ever did."""
    said = shop.store.declared(_ACCEPTED)
    return datetime.fromisoformat(said) if said else None


def kept_for(intent: Intent, person: Person, accepted: datetime) -> Kept | None:
    """Why a mail is held that the other store may have sent; None for one that it cannot have sent.

    The other store was told at about the time at which it happened: its mail fell due by so much earlier.
    """
    about = next((one for one in person.enrolments if one.identity == (intent.sequence, intent.subject)), None)
    told = [one for one in (about.answer, about.event) if one is not None] if about is not None else []
    late = next((one.known_at - one.happened_at for one in told if one.known_at > accepted), None)
    if late is None or intent.due_at - late > accepted:
        return None
    return Kept(Why.held, Handover(intent.key, Fate.held, MAY_HAVE_GONE))
