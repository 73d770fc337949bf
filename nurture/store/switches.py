"""Halt, pause and stop as the store keeps them: they hold until a person takes them back (language.md 6.5)."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, literal, select

from nurture.model.switch import Switch, Word
from nurture.store.codec import instant, micros
from nurture.store.database import ask
from nurture.store.tables import AGENDA, ENROLMENT, SWITCH

ITSELF = "nurture"  # who halted, when no person did: the provider refused us
KIND = "switch"  # of rows of the agenda


def switches(connection: Connection) -> tuple[Switch, ...]:
    """All that hold, halt first, then by sequence."""
    return tuple(
        Switch(Word(word), instant(since), who, sequence, because, bool(keep_service))
        for word, since, who, sequence, because, keep_service in ask(connection, _SWITCHES)
    )


_SWITCHES = select(
    SWITCH.c.word, SWITCH.c.since, SWITCH.c.who, SWITCH.c.sequence, SWITCH.c.because, SWITCH.c.keep_service
).order_by(SWITCH.c.sequence, SWITCH.c.word)


def held(connection: Connection, word: Word, sequence: str) -> Switch | None:
    """The switch of that word and sequence, if it holds."""
    return next((one for one in switches(connection) if (one.word, one.sequence) == (word, sequence)), None)


def set_switch(connection: Connection, switch: Switch, now: datetime) -> Switch:
    """Make it hold, and answer what holds now. One that held keeps its first `since`; who, why and how are the newest.

    Said again without a why, the old one stays. Words are kept in one line, as they are shown.
    Only a halt of our own never takes a person's words away: it tightens their halt and adds why. Everybody
    inside the sequence of a stop or a pause is put into the agenda at `now`.
    """
    switch = replace(switch, who=" ".join(switch.who.split()), because=" ".join(switch.because.split()))
    old = held(connection, switch.word, switch.sequence)
    new = switch if old is None else _over(old, switch)
    _take_out(connection, switch.word, switch.sequence)
    row = {"word": new.word.value, "sequence": new.sequence, "since": micros(new.since), "who": new.who}
    connection.execute(insert(SWITCH), row | {"because": new.because, "keep_service": new.keep_service})
    if old is None:
        wake_inside(connection, switch.sequence, now)
    return new


def _over(old: Switch, new: Switch) -> Switch:
    if new.who != ITSELF or old.who == ITSELF:
        return replace(new, since=old.since, because=new.because or old.because)
    both = [old.because, *([new.because] if new.because not in old.because else [])]
    return replace(old, because="; ".join(word for word in both if word), keep_service=new.keep_service)


def lift_switch(connection: Connection, word: Word, sequence: str, now: datetime) -> Switch | None:
    """Take it back, and answer what held; None when nothing did. What waited for it is looked at from `now` on."""
    old = held(connection, word, sequence)
    if old is not None:
        _take_out(connection, word, sequence)
        wake_inside(connection, sequence, now)
    return old


def _take_out(connection: Connection, word: Word, sequence: str) -> None:
    connection.execute(delete(SWITCH).where(SWITCH.c.word == word.value, SWITCH.c.sequence == sequence))


def inside(connection: Connection, sequence: str) -> int:
    """How many enrolments of a sequence run; counted on an index."""
    running = select(func.count()).where(ENROLMENT.c.sequence == sequence, ENROLMENT.c.ended_at.is_(None))
    return int(connection.execute(running).scalar_one())


def people_inside(connection: Connection, sequence: str) -> list[str]:
    """The ids of all inside a sequence, ascending."""
    running = select(ENROLMENT.c.person).where(ENROLMENT.c.sequence == sequence, ENROLMENT.c.ended_at.is_(None))
    return sorted(set(connection.execute(running).scalars()))


def wake_inside(connection: Connection, sequence: str, now: datetime) -> None:
    """Put everybody inside a sequence into the agenda at `now`, in one statement over an index; halt wakes nobody.

    The rows are of a kind of their own: one who is being decided on at this moment, still without the switch,
    replaces their wakes but leaves these, and is looked at again.
    """
    if not sequence:
        return
    at = literal(micros(now))
    inside = select(ENROLMENT.c.person, literal(KIND), at, ENROLMENT.c.bucket, literal(0)).where(
        ENROLMENT.c.sequence == sequence, ENROLMENT.c.ended_at.is_(None)
    )
    already = select(AGENDA.c.person).where(AGENDA.c.due_at == micros(now), AGENDA.c.kind == KIND)
    rows = inside.where(ENROLMENT.c.person.not_in(already)).distinct()
    connection.execute(insert(AGENDA).from_select(["person", "kind", "due_at", "bucket", "number"], rows))
