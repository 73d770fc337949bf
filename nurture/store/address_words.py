"""What news of mails say of their readers: refusals, complaints, and whether an address is reached at all.

Each becomes an event of the person, which the core takes in, and lists the address where nobody may write to it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, text

from nurture.model.address_health import OK, TELLING, WORSE, Told, address_state
from nurture.model.event import ADDRESS_STATE, CONSENT_REFUSED
from nurture.model.happening import Bounce, Happened, Happening
from nurture.model.mail import Fate
from nurture.model.new_address import NEW_ADDRESS
from nurture.store.codec import instant, micros, values_of
from nurture.store.database import among
from nurture.store.outbox_rows import SETTLED
from nurture.store.said import Said, record
from nurture.store.tables import ADDRESS, EVENT, HAPPENING, MERGED


class Mail(NamedTuple):
    """Of a mail, what news of it need."""

    key: str
    person: str
    address: str
    topic: str
    fate: str | None
    detail: str
    status: str | None
    before: bool
    mail: str = ""

    @property
    def stands(self) -> Fate:
        """How far it is known to have come; planned and on its way are one here."""
        if self.fate:
            return Fate(self.fate)
        return Fate.accepted if self.before or self.status == SETTLED else Fate.planned


News = tuple[Happening, str, Mail | None]
"""What became of a mail, the person it went to (empty: nobody we know), and the mail if we know it."""

_REFUSING = frozenset({Happened.complained, Happened.unsubscribed})
COMPLAINED, UNSUBSCRIBED = "reported as spam", "unsubscribed at the provider"
BY_PROVIDER = "provider"
_BARRED = text(  # the same whatever was told first: a complaint before an unsubscription, the earlier instant
    "INSERT INTO suppression (key, because, since) VALUES (:key, :because, :since) ON CONFLICT (key) DO UPDATE SET"
    " because = CASE WHEN suppression.because = :weaker THEN excluded.because ELSE suppression.because END,"
    " since = CASE WHEN suppression.since <= excluded.since THEN suppression.since ELSE excluded.since END"
)


def follow(connection: Connection, news: Sequence[News], now: datetime) -> None:
    """Record what these say of their readers; asked again with the same, nothing changes."""
    for one, person, mail in news:
        said = {one.what, one.known}
        if mail is not None and mail.mail == NEW_ADDRESS and said & _REFUSING:
            _bar(connection, one, mail, COMPLAINED)  # whoever reads there is not known to be the one who asked
        elif Happened.complained in said:
            _refuse(connection, one, person, (), COMPLAINED, now)
            _bar(connection, one, mail, COMPLAINED)
        elif Happened.unsubscribed in said:
            topic = mail.topic if mail is not None and one.what is Happened.unsubscribed else ""
            _refuse(connection, one, person, (topic,) if topic else (), UNSUBSCRIBED, now)
            if not topic:
                _bar(connection, one, mail, UNSUBSCRIBED)
    moved = {person for one, person, _ in news if person and _may_move(one)}
    if moved:
        _tell_states(connection, sorted(moved), now)


def _refuse(
    connection: Connection, one: Happening, person: str, topics: tuple[str, ...], because: str, now: datetime
) -> None:
    """A reader's refusal, by their own word through the provider; no topics refuse everything."""
    if not person:
        return
    fields = {"topics": topics, "basis": because, "wording": "", "how": f"told by {one.provider}", "by": "reader"}
    said = Said(person, CONSENT_REFUSED, (one.id,), fields, outside_id=one.key)
    if record(connection, said, now) is None:
        successor = connection.execute(select(MERGED.c.person).where(MERGED.c.old == person)).scalar()
        if successor is not None:
            _refuse(connection, one, successor, topics, because, now)


def _bar(connection: Connection, one: Happening, mail: Mail | None, because: str) -> None:
    """Whoever has that address, now or later, is never written to there."""
    address = one.address or (mail.address if mail is not None else "")
    if address:
        row = {"key": address.casefold(), "because": because, "since": micros(one.at), "weaker": UNSUBSCRIBED}
        connection.execute(_BARRED, row)


# Whether an address is reached


def _may_move(one: Happening) -> bool:
    return one.what is Happened.delivered or one.what in TELLING


_HURT = select(HAPPENING.c.person).where(text("what IN ('bounced', 'dropped', 'complained')")).distinct()
_TELLING = select(
    HAPPENING.c.person, HAPPENING.c.address, HAPPENING.c.what, HAPPENING.c.at, HAPPENING.c.bounce, HAPPENING.c.known
).where(HAPPENING.c.what.in_([Happened.delivered.value, *(one.value for one in TELLING)]))
_VALID = select(ADDRESS.c.person, ADDRESS.c.address).where(ADDRESS.c.valid_to.is_(None))
_STATES = select(EVENT.c.person, EVENT.c.fields, EVENT.c.number).where(EVENT.c.name == ADDRESS_STATE)


def _tell_states(connection: Connection, people: Sequence[str], now: datetime) -> None:
    """Tell the core of each address whose state is another than it was told last.

    Those whom nothing ever hurt, nearly all, are told apart by a small index. What others said of an address, such as
    an import, is only ever made worse.
    """
    hurt = sorted({row[0] for row in among(connection, _HURT, HAPPENING.c.person, people)})
    if not hurt:
        return
    addresses = {(row[0], row[1].casefold()): row[1] for row in among(connection, _VALID, ADDRESS.c.person, hurt)}
    told: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for person, address, what, at, bounce, known in among(connection, _TELLING, HAPPENING.c.person, hurt):
        told[person, address.casefold()].append(
            Told(Happened(what), instant(at), Bounce(bounce) if bounce else None, Happened(known) if known else None)
        )
    last = _last_states(connection, hurt)
    for key in sorted(told.keys() & addresses.keys()):
        state, (before, ours, count) = address_state(told[key]), last.get(key, (OK, True, 0))
        if state != before and (ours or WORSE[state] > WORSE.get(before, 0)):
            fields = {"address": addresses[key], "state": state, "by": BY_PROVIDER}
            record(connection, Said(key[0], ADDRESS_STATE, (key[1], state, str(count)), fields), now)


def _last_states(connection: Connection, people: Iterable[str]) -> dict[tuple[str, str], tuple[str, bool, int]]:
    """For each person and address what was told last, whether by us, and how many times anything was."""
    found: dict[tuple[str, str], tuple[str, bool, int]] = {}
    rows: list[Any] = among(connection, _STATES, EVENT.c.person, list(people))
    for person, text_, _ in sorted(rows, key=lambda row: row[2]):
        fields = values_of(text_)
        key = (person, str(fields.get("address", "")).casefold())
        found[key] = (str(fields.get("state")), fields.get("by") == BY_PROVIDER, found.get(key, (OK, True, 0))[2] + 1)
    return found
