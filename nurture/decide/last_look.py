"""The last look before a mail is handed over: the same questions once more (language.md 6.1)."""

from datetime import datetime, timedelta

from nurture.decide import new_address
from nurture.decide.clock import allowed_from, reader_clock
from nurture.decide.conditions import truth
from nurture.decide.confirming import is_asking, last_word
from nurture.decide.consent import refusal
from nurture.decide.draft import Draft
from nurture.decide.lineages import node_now
from nurture.decide.mutes import mute_on
from nurture.decide.switches import hold_on, stop_on
from nurture.model.book import Book
from nurture.model.decision import Intent, Why
from nurture.model.person import Enrolment, Person
from nurture.model.renaming import person_today
from nurture.model.step import Send

AN_ANSWER = timedelta(minutes=30)  # so long an answer at once may still go in quiet hours after it was decided
_SERVICE = "service"
_STILL_GOOD = (Why.finished.value,)


def last_look(book: Book, person: Person, intent: Intent, now: datetime) -> tuple[Why, str] | None:
    """Why a mail that was decided must not go after all, with the words for it; None when it goes.

    A stop of its sequence, consent, suppression, address, `stop_when` (the enrolment ended meanwhile), `while`, the
    class's mutes and `valid_for`. A cancelled mail gives its place in the limits back.
    """
    stopped = stop_on(book.sequences.get(intent.sequence), now)
    if stopped is not None:
        return Why.cancelled, stopped.words
    if now > intent.valid_until:
        hold = held_back(book, intent, now)
        return Why.expired, f"too old at hand-over; {hold}" if hold else "too old at hand-over"
    draft = Draft(book, person)
    if new_address.is_own(intent):
        return new_address.last_word(draft, intent)
    refused = refusal(draft, intent, now)
    if refused is not None:
        return refused
    if is_asking(intent) and intent.address == person.address:
        return last_word(draft, intent, now)
    muted = mute_on(draft, intent.class_, draft.today(now))
    if muted is not None:
        return muted.why, muted.words
    if intent.address != person.address:
        return Why.cancelled, "the address changed"
    return _left(draft, person, intent, now)


def held_back(book: Book, intent: Intent, now: datetime) -> str:
    """Why a mail that may go by the last look waits all the same: its sequence is paused. Empty when it does not."""
    return hold_on(book.sequences.get(intent.sequence), now)


def put_off(book: Book, person: Person, intent: Intent, now: datetime) -> tuple[Why, str, datetime | None] | None:
    """Until when a mail that waited is put back, since it is night for its reader or outside its window (6.10).

    `held` with the next allowed moment (UTC), or `expired` where that comes too late; None when it may go now.
    Service is owed and goes at any hour; so does what answers at once, for 30 minutes after it was decided.
    """
    if intent.class_ == _SERVICE:
        return None
    send = _step(book, intent)
    quiet = book.rules.quiet_hours
    if send is not None and send.at_once and now <= intent.decided_at + AN_ANSWER:
        quiet = None
    clock = reader_clock(book.rules, person_today(person, book.renamed).facts)
    beyond = intent.valid_until + timedelta.resolution  # its last moment is good
    found = allowed_from(now, clock, send.window if send is not None else None, quiet, beyond)
    if found is None:
        return Why.expired, "waited into quiet hours or out of its window, and is too old when they end", None
    return (Why.held, "quiet hours or window", found) if found > now else None


def _step(book: Book, intent: Intent) -> Send | None:
    """The step that decided the mail, as it is written now and whatever it was called then."""
    node = node_now(book, intent.sequence, intent.version, intent.step)
    return node.step if node is not None and isinstance(node.step, Send) else None


def _left(draft: Draft, person: Person, intent: Intent, now: datetime) -> tuple[Why, str] | None:
    """Whether the enrolment ended by something else than its own end since the mail was decided."""
    own = [e for e in person.enrolments if (e.sequence, e.subject) == (intent.sequence, intent.subject)]
    enrolment = own[-1] if own else None
    if enrolment is None:
        return Why.cancelled, "the enrolment is gone"
    if _ended_otherwise(enrolment, intent):
        return Why.cancelled, enrolment.ending
    for inside in draft.inside:
        if inside.sequence == intent.sequence and inside.subject == intent.subject:
            condition = inside.book_sequence.while_
            if condition is not None and not truth(condition, draft.scene(now, inside)):
                return Why.cancelled, f"{Why.no_longer_fits.value}: {condition.text}"
    return None


def _ended_otherwise(enrolment: Enrolment, intent: Intent) -> bool:
    """Ended by an event after the mail was decided; an end at the same instant came from its own steps."""
    if enrolment.ended_at is None or enrolment.ending in _STILL_GOOD:
        return False
    return enrolment.ended_at > intent.decided_at
