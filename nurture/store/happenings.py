"""What became of mails, as providers tell it: kept once by its id, and everything that follows from it with it.

Whatever order it comes in, however often and in whatever pieces: what follows is worked out from all that is known
of a mail or of an address, never from what came last (email.md 1.6).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from nurture.model.happening import Bounce, By, Happened, Happening
from nurture.model.mail import Fate
from nurture.model.mailbox import mailbox_family
from nurture.model.values import dataclass
from nurture.store.address_words import Mail, follow
from nurture.store.codec import instant, micros
from nurture.store.database import Database, among, bucket, insert_many, pages, write_many
from nurture.store.installation import Mark, count_on
from nurture.store.mail_days import count
from nurture.store.outbox_rows import RANK, take_out
from nurture.store.tables import ADDRESS, BATCH, BATCH_MEMBER, HAPPENING, MESSAGE

FATES = {
    Happened.processed: Fate.accepted, Happened.deferred: Fate.accepted, Happened.delivered: Fate.delivered,
    Happened.opened: Fate.delivered, Happened.clicked: Fate.delivered, Happened.complained: Fate.delivered,
    Happened.unsubscribed: Fate.delivered, Happened.replied: Fate.delivered, Happened.bounced: Fate.bounced,
    Happened.blocked: Fate.bounced, Happened.dropped: Fate.bounced,
}  # fmt: skip
"""How far a mail came that this became of; one that a provider dropped after it took it did not arrive either."""


@dataclass(slots=True)
class Taken:
    """What changed: how many were new by what they are, and of how many mails more is known now."""

    new: Counter[Happened] = field(default_factory=Counter)
    known_already: int = 0
    mails: int = 0
    settled: int = 0


@dataclass(frozen=True, slots=True)
class Happenings:
    """The doors to what became of mails. `remember` keeps what a commit counts as in the installation."""

    database: Database
    remember: Callable[[Mark], None]

    def take(self, told: Sequence[Happening], now: datetime, counted: bool = True) -> Taken:
        """Keep what is new of these, with all that follows from it; `counted` adds them to the days' figures.

        It counts as a commit: a backup from before it does not know who refused.
        """
        done = Taken()
        for page in pages(list({one.id: one for one in told}.values())):
            with self.database.writing() as connection:
                mark = count_on(connection) if _take(connection, page, now, counted, done) else None
            if mark is not None:
                self.remember(mark)
        done.known_already += len(told) - done.new.total() - done.known_already
        return done

    def of_mails(self, keys: Sequence[str]) -> dict[str, list[Happening]]:
        """All that became of these mails, by key, in the order in which it happened."""
        with self.database.reading() as connection:
            return of_mails(connection, keys)


_KNOWN = select(HAPPENING.c.id)
_MAILS = select(
    MESSAGE.c.key, MESSAGE.c.person, MESSAGE.c.address, MESSAGE.c.topic, MESSAGE.c.fate, MESSAGE.c.detail,
    BATCH.c.status, MESSAGE.c.before, MESSAGE.c.mail,
).select_from(
    MESSAGE.outerjoin(BATCH_MEMBER, BATCH_MEMBER.c.key == MESSAGE.c.key).outerjoin(
        BATCH, BATCH.c.id == BATCH_MEMBER.c.batch
    )
)  # fmt: skip
_OWNERS = select(ADDRESS.c.key, ADDRESS.c.person).where(ADDRESS.c.valid_to.is_(None))
_COLUMNS = (
    HAPPENING.c.id, HAPPENING.c.what, HAPPENING.c.at, HAPPENING.c.provider, HAPPENING.c.key, HAPPENING.c.address,
    HAPPENING.c.message, HAPPENING.c.bounce, HAPPENING.c.detail, HAPPENING.c.link, HAPPENING.c.by, HAPPENING.c.known,
)  # fmt: skip
_OF_MAILS = select(*_COLUMNS)


def of_mails(connection: Connection, keys: Sequence[str]) -> dict[str, list[Happening]]:
    """All that became of these mails, by key, in the order in which it happened."""
    found: dict[str, list[Happening]] = defaultdict(list)
    for row in among(connection, _OF_MAILS, HAPPENING.c.key, keys):
        found[row[4]].append(happening_of(row))
    return {key: sorted(those, key=lambda one: (one.at, one.id)) for key, those in found.items()}


def happening_of(row: Any) -> Happening:
    """One from its row."""
    id_, what, at, provider, key, address, message, bounce, detail, link, by, known = row
    return Happening(
        id_, Happened(what), instant(at), provider, key, address, message, Bounce(bounce) if bounce else None, detail,
        link, By(by), Happened(known) if known else None,
    )  # fmt: skip


def _take(connection: Connection, told: Sequence[Happening], now: datetime, counted: bool, done: Taken) -> int:
    """One page within a transaction; how many were new."""
    known = {row[0] for row in among(connection, _KNOWN, HAPPENING.c.id, [one.id for one in told])}
    new = [one for one in told if one.id not in known]
    if not new:
        return 0
    keys = sorted({one.key for one in new if one.key})
    mails = {row[0]: Mail(*row) for row in among(connection, _MAILS, MESSAGE.c.key, keys)} if keys else {}
    owners = _owners(connection, [one for one in new if one.key not in mails])
    before = of_mails(connection, keys) if keys else {}
    new = [_fitting(one, mails.get(one.key)) for one in new]
    people = {one.id: _person(one, mails, owners) for one in new}
    insert_many(connection, HAPPENING, [_row(one, people[one.id], now) for one in new])
    done.settled += _settle(connection, mails, before, new, now)
    _look_again(connection, before, new)
    follow(connection, [(one, people[one.id], mails.get(one.key)) for one in new], now)
    if counted:
        count_days(connection, new)
    done.mails += len(mails)
    done.new.update(one.what for one in new)
    return len(new)


def _owners(connection: Connection, told: Iterable[Happening]) -> dict[str, str]:
    """Whose an address is now, for what names no mail that is known."""
    addresses = sorted({one.address.casefold() for one in told if one.address})
    return dict(among(connection, _OWNERS, ADDRESS.c.key, addresses)) if addresses else {}


def _fitting(one: Happening, mail: Mail | None) -> Happening:
    """What is kept of one: of a mail whose reader was forgotten nothing that names them, however late it comes."""
    if mail is not None and not mail.address:
        return replace(one, address="", detail="", link="", message="")
    return one


def _person(one: Happening, mails: Mapping[str, Mail], owners: Mapping[str, str]) -> str:
    mail = mails.get(one.key)
    return mail.person if mail is not None else owners.get(one.address.casefold(), "")


def _row(one: Happening, person: str, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id, "key": one.key, "person": person, "bucket": bucket(person), "what": one.what.value,
        "at": micros(one.at), "known_at": micros(now), "provider": one.provider, "address": one.address,
        "message": one.message, "bounce": one.bounce.value if one.bounce else "", "detail": one.detail,
        "link": one.link, "by": one.by.value, "known": one.known.value if one.known else "",
    }  # fmt: skip


# How far each mail came


def _settle(
    connection: Connection,
    mails: Mapping[str, Mail],
    before: Mapping[str, list[Happening]],
    new: Iterable[Happening],
    now: datetime,
) -> int:
    """Write how far each mail came, where that is more than is known; a second copy that waits goes no more."""
    told: dict[str, list[Happening]] = defaultdict(list)
    for one in new:
        if one.key in mails:
            told[one.key].append(one)
    rows: dict[Fate, list[dict[str, Any]]] = defaultdict(list)
    for key, those in told.items():
        mail, (fate, detail) = mails[key], furthest([*before.get(key, ()), *those])
        news = RANK[fate] > RANK[mail.stands]
        better_words = mail.fate == fate.value and fate is not Fate.accepted and detail != mail.detail
        if news or better_words:
            rows[fate].append({"key_": key, "detail_": detail, "at_": micros(now), "fate_": fate.value})
    for fate, those_rows in rows.items():
        write_many(connection, _WRITTEN[fate], those_rows)
    take_out(connection, [row["key_"] for some in rows.values() for row in some])
    return sum(map(len, rows.values()))


def furthest(told: Iterable[Happening]) -> tuple[Fate, str]:
    """How far a mail came by all that became of it, and in the provider's words what says so."""
    one = min(told, key=lambda one: (-RANK[FATES[one.what]], one.what is not Happened.delivered, one.at, one.id))
    fate = FATES[one.what]
    if fate is not Fate.bounced:
        return fate, ""
    return fate, one.detail if one.what is Happened.bounced else f"{one.what.value}: {one.detail}"


