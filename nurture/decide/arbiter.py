"""Who goes first, and whether a message goes now, later or not at all (language.md 6.10)."""

from datetime import datetime, time, timedelta
from functools import lru_cache

from nurture.decide.clock import after, allowed_from, at, local
from nurture.decide.consent import refusal
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.limits import SERVICE, Booking, Rank, bookings, full, gap_before, gap_ends, rank
from nurture.decide.measuring import held_out
from nurture.decide.merging import had_before
from nurture.decide.mutes import Muted, mute_on
from nurture.decide.steps import fits_on
from nurture.decide.suiting import Suit, suit
from nurture.decide.switches import hold_on
from nurture.decide.wording import mail_for
from nurture.model.decision import Look, Why
from nurture.model.event import OWN_EVENTS, Origin
from nurture.model.step import Node, Send
from nurture.model.values import dataclass

AT_ONCE = timedelta(minutes=30)  # a message answers what the reader did within this long (6.10)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a message: sent, moved to `until`, or dropped; `words` say why. `stops` ends the enrolment."""

    why: Why
    words: str = ""
    until: datetime | None = None
    looks: tuple[Look, ...] = ()
    stops: bool = False


def pending(draft: Draft, now: datetime) -> list[Inside]:
    """The enrolments whose message is to be judged now, best first."""
    found = []
    for inside in draft.inside:
        if inside.message_due is None or inside.due_at is None:
            continue
        node = inside.node
        if node is None or not isinstance(node.step, Send):
            continue
        if inside.due_at <= now or _let_go(draft, inside, node.step, inside.message_due, now):
            found.append((rank(draft, inside, node.step, inside.message_due), inside))
    if len(found) > 1:
        found.sort(key=lambda pair: pair[0])
    return [inside for _, inside in found]


def _let_go(draft: Draft, inside: Inside, send: Send, due: datetime, now: datetime) -> bool:
    """Whether a message that a pause held, to no earlier than its end, may be judged since the pause is over."""
    if inside.due_at is None or hold_on(draft.book.sequences.get(inside.sequence), now):
        return False
    return inside.due_at > _good_until(draft, send, due)


def _good_until(draft: Draft, send: Send, due: datetime) -> datetime:
    return after(due, send.valid_for, draft.clock, None, str(draft.facts.get("country") or ""))


def judge(draft: Draft, inside: Inside, now: datetime) -> None:
    """Judge one pending message and carry the verdict out on the draft."""
    node = inside.node
    if node is None or not isinstance(node.step, Send) or inside.message_due is None:
        return
    if not fits_on(draft, inside, now):
        return
    good_until = _good_until(draft, node.step, inside.message_due)
    brings = suit(draft, inside, node.step, now)
    verdict = _verdict(draft, inside, node.step, brings, good_until, now)
    draft.note(
        verdict.why, now, inside, words=verdict.words, step=node.step.id, mail=node.step.mail,
        due_at=inside.message_due, until=verdict.until, looks=verdict.looks, place=node.step.place,
    )  # fmt: skip
    if verdict.until is not None:
        inside.due_at = verdict.until
    elif verdict.why is Why.sent:
        _send(draft, inside, node, node.step, brings, good_until, now)
    else:
        _drop(draft, inside, node, node.step, verdict, now)


def _verdict(draft: Draft, inside: Inside, send: Send, brings: Suit, good_until: datetime, now: datetime) -> Verdict:
    due = inside.message_due or now
    hold = hold_on(draft.book.sequences.get(inside.sequence), now)
    if now > good_until:
        words = f"was good until {_clock(draft, good_until)}"
        return Verdict(Why.expired, f"{words}; {hold}" if hold else words)
    if draft.formerly and had_before(draft, inside):
        return Verdict(Why.had_before, "two contacts became one, and the other had it already")
    refused = refusal(draft, send, now)
    if refused is not None:
        return Verdict(*refused)
    if hold:
        return Verdict(Why.held, hold, good_until + _INSTANT)
    if brings.why is not None:
        return Verdict(brings.why, brings.words, looks=brings.looks, stops=brings.stops)
    return (
        _muted(draft, send, due, good_until, now)
        or _quiet(draft, send, good_until, now)
        or _capped(draft, inside, send, due, good_until, now)
        or _held_out(draft, inside, send)
        or _goes(draft, send, brings, now)
    )


