"""Rules of the house that the arbiter keeps: hold-outs, balance, themes, approval, variants (language.md 6.12, 15)."""

from dataclasses import replace

import pytest

from nurture.decide.measuring import _share
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.decision import Why
from nurture.model.event import Event
from nurture.model.expression import Kind, Name
from nurture.model.rules import Balance, Rules
from nurture.model.sequence import Goal, Sequence
from tests import worlds as w

START = w.utc("2027-01-01 08:00")
FREE = replace(w.RULES, limits=(), min_gap=None, quiet_hours=None, mutes=())
PEOPLE = 400


def of(name: str, *steps: object, event: str = "subscriber.joined", **more: object) -> Sequence:
    return w.sequence(name, w.EventTrigger(place=w.HERE, event=event), steps, **more)  # type: ignore[arg-type]


def book(*sequences: Sequence, **more: object) -> Book:
    return w.book(*sequences, rules=replace(FREE, **more))  # type: ignore[arg-type]


def joined(day: int = 2, month: int = 1) -> Event:
    return w.event("subscriber.joined", f"2027-{month:02}-{day:02} 10:00")


def lived(world: Book, *events: Event, person: str = "p1", end: str = "2027-06-01 10:00") -> w.Life:
    return w.live(world, w.newborn(person, START), [*w.reachable(START), *events], end)


# Hold-outs


HELLO = (w.send("hello"), w.wait("1 day"), w.send("owed", "service"))


def out_of(world: Book) -> set[str]:
    """Those who got no news, in a crowd."""
    crowd = [f"p{n}" for n in range(PEOPLE)]
    return {one for one in crowd if "hello" not in [i.mail for i in lived(world, joined(), person=one).intents]}


def test_who_is_held_out_gets_service_only_goes_through_everything_and_reaches_goals() -> None:
    goal = Goal("order.placed", w.length("20 days"), stop=False)
    world = book(of("welcome", *HELLO, goal=goal), hold_out=100)
    life = lived(world, joined(), w.event("order.placed", "2027-01-10 10:00", order_id="A", total=9))
    assert [i.mail for i in life.intents] == ["owed"]
    assert life.why("hello") == ["held_out: one of the 100% who get nothing but service"]
    (enrolment,) = life.person.enrolments
    assert enrolment.outcomes[0].outcome == "held_out"
    assert enrolment.ending == "finished"
    goal_stops = book(of("welcome", w.send("hello"), w.wait("10 days"), goal=replace(goal, stop=True)), hold_out=100)
    (enrolment,) = lived(
        goal_stops, joined(), w.event("order.placed", "2027-01-05 10:00", order_id="A")
    ).person.enrolments
    assert enrolment.goal_at == w.utc("2027-01-05 10:00")


def test_the_share_is_met_and_they_are_the_same_people_everywhere_and_more_when_it_grows() -> None:
    ten, same = out_of(book(of("welcome", *HELLO), hold_out=10)), out_of(book(of("other", *HELLO), hold_out=10))
    assert 20 <= len(ten) <= 62, "10% of 400, within four standard deviations"
    assert ten == same
    assert ten < out_of(book(of("welcome", *HELLO), hold_out=20))


def test_a_sequences_own_hold_out_is_on_top_and_other_people_follow_the_first_name_it_had() -> None:
    project = out_of(book(of("welcome", *HELLO), hold_out=10))
    both = out_of(book(of("welcome", *HELLO, hold_out=10), hold_out=10))
    own = out_of(book(of("welcome", *HELLO, hold_out=10)))
    assert both == project | own
    assert own != out_of(book(of("other", *HELLO, hold_out=10)))
    renamed = replace(of("other", *HELLO, hold_out=10), lineage="welcome")
    assert out_of(book(renamed)) == own


def test_seeds_are_never_held_out() -> None:
    world = book(of("welcome", *HELLO), hold_out=100, seeds=("Salma@Example.net",))
    assert [i.mail for i in lived(world, joined()).intents] == ["hello", "owed"]


def test_what_would_not_have_gone_anyway_is_not_called_held_out() -> None:
    """So those who are held out compare with those who got it."""
    world = book(of("welcome", w.send("hello", "celebration")), hold_out=100, mutes=w.RULES.mutes)
    life = lived(world, w.event("complaint.opened", "2027-01-01 10:00", ticket="T"), joined())
    assert [r.why for r in life.reasons if r.mail == "hello"] == [Why.muted]


def test_shares_are_even() -> None:
    shares = sorted(_share("kestrel", "hold-out", str(n)) for n in range(2_000))
    assert all(abs(share - place / 20) < 4 for place, share in enumerate(shares))


