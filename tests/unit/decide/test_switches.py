"""The table of language.md 6.5, cell by cell: who may start, who goes on, and what mail that comes due does."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nurture.decide.advance import advance
from nurture.decide.last_look import held_back, last_look
from nurture.decide.switches import switched
from nurture.model.book import Book
from nurture.model.decision import Intent, Reason, Why
from nurture.model.person import Person
from nurture.model.sequence import Status
from nurture.model.switch import Switch, Word
from nurture.model.trigger import Again, EventTrigger
from tests import worlds as w

JOINED = w.utc("2027-03-04 13:00")
AFTER_HELLO = w.utc("2027-03-05 12:00")  # one mail had, the next comes due on 6 March at 08:30 UTC
LONG_AFTER = w.utc("2027-04-01 12:00")
LIVE = w.book(w.WELCOME)
GUIDE_DUE = w.utc("2027-03-06 08:30")


def said(word: Word, since: datetime = AFTER_HELLO, because: str = "", sequence: str = "welcome") -> Switch:
    return Switch(word, since, "lena", sequence, because)


def under(word: Word, since: datetime = AFTER_HELLO, because: str = "", book: Book = LIVE) -> Book:
    return switched(book, [said(word, since, because)])


def of_status(status: Status) -> Book:
    return w.book(replace(w.WELCOME, status=status))


def inside(until: datetime = AFTER_HELLO) -> Person:
    """Somebody who had the first mail and waits for the second."""
    joined = w.event("subscriber.joined", JOINED)
    life = w.live(LIVE, w.newborn(), [*w.reachable(), joined], until)
    assert [mail for _, mail in life.mails] == ["hello"]
    return life.person


def newcomer(book: Book) -> w.Life:
    joined = w.event("subscriber.joined", w.utc("2027-03-10 13:00"))
    return w.live(book, w.newborn(), [*w.reachable(), joined], LONG_AFTER)


def said_of(life: w.Life, why: Why) -> list[Reason]:
    return [reason for reason in life.reasons if reason.why is why]


def at_end(life: w.Life) -> list[str]:
    return [enrolment.ending for enrolment in life.person.enrolments]


# --- who may start -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.draft, Status.closed])
def test_nobody_starts_in_what_is_draft_or_closed(status: Status) -> None:
    assert newcomer(of_status(status)).person.enrolments == ()


@pytest.mark.parametrize("book", [of_status(Status.paused), under(Word.pause)], ids=["status", "command"])
def test_people_start_in_what_is_paused_as_before(book: Book) -> None:
    (enrolment,) = newcomer(book).person.enrolments
    assert enrolment.sequence == "welcome"


def test_nobody_starts_in_what_was_stopped_and_the_reason_names_who_and_why() -> None:
    life = newcomer(under(Word.stop, because="wrong price"))
    assert life.person.enrolments == ()
    assert [reason.words for reason in said_of(life, Why.closed)] == ["stopped by lena: wrong price"]


def test_a_halt_is_no_matter_of_the_book() -> None:
    halt = Switch(Word.halt, AFTER_HELLO, "lena")
    assert switched(LIVE, [halt]) is LIVE
    assert [mail for _, mail in newcomer(switched(LIVE, [halt])).mails] == ["hello", "guide"]


# --- those inside, and mail that comes due -------------------------------------------------------


def test_those_inside_what_closed_go_on_to_their_end_and_have_their_mail() -> None:
    life = w.live(of_status(Status.closed), inside(), [], LONG_AFTER)
    assert [mail for _, mail in life.mails] == ["guide"]
    assert at_end(life) == ["finished"]


@pytest.mark.parametrize("book", [of_status(Status.paused), under(Word.pause)], ids=["status", "command"])
def test_in_what_is_paused_waits_go_on_and_due_mail_is_held_once_until_it_expires(book: Book) -> None:
    life = w.live(book, inside(), [], LONG_AFTER)
    assert life.mails == []
    (held,) = said_of(life, Why.held)
    assert held.at == GUIDE_DUE, "the wait went on to its end"
    good_until = GUIDE_DUE + timedelta(days=3)
    (expired,) = said_of(life, Why.expired)
    assert expired.at == held.until == good_until + timedelta(microseconds=1)
    assert at_end(life) == ["finished"]


def test_a_held_mail_names_who_paused_it_and_so_does_one_that_expired_of_it() -> None:
    life = w.live(under(Word.pause, because="wrong price"), inside(), [], LONG_AFTER)
    assert [reason.words for reason in said_of(life, Why.held)] == ["paused by lena: wrong price"]
    assert said_of(life, Why.expired)[0].words.endswith("; paused by lena: wrong price")


def test_a_held_mail_goes_as_soon_as_the_pause_is_over() -> None:
    held = w.live(under(Word.pause), inside(), [], GUIDE_DUE + timedelta(days=1)).person
    resumed = GUIDE_DUE + timedelta(days=1, hours=2)
    (intent,) = advance(LIVE, held, resumed).intents
    assert (intent.mail, intent.decided_at, intent.due_at) == ("guide", resumed, GUIDE_DUE)


def test_asked_again_while_paused_nothing_is_said_a_second_time() -> None:
    extra = [GUIDE_DUE + timedelta(hours=hours) for hours in range(60)]
    assert len(said_of(w.live(under(Word.pause), inside(), [], LONG_AFTER, extra), Why.held)) == 1


def test_all_inside_what_was_stopped_end_at_that_moment() -> None:
    since = w.utc("2027-03-05 15:00")
    life = w.live(under(Word.stop, since, "wrong price"), inside(), [], LONG_AFTER)
    (enrolment,) = life.person.enrolments
    assert (enrolment.ending, enrolment.ended_at) == ("stopped by lena", since)
    assert [reason.words for reason in said_of(life, Why.stopped)] == ["stopped by lena: wrong price"]
    assert life.mails == []


def test_whoever_was_decided_on_after_the_stop_was_said_ends_when_looked_at() -> None:
    """A tick under way did not know of it yet."""
    decision = advance(under(Word.stop, JOINED), inside(), AFTER_HELLO + timedelta(hours=1))
    (enrolment,) = decision.person.enrolments
    assert (enrolment.ending, enrolment.ended_at) == ("stopped by lena", inside().asof)
    assert decision.wake is None


def test_a_stop_ends_those_who_wait_for_a_held_mail() -> None:
    held = w.live(under(Word.pause), inside(), [], GUIDE_DUE + timedelta(hours=1)).person
    since = GUIDE_DUE + timedelta(hours=2)
    both = switched(LIVE, [said(Word.pause), said(Word.stop, since)])
    decision = advance(both, held, since + timedelta(hours=1))
    assert [e.ending for e in decision.person.enrolments] == ["stopped by lena"]
    assert decision.intents == ()


def test_what_settles_or_queues_starts_no_more_once_stopped() -> None:
    queue = Again(per="event", running="queue")
    trigger = EventTrigger(place=w.HERE, event="order.delivered")
    book = w.book(w.sequence("after", trigger, [w.wait("5 days"), w.send("how")], again=queue))
    first, second = (w.event("order.delivered", JOINED + timedelta(hours=hours)) for hours in (0, 1))
    third = w.event("order.delivered", JOINED + timedelta(hours=2))
    moment = JOINED + timedelta(hours=2, minutes=1)
    person = w.live(book, w.newborn(), [*w.reachable(), first, second, third], moment).person
    assert sorted(firing.parked for firing in person.firings) == [False, True], "one settles, one is queued"
    stopped = switched(book, [Switch(Word.stop, moment, "lena", "after")])
    decision = advance(stopped, person, moment)
    assert decision.person.firings == ()
    assert [reason.why for reason in decision.reasons] == [Why.closed, Why.closed, Why.stopped]
    assert decision.wake is None


def test_after_resume_people_may_start_again_and_those_ended_stay_ended() -> None:
    stopped = w.live(under(Word.stop), inside(), [], AFTER_HELLO + timedelta(hours=1)).person
    again = w.book(replace(w.WELCOME, again=Again(per="event")))
    life = w.live(again, stopped, [w.event("subscriber.joined", "2027-03-20 13:00")], LONG_AFTER)
    assert at_end(life) == ["stopped by lena", "finished"]
    assert [mail for _, mail in life.mails] == ["hello", "guide"]


# --- mail that was decided on and waits in the queue ---------------------------------------------


def decided() -> tuple[Person, Intent]:
    """Somebody whose first mail waits to be handed over."""
    joined = w.event("subscriber.joined", JOINED)
    life = w.live(LIVE, w.newborn(), [*w.reachable(), joined], JOINED + timedelta(hours=1))
    (intent,) = life.intents
    return life.person, intent


def test_a_mail_in_the_queue_of_what_was_stopped_is_not_sent() -> None:
    person, intent = decided()
    moment = intent.decided_at + timedelta(minutes=1)
    assert last_look(LIVE, person, intent, moment) is None
    refused = last_look(under(Word.stop, moment, "wrong price"), person, intent, moment)
    assert refused == (Why.cancelled, "stopped by lena: wrong price")
    assert held_back(under(Word.stop, moment), intent, moment) == "", "it does not wait for anything"


@pytest.mark.parametrize("book", [of_status(Status.paused), under(Word.pause, JOINED)], ids=["status", "command"])
def test_a_mail_in_the_queue_of_what_is_paused_waits_until_it_is_too_old(book: Book) -> None:
    person, intent = decided()
    moment = intent.decided_at + timedelta(minutes=1)
    assert last_look(book, person, intent, moment) is None, "nothing speaks against it"
    assert held_back(book, intent, moment) in ("paused by lena", "the sequence is paused")
    why, words = last_look(book, person, intent, intent.valid_until + timedelta(seconds=1)) or (None, "")
    assert why is Why.expired
    assert "paused" in words


@pytest.mark.parametrize("book", [LIVE, of_status(Status.closed)], ids=["live", "closed"])
def test_a_mail_in_the_queue_of_what_is_live_or_closed_goes(book: Book) -> None:
    person, intent = decided()
    moment = intent.decided_at + timedelta(minutes=1)
    assert last_look(book, person, intent, moment) is None
    assert held_back(book, intent, moment) == ""


# --- the overlay itself --------------------------------------------------------------------------


def test_what_was_said_shows_in_the_status_and_a_stop_outweighs_a_pause() -> None:
    assert under(Word.pause).sequences["welcome"].status is Status.paused
    for order in ([Word.pause, Word.stop], [Word.stop, Word.pause]):
        both = switched(LIVE, [said(word) for word in order])
        assert both.sequences["welcome"].status is Status.stopped
    assert LIVE.sequences["welcome"].status is Status.live, "the files' own book is as it was"


def test_what_is_closed_and_paused_starts_nobody_and_sends_nothing() -> None:
    book = under(Word.pause, book=of_status(Status.closed))
    assert newcomer(book).person.enrolments == ()
    assert w.live(book, inside(), [], LONG_AFTER).mails == []


def test_a_switch_of_a_sequence_that_is_gone_does_nothing() -> None:
    assert switched(LIVE, [said(Word.stop, sequence="gone")]) is LIVE


def test_what_happened_before_it_was_said_is_told_as_it_was() -> None:
    """`explain --at` lives a person anew under today's book."""
    joined = w.event("subscriber.joined", JOINED)
    for word, ending in ((Word.pause, "finished"), (Word.stop, "stopped by lena")):
        life = w.live(under(word), w.newborn(), [*w.reachable(), joined], LONG_AFTER)
        assert [mail for _, mail in life.mails] == ["hello"]
        assert at_end(life) == [ending]


def test_a_stop_of_another_sequence_leaves_them_alone() -> None:
    other = w.sequence("other", EventTrigger(place=w.HERE, event="review.posted"), [w.send("thanks")])
    book = switched(w.book(w.WELCOME, other), [said(Word.stop, sequence="other")])
    assert [mail for _, mail in newcomer(book).mails] == ["hello", "guide"]