def _held_out(draft: Draft, inside: Inside, send: Send) -> Verdict | None:
    """Asked last, of what would have gone: so those who are held out compare with those who are not (11.9)."""
    words = held_out(draft, inside.book_sequence, send.class_)
    return Verdict(Why.held_out, words) if words else None


def _goes(draft: Draft, send: Send, brings: Suit, now: datetime) -> Verdict:
    waits = f"waits for the approval of {send.approve}" if send.approve else ""
    looks = _clear(send.class_, send.topic, "not reached", _hush(draft, send, now))
    return Verdict(Why.sent, waits, looks=(*looks, *brings.looks) if brings.looks else looks)


@lru_cache(maxsize=1024)
def _clear(class_: str, topic: str, limits: str, hush: str = "clear") -> tuple[Look, ...]:
    """What was looked at, in the order of 6.10, where nothing but the limits had anything to say."""
    if class_ == SERVICE:
        return (Look("consent", "service is owed", "yes"),)
    return (
        Look("consent", topic, "yes"),
        Look("quiet hours", hush, "yes"),
        Look("mutes", f"none for {class_}", "yes"),
        Look("limits", limits, "yes" if limits == "not reached" else "no"),
    )


def _hush(draft: Draft, send: Send, now: datetime) -> str:
    """What quiet hours said of a mail that goes: nothing, or that it answers what the reader just did."""
    quiet = draft.book.rules.quiet_hours
    if not send.at_once or quiet is None or not quiet.holds(local(now, draft.clock).time()):
        return "clear"
    return "not for an answer at once"


def _muted(draft: Draft, send: Send, due: datetime, good_until: datetime, now: datetime) -> Verdict | None:
    muted = mute_on(draft, send.class_, draft.today(now))
    if muted is None:
        return None
    words = muted.words
    looks = (Look("consent", send.topic, "yes"), _mute_look(draft, muted))
    if send.if_muted == "later" and muted.free_on is not None:
        until = _allowed(draft, send, at(muted.free_on, _hour(draft, send, due), draft.clock), good_until, now)
        if until is not None:
            return Verdict(Why.moved, words, until, looks)
    return Verdict(muted.why, words, looks=looks)


def _mute_look(draft: Draft, muted: Muted) -> Look:
    """What began the mute, and the last day it covers."""
    ends = "its end is not known yet"
    if muted.free_on is not None:
        last = muted.free_on - timedelta(days=1)
        ends = f"to {last.day} {last:%b}"
    return Look("mutes", f"{muted.event.name} {_clock(draft, muted.event.happened_at)}", ends)


def _quiet(draft: Draft, send: Send, good_until: datetime, now: datetime) -> Verdict | None:
    """Quiet hours and the window hold a message until the next allowed moment; service is never held by quiet hours."""
    until = _allowed(draft, send, now, good_until, now)
    if until is None:
        return Verdict(Why.expired, "no allowed hour before it is too old")
    return Verdict(Why.held, "quiet hours or window", until) if until > now else None


def _allowed(draft: Draft, send: Send, moment: datetime, good_until: datetime, now: datetime) -> datetime | None:
    """The first moment in the message's window and outside quiet hours; None when it is too old by then."""
    quiet = draft.book.rules.quiet_hours
    if send.class_ == SERVICE or (moment == now and send.at_once and _answers(draft, now)):
        quiet = None
    return allowed_from(moment, draft.clock, send.window, quiet, good_until + _INSTANT)  # its last moment is good


def _answers(draft: Draft, now: datetime) -> bool:
    """Whether the reader did something within 30 minutes; what the shop does is not theirs."""
    for event in reversed(draft.events):
        if event.happened_at > now:
            continue
        if now - event.happened_at > AT_ONCE:
            return False
        theirs = event.name not in OWN_EVENTS and event.name not in draft.book.catalogue.done_by_shop
        if theirs and event.origin is not Origin.sequence:
            return True
    return False