# Balance


BALANCE = Balance(1, 3, w.length("60 days"))
STAY = w.send("ask", "offer", valid_for=w.length("1 day"))


def gave(*days: int, class_: str = "news") -> tuple[Sequence, list[Event]]:
    sequence = w.sequence("gives", w.DELIVERED, [w.send("gives", class_)], again=w.Again(per="event"))
    return sequence, [w.event("order.delivered", f"2027-01-{day:02} 10:00", order_id=f"{day}") for day in days]


@pytest.mark.parametrize(
    ("days", "class_", "goes"),
    [((2, 3, 4), "news", True), ((2, 3), "news", False), ((2, 3, 4), "care", True), ((2, 3, 4), "service", False)],
)
def test_an_offer_needs_three_mails_that_gave_something(days: tuple[int, ...], class_: str, goes: bool) -> None:
    gives, events = gave(*days, class_=class_)
    life = lived(book(gives, of("asks", STAY, class_="offer"), balance=BALANCE), *events, joined(6))
    assert ("ask" in [i.mail for i in life.intents]) is goes
    if not goes:
        had = len(days) if class_ != "service" else 0
        rule = "balance of 1 for 3 that give something, within 60 days"
        assert life.why("ask") == [f"balance: had {had} that gave something and 0 offers; {rule}"]
        assert next(e for e in life.person.enrolments if e.sequence == "asks").outcomes[0].outcome == "balance"
        reason = next(r for r in life.reasons if r.why is Why.balance)
        assert [(k.what, k.answer) for k in reason.looks] == [(rule, "no")]


def test_each_offer_needs_its_own_and_what_is_older_does_not_count() -> None:
    gives, events = gave(2, 3, 4, 10, 11)
    world = book(gives, of("asks", STAY, class_="offer"), balance=BALANCE)
    assert [i.mail for i in lived(world, *events, joined(6), joined(12)).intents].count("ask") == 1
    _, events = gave(2, 3, 4, 9, 10, 11)
    assert [i.mail for i in lived(world, *events, joined(6), joined(12)).intents].count("ask") == 2
    gives, events = gave(2, 3, 4)
    assert [i.mail for i in lived(world, *events, joined(2, 3)).intents].count("ask") == 1
    assert [i.mail for i in lived(world, *events, joined(3, 3)).intents].count("ask") == 0, "60 dates after 2 January"


def test_an_offer_out_of_balance_ends_the_sequence_where_it_says_stop_when_capped() -> None:
    stops = of("asks", replace(STAY, if_capped="stop"), w.send("after"), class_="offer")
    life = lived(book(stops, balance=BALANCE), joined())
    assert life.intents == ()
    assert w.endings(life) == ["ended: capped: ask"]


# Themes, approval, variants


def test_a_theme_is_spared_until_the_reader_wants_it_again() -> None:
    world = book(of("feast", w.send("for_mothers", theme="mothers_day"), again=w.Again(per="event")))
    spares = w.event(names.THEME_SPARED, "2027-01-02 10:00", theme="mothers_day")
    wants = w.event(names.THEME_WANTED, "2027-01-20 10:00", theme="mothers_day")
    life = lived(world, spares, joined(5), wants, joined(25))
    assert life.why("for_mothers") == ["spared: mothers_day", "sent: "]


def test_a_mail_that_a_person_must_approve_says_whom_it_waits_for() -> None:
    step = w.send("sorry_bag", "care", approve="owner", valid_for=w.length("2 days"))
    life = lived(book(of("care", step)), w.event("order.placed", "2027-01-02 09:00", order_id="A"), joined())
    (intent,) = life.intents
    assert (intent.approve, intent.valid_for) == ("owner", w.length("2 days"))
    assert life.why("sorry_bag") == ["sent: waits for the approval of owner"]
    assert lived(book(of("care", w.send("hello"))), joined()).intents[0].valid_for is None


def test_a_variant_can_be_worked_out_and_is_none_where_that_is_unknown() -> None:
    by_name = w.send("wishes", variant_from=Name(("start", "name"), Kind.text))
    unknown = w.send("others", variant_from=Name(("start", "source"), Kind.text))
    fixed = w.send("plain", variant="short")
    intents = lived(book(of("feast", by_name, unknown, fixed)), joined()).intents
    assert [i.variant for i in intents] == ["subscriber.joined", "", "short"]


def test_rules_without_any_of_it_change_nothing() -> None:
    assert Rules("p").hold_out == 0
    assert Rules("p").balance is None