def _writing(fate: Fate) -> Any:
    upto = [MESSAGE.c.fate == one.value for one, rank in RANK.items() if rank <= RANK[fate]]
    fits = or_(MESSAGE.c.fate.is_(None), *upto)
    written: dict[str, Any] = {
        "fate": bindparam("fate_"),
        "detail": bindparam("detail_"),
        "settled_at": bindparam("at_"),
    }
    return update(MESSAGE).where(MESSAGE.c.key == bindparam("key_"), fits).values(**written)


_WRITTEN = {fate: _writing(fate) for fate in set(FATES.values())}


# Clicks are judged again when more is known of their mail


_UNJUDGED = update(HAPPENING).where(HAPPENING.c.id == bindparam("id_")).values(by=bindparam("by_"))


def _look_again(connection: Connection, before: Mapping[str, list[Happening]], new: Iterable[Happening]) -> None:
    """A delivery or another click can show that an earlier click was a machine's: it counts no more until judged."""
    keys = {one.key for one in new if one.what in (Happened.delivered, Happened.clicked)}
    judged = [
        one for key in keys for one in before.get(key, ()) if one.what is Happened.clicked and one.by is not By.unknown
    ]
    if judged:
        write_many(connection, _UNJUDGED, [{"id_": one.id, "by_": By.unknown.value} for one in judged])
        count_days(connection, [one for one in judged if one.by is By.person], by=-1)


# The days' figures


def count_days(connection: Connection, told: Iterable[Happening], by: int = 1) -> None:
    """Add these to the figures of their days (UTC): a click once it is judged a person's, a machine's open never."""
    days: dict[tuple[date, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for one in told:
        counts = one.by is By.person if one.what is Happened.clicked else one.by is not By.machine
        if counts:
            days[one.at.astimezone(UTC).date(), one.provider][mailbox_family(one.address), one.what.value] += by
    for (day, provider), rows in sorted(days.items()):
        count(connection, day, provider, rows)