def _hour(draft: Draft, send: Send, due: datetime) -> time:
    """The time of day at which the message was first allowed: what `later` keeps."""
    first = allowed_from(due, draft.clock, send.window, draft.book.rules.quiet_hours, due + timedelta(days=8))
    return local(first or due, draft.clock).time()


def _capped(
    draft: Draft, inside: Inside, send: Send, due: datetime, good_until: datetime, now: datetime
) -> Verdict | None:
    """Limits, the gap and bookings; `later` moves to the first moment that can be free."""
    if send.class_ == SERVICE:
        return None
    mine = rank(draft, inside, send, due)
    booked = bookings(draft, now)
    words = _hindered(draft, send, mine, now, now, booked)
    if words is None:
        return None
    if send.if_capped == "later":
        until = _free(draft, send, mine, due, good_until, now)
        if until is not None:
            return Verdict(Why.moved, words, until, _clear(send.class_, send.topic, words))
    return Verdict(Why.capped, words, looks=_clear(send.class_, send.topic, words))


def _hindered(
    draft: Draft, send: Send, mine: Rank, moment: datetime, now: datetime, booked: list[Booking]
) -> str | None:
    """What keeps a message from going at a moment, in words; None when nothing does."""
    found = full(draft, send, mine, draft.today(moment), draft.today(now), booked)
    if found is not None:
        return found.words
    gap = gap_ends(draft, moment)
    if gap is not None:
        return f"{draft.book.rules.min_gap} after {gap[1]}"
    close = gap_before(draft, mine, moment, booked)
    return None if close is None else f"keeps a place for {close.send.mail}"


def _free(draft: Draft, send: Send, mine: Rank, due: datetime, good_until: datetime, now: datetime) -> datetime | None:
    """The first moment at which a message can be free, as far as is known now (6.10 `later`).

    A limit moves it to a later date at the same time of day; the gap alone only to its end.
    """
    booked = [booking for booking in bookings(draft, now) if not booking.rank[0]]
    gap = gap_ends(draft, now)
    if gap is not None and full(draft, send, mine, draft.today(now), draft.today(now), booked) is None:
        until = _allowed(draft, send, gap[0], good_until, now)
        if until is not None and _hindered(draft, send, mine, until, now, booked) is None:
            return until
    hour, day, last = _hour(draft, send, due), draft.today(now), draft.today(good_until)
    while day < last:
        day += timedelta(days=1)
        moment = _allowed(draft, send, at(day, hour, draft.clock), good_until, now)
        if moment is not None and _hindered(draft, send, mine, moment, now, booked) is None:
            return moment
    return None


def _send(
    draft: Draft, inside: Inside, node: Node, send: Send, brings: Suit, good_until: datetime, now: datetime
) -> None:
    """The intent, its place in the limits, and the step is done at the commit: now."""
    rung = brings.choice.rung if brings.choice is not None else None
    draft.intents.append(mail_for(draft, inside, send, rung, good_until, now))
    inside.goes_on(Why.sent.value, now, node.next)


_STOPPING = {
    Why.capped: ("if_capped", Why.ended_capped),
    Why.muted: ("if_muted", Why.ended_muted),
    Why.solemn_day: ("if_muted", Why.ended_muted),
    Why.no_consent: ("if_no_consent", Why.ended_no_consent),
}
_OUTCOMES = {Why.no_rung: "none"}


def _drop(draft: Draft, inside: Inside, node: Node, send: Send, verdict: Verdict, now: datetime) -> None:
    """The message does not go; the enrolment goes on, or ends where the step said stop."""
    inside.goes_on(_OUTCOMES.get(verdict.why, verdict.why.value), now, node.next)
    choice, ending = _STOPPING.get(verdict.why, ("", Why.stopped))
    if choice and getattr(send, choice) == "stop":
        draft.end(inside, ending, now, send.id)
    elif verdict.stops:
        ended = verdict.why is Why.balance
        draft.end(inside, Why.ended_capped if ended else Why.stopped, now, send.id if ended else verdict.words)


def _clock(draft: Draft, instant: datetime) -> str:
    shown = local(instant, draft.clock)
    return f"{shown.day} {shown:%b %H:%M}"
