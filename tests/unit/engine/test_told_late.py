"""After a restore: which mails the lost store may have sent, by what it did and what is told only afterwards."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest

from nurture.engine.accepting import accept
from nurture.engine.applying import LiveBook
from nurture.engine.explaining import Asking, explain
from nurture.engine.hand_over import hand_over_all
from nurture.engine.tasks import do
from nurture.engine.tick import tick
from nurture.engine.told_late import Looked, Lost, begin_to_accept, lost_stretch
from nurture.model.book import Applied, Book, Mail
from nurture.model.decision import Intent
from nurture.model.event import Event, Origin
from nurture.model.happening import Happened, Happening
from nurture.model.mail import Email, Fate
from nurture.model.person import Enrolment, Outcome, Person
from nurture.model.rules import Topic
from nurture.model.step import Enrol, Task, Text, WaitWeekday
from nurture.model.trigger import DayTrigger, EventTrigger, LapseTrigger, ManualTrigger, OnceTrigger, StageTrigger
from nurture.store.desk import desk
from nurture.store.outbox_by_hand import Wanted
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow
from tests import worlds as w
from tests.new_stores import NewStores
from tests.sending_worlds import AT_ONCE, JOINED, RULES, Scripted, Shop, accepts, open_shop, refuse

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BACKUP = w.utc("2027-03-01 10:00")
ACCEPTED = BACKUP + 2 * DAY
PAGE = "---\nsubject: {}\npreheader: A word\n---\nHello, dear reader.\n"
SERIES = (w.send("first_word"), w.wait("1 day"), w.send("second_word"), w.wait("9 hours"), w.send("third_word"))
CARE = Task(
    id="ring", place=w.HERE, text=Text("Ring", ("Ring",)), to="care", due=w.length("1 day"), hold=w.length("9 days")
)

MONDAY = WaitWeekday(id="monday", place=w.HERE, days=frozenset({0}))


def happens(event: str) -> EventTrigger:
    return EventTrigger(place=w.HERE, event=event, settle=AT_ONCE, fresh=w.length("30 days"))


LAPSE = LapseTrigger(place=w.HERE, event="order.placed", length=w.length("20 days"), settle=AT_ONCE)


def the_book() -> Book:
    """One sequence for each way in which somebody comes to a mail; at most two mails a day beside service."""
    day = DayTrigger(place=w.HERE, path=("person", "birthday"), yearly=True, lead=w.length("7 days"), settle=AT_ONCE)
    moment = BACKUP + 3 * HOUR
    once = OnceTrigger(place=w.HERE, day=moment.date(), at=moment.time(), settle=AT_ONCE)
    asks = replace(happens("review.posted"), fresh=w.length("1 hour"))
    made = w.book(
        w.sequence("answer", happens("complaint.opened"), [w.send("sorry", "service")], class_="service"),
        w.sequence("series", replace(JOINED, fresh=w.length("30 days")), SERIES),
        w.sequence(
            "looks",
            StageTrigger(place=w.HERE, stage="looking", settle=AT_ONCE),
            [w.send("new_here")],
            again=w.Again(per="person"),
        ),
        w.sequence("birthday", day, [w.send("card")]),
        w.sequence("delivered", happens("order.delivered"), [Enrol(id="on", place=w.HERE, sequence="next")]),
        w.sequence("next", ManualTrigger(place=w.HERE, settle=AT_ONCE), [w.send("led_on")]),
        w.sequence("ring_them", asks, [CARE, w.send("we_rang")]),
        w.sequence(
            "queue", happens("order.cancelled"), [w.send("in_turn")], again=w.Again(per="event", running="queue")
        ),
        w.sequence("monday", happens("complaint.resolved"), [MONDAY, w.send("monday_word")]),
        w.sequence("spring", once, [w.send("spring_tea")]),
        w.sequence("quiet", LAPSE, [w.send("miss_you")], again=w.Again(per="person")),
        w.sequence("crowd_1", happens("order.placed"), [w.send("thanks_1")]),
        w.sequence("crowd_2", happens("order.placed"), [w.send("thanks_2")]),
        w.sequence("crowd_3", happens("order.placed"), [w.send("thanks_3")]),
        rules=replace(RULES, limits=(w.Limit(2, per="day"),), people=(("care", "care@shop.example"),)),
        stages=(w.STAGES[-1],),
    )
    applied = {name: Applied(1, BACKUP - 9 * DAY) for name in made.sequences}
    mails = {one.mail for sequence in made.sequences.values() for one in sends(sequence)} | {"please_confirm"}
    topics = {**made.topics, "offers": Topic("offers", confirm="please_confirm")}
    return replace(made, topics=topics, mails={one: Mail(one, frozenset({"en"})) for one in mails}, applied=applied)


def sends(sequence: object) -> Iterator[object]:
    return (node.step for node in sequence.nodes.values() if hasattr(node.step, "mail"))  # type: ignore[attr-defined]


@dataclass
class Readers:
    """Everybody's letter boxes: who got which mail, how often; the same for the lost store and for ours."""

    boxes: Counter[tuple[str, str]] = field(default_factory=Counter)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)

    def take(self, mail: Email, nth: int) -> object:
        box = (mail.to_address.partition("@")[0], mail.subject)
        self.boxes[box] += 1
        self.keys[box] = mail.key
        return accepts(mail, nth)


@contextmanager
def opened(url: str, readers: Readers) -> Iterator[Shop]:
    shop = open_shop(url, Scripted(readers.take))  # type: ignore[arg-type]
    book = the_book()
    templates = {f"templates/{name}/en.md": PAGE.format(name).encode() for name in book.mails}
    with closing(shop.store):
        yield replace(shop, live=LiveBook(book, templates))


@contextmanager
def restored(url: str, readers: Readers) -> Iterator[Shop]:
    """A store that waits until somebody accepts it."""
    with opened(url, readers) as shop:
        shop.store.halted = "a backup was put back"
        yield shop


def live_on(shop: Shop, since: datetime, until: datetime) -> None:
    """A turn every six hours."""
    while since <= until:
        tick(shop.store, shop.live.book, since)
        hand_over_all(shop.workshop, shop.live, since)
        since += 6 * HOUR


def person(id_: str, at: datetime | None = None, **facts: object) -> ContactRow:
    return ContactRow(outside_id=id_, address=f"{id_}@shop.example", at=at, facts={"locale": "en", **facts})


def agreed(id_: str, at: datetime) -> ConsentRow:
    return ConsentRow(outside_id=id_, topics=("tips",), given=True, at=at)


def comes(id_: str, at: datetime) -> tuple[AnyRow, ...]:
    return (person(id_, at), agreed(id_, at))


def event(id_: str, name: str, at: datetime) -> EventRow:
    return EventRow(outside_id=id_, name=name, at=at, id=f"{id_} {name} {at}")


KNOWN = ("complains", "joins", "is_inside", "has_birthday", "is_delivered", "is_rung", "buys")
TOLD: tuple[tuple[datetime, Origin, tuple[AnyRow, ...]], ...] = (
    (BACKUP + HOUR, Origin.live, (event("complains", "complaint.opened", BACKUP + HOUR),)),
    (BACKUP + HOUR, Origin.imported, (event("joins", "subscriber.joined", BACKUP + HOUR),)),
    (BACKUP + 4 * HOUR, Origin.live, (replace(person("came_undated"), topics=("tips",)),)),
    (BACKUP + 4 * HOUR, Origin.live, comes("came_dated", BACKUP + 4 * HOUR)),
    (BACKUP + 4 * HOUR, Origin.imported, (replace(person("asked"), topics=("offers",), asked=True),)),
    (BACKUP + 5 * HOUR, Origin.live, (person("has_birthday", birthday=date(1980, 3, 6)),)),
    (BACKUP + 6 * HOUR, Origin.live, (event("is_delivered", "order.delivered", BACKUP + 6 * HOUR),)),
    (BACKUP + 7 * HOUR, Origin.live, (event("buys", "order.placed", BACKUP + 7 * HOUR),)),
)
MAILS = {
    ("complains", "sorry"), ("joins", "first_word"), ("joins", "second_word"), ("joins", "third_word"),
    ("came_undated", "new_here"),
    ("came_dated", "new_here"), ("asked", "please_confirm"), ("has_birthday", "card"), ("is_delivered", "led_on"),
    ("is_rung", "we_rang"), ("buys", "thanks_1"), ("buys", "thanks_2"), ("buys", "thanks_3"),
    ("is_inside", "first_word"), ("is_inside", "second_word"), ("is_inside", "third_word"),
} | {(id_, "spring_tea") for id_ in KNOWN}  # fmt: skip


def tell(shop: Shop, now: datetime, origin: Origin, rows: tuple[AnyRow, ...]) -> None:
    shop.store.importing(now, origin=origin).take(rows, refuse)


def ring(shop: Shop, now: datetime) -> None:
    """The shop's people say that they rang."""
    (task,) = desk(shop.store).tasks.open(9)
    do(shop.workshop, shop.live.book, "done", task.key, "care", "", now)


def until_the_backup(url: str, readers: Readers) -> None:
    with opened(url, readers) as shop:
        for id_ in KNOWN:
            tell(shop, BACKUP - 2 * HOUR, Origin.imported, comes(id_, BACKUP - 400 * DAY))
        tell(shop, BACKUP - HOUR, Origin.live, (event("is_inside", "subscriber.joined", BACKUP - HOUR),))
        tell(shop, BACKUP - HOUR, Origin.live, (event("is_rung", "review.posted", BACKUP - HOUR),))
        live_on(shop, BACKUP - HOUR, BACKUP)


def is_lost(url: str, readers: Readers) -> None:
    """Two days that no backup knows of."""
    with opened(url, readers) as shop:
        for at, origin, rows in TOLD:
            tell(shop, at, origin, rows)
            live_on(shop, at, at)
        ring(shop, BACKUP + 8 * HOUR)
        live_on(shop, BACKUP + 8 * HOUR, ACCEPTED - HOUR)


def tell_again(shop: Shop, now: datetime) -> None:
    for _, origin, rows in TOLD:
        tell(shop, now, origin, rows)


@pytest.mark.parametrize("told", [ACCEPTED - HOUR, ACCEPTED + HOUR], ids=["before accepting", "after it"])
def test_nobody_is_mailed_twice_of_what_only_the_lost_store_knew(new_stores: NewStores, told: datetime) -> None:
    readers, url = Readers(), new_stores()
    until_the_backup(url, readers)
    copy = new_stores.copy_of(url)
    is_lost(url, readers)
    assert {box for box in readers.boxes if box[1] != "new_here" or "came" in box[0]} == MAILS
    assert set(readers.boxes.values()) == {1}

    with restored(copy, readers) as shop:
        if told < ACCEPTED:
            tell_again(shop, told)
        accept(shop.workshop, shop.live, ACCEPTED)
        if told > ACCEPTED:
            tell_again(shop, told)
        ring(shop, ACCEPTED + HOUR)
        new = ACCEPTED + DAY
        live_on(shop, ACCEPTED + HOUR, new)
        tell(shop, new, Origin.live, comes("is_new", new - HOUR))
        tell(shop, new, Origin.live, (event("complains", "complaint.opened", new - HOUR),))
        tell(shop, new, Origin.imported, (event("joins", "order.delivered", new - HOUR),))
        live_on(shop, new, new + 4 * DAY)
        twice = {box: number for box, number in readers.boxes.items() if number > 1}
        assert twice == {("complains", "sorry"): 2}, "their second complaint is another"
        assert readers.boxes["is_new", "new_here"] == readers.boxes["joins", "led_on"] == 1


def is_held(due: int, begun: Enrolment, told: tuple[Event, ...] = ()) -> bool:
    """Whether a mail is held that fell due so many hours after the store was accepted; the backup was two days old."""
    at, day = ACCEPTED + due * HOUR, date(2027, 3, 3)
    mail = Intent("k", "p", begun.sequence, 1, "o1", "hello", "hello", "news", "", "", at, at, at, day, "UTC", "", "")
    looked = Looked(the_book(), Lost(BACKUP, ACCEPTED), lambda _: told)
    return looked.why(mail, Person("p", ACCEPTED, enrolments=(begun,))) != ""


def inside(sequence: str, cause: Event | None = None, answer: Event | None = None, **more: object) -> Enrolment:
    since = {"started_at": ACCEPTED, "day0": ACCEPTED.date()} | more
    return Enrolment(sequence, "o1", 1, 1, event=cause, answer=answer, **since)  # type: ignore[arg-type]


def said(happened: int, known: int, name: str = "order.placed", **more: object) -> Event:
    """What happened, and was known, so many hours after the store was accepted."""
    return Event("e", name, ACCEPTED + happened * HOUR, ACCEPTED + known * HOUR, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("held", "due", "happened", "known"),
    [
        (True, 5, -2, 5),  # at once on what happened before: the lost store did so two hours before its end
        (True, 6, -2, 5),  # an hour later: one hour before its end
        (False, 8, -2, 5),  # three hours later, which the lost store did not live to see
        (False, 5, 2, 5),  # what happened since
        (True, 1, -9, -1),  # told after the restore and before it was accepted
        (False, 5, -59, -50),  # known before the backup: the lost store did what was due then when it was due
        (True, -1, -99, -99),  # due before the end, and put off until after it
    ],
)
def test_a_mail_is_held_that_fell_due_before_in_the_store_that_was_lost(
    held: bool, due: int, happened: int, known: int
) -> None:
    assert is_held(due, inside("crowd_1", said(happened, known))) == held
    assert is_held(due, inside("crowd_1", said(-99, -98), said(happened, known))) == held


@pytest.mark.parametrize(("held", "happened"), [(True, -2), (False, 2)])
def test_who_came_to_a_wait_after_its_day_waits_for_a_week_more_than_elsewhere(held: bool, happened: int) -> None:
    assert is_held(5 + 6 * 24, inside("monday", said(happened, 5))) == held


CHANGED = "person.changed"


@pytest.mark.parametrize(
    ("held", "due", "cause", "beside"),
    [
        (True, 5, said(5, 5, CHANGED), ()),  # without a date: up to two days before
        (True, 50, said(5, 5, CHANGED), ()),
        (False, 54, said(5, 5, CHANGED), ()),  # two days and more after it was told
        (False, 71, said(71, 71, CHANGED), (said(70, 71, CHANGED),)),  # the row said since when
        (True, 71, said(71, 71, CHANGED), (said(-1, 71, CHANGED),)),
        (True, 71, said(71, 71, CHANGED), (said(-1, 70, CHANGED),)),  # of another row
        (False, 73, said(73, 73, CHANGED), ()),  # nobody tries to tell for longer
        (True, 73, said(73, 73, CHANGED, origin=Origin.imported), ()),  # a file comes when somebody brings it
        (False, 5, said(5, 5, CHANGED, fields={"by": "reader"}), ()),
        (False, 5, said(5, 5, "person.enrolled"), ()),  # by hand, just now
    ],
)
def test_what_is_told_without_a_date_may_have_happened_since_the_backup(
    held: bool, due: int, cause: Event, beside: tuple[Event, ...]
) -> None:
    assert is_held(due, inside("looks", cause), (cause, *beside)) == held


@pytest.mark.parametrize(
    ("held", "sequence", "day0", "started"),
    [
        (True, "birthday", date(2027, 3, 9), 5),  # its lead began the day before the end
        (False, "birthday", date(2027, 3, 11), 5),
        (False, "birthday", date(2027, 3, 9), -40),  # known when it began
        (True, "spring", date(2027, 3, 1), 5),  # `past_too`, said anew
        (False, "ring_them", date(2027, 3, 1), 5),  # of which no date says when
    ],
)
def test_a_day_that_began_before_and_is_learned_of_later(held: bool, sequence: str, day0: date, started: int) -> None:
    assert is_held(6, inside(sequence, day0=day0, started_at=ACCEPTED + started * HOUR)) == held


@pytest.mark.parametrize(
    ("held", "outcome", "reached", "done"),
    [(True, "done", -30, 5), (False, "done", 1, 5), (False, "done", -30, -29), (False, "not_done", -30, 5)],
)
def test_what_is_answered_only_now_may_have_been_answered_before(
    held: bool, outcome: str, reached: int, done: int
) -> None:
    rung = Outcome("ring", outcome, ACCEPTED + done * HOUR)
    assert is_held(6, inside("ring_them", outcomes=(rung,), started_at=ACCEPTED + reached * HOUR)) == held


@pytest.mark.parametrize(
    ("held", "due", "more"),
    [
        (True, 30, {"outcomes": (Outcome("first_word", "sent", ACCEPTED),)}),  # judged as the store was accepted
        (False, 50, {"outcomes": (Outcome("first_word", "sent", ACCEPTED),)}),  # more than two days after that
        (False, 30, {"outcomes": (Outcome("first_word", "sent", ACCEPTED - 3 * DAY),)}),
        (True, 30, {"outcomes": (Outcome("first_word", "capped", ACCEPTED + 8 * HOUR),)}),  # at the end of a night
        (False, 30, {"outcomes": (Outcome("first_word", "sent", ACCEPTED + 8 * HOUR),)}),
    ],
)
def test_what_comes_after_a_mail_that_was_judged_late_came_earlier_elsewhere(
    held: bool, due: int, more: dict[str, object]
) -> None:
    begun = inside("crowd_1", said(-99, -98), started_at=ACCEPTED - 4 * DAY, **more)
    assert is_held(due, replace(begun, sequence="series")) == held


def test_who_waited_for_their_turn_to_start_may_have_started_before() -> None:
    one = inside("queue", said(-99, -98), started_at=ACCEPTED + HOUR)
    assert is_held(2, one)
    assert not is_held(2, replace(one, sequence="crowd_1"))


def test_what_was_told_too_late_to_start_them_here_started_them_there() -> None:
    old = replace(said(-40, 1, "order.placed", origin=Origin.imported), id="old")
    one = inside("looks", said(7, 7, "review.posted"), started_at=ACCEPTED + 7 * HOUR)
    assert is_held(7, one, (old,))
    assert not is_held(7, one)
    assert not is_held(7, one, (replace(old, happened_at=ACCEPTED + HOUR),)), "nothing of the lost time"


@pytest.mark.parametrize(("happened", "held"), [(-1, False), (-18 * 24, False), (-19 * 24, True), (-21 * 24, True)])
def test_a_silence_that_was_over_in_no_store_was_told_of_by_none(happened: int, held: bool) -> None:
    one = inside("quiet", started_at=ACCEPTED + 10 * DAY)
    assert is_held(241, one, (said(happened, 1),)) == held


def test_a_mail_of_which_the_provider_tells_has_gone_and_what_is_let_go_goes(new_stores: NewStores) -> None:
    readers, url = Readers(), new_stores()
    until_the_backup(url, readers)
    copy = new_stores.copy_of(url)
    is_lost(url, readers)
    before, after = readers.keys["complains", "sorry"], readers.keys["joins", "first_word"]
    with restored(copy, readers) as shop:
        accept(shop.workshop, shop.live, ACCEPTED)
        hear(shop, before, Happened.bounced)
        tell_again(shop, ACCEPTED + HOUR)
        live_on(shop, ACCEPTED + HOUR, ACCEPTED + HOUR)
        assert shop.store.fates([before, after]) == {before: Fate.bounced, after: Fate.held}
        why = "\n".join(explain(shop.workshop, shop.live, "joins", Asking(mail="first_word"), ACCEPTED + HOUR).lines)
        assert "held" in why
        assert "a restore, before which it may have gone" in why
        hear(shop, after, Happened.delivered)
        shop.store.outbox.release(Wanted())
        live_on(shop, ACCEPTED + HOUR, ACCEPTED + HOUR)
        assert shop.store.fates([before, after]) == {before: Fate.bounced, after: Fate.delivered}
        twice = {box for box, number in readers.boxes.items() if number > 1}
        assert twice >= {("came_dated", "new_here"), ("came_undated", "new_here"), ("asked", "please_confirm")}
        assert twice.isdisjoint({("complains", "sorry"), ("joins", "first_word")})


def hear(shop: Shop, key: str, what: Happened) -> None:
    told = Happening(f"folder {key} {what}", what, BACKUP + DAY, "folder", key=key)
    shop.store.happenings.take([told], ACCEPTED + HOUR)


def test_a_second_loss_soon_after_the_first_does_not_forget_it(store_url: str) -> None:
    with restored(store_url, Readers()) as shop:
        shop.store.move_watermark(BACKUP)
        accept(shop.workshop, shop.live, ACCEPTED)
        assert lost_stretch(shop.workshop) == Lost(BACKUP, ACCEPTED)
        assert shop.store.declared("notice care@shop.example") == "2027-03-03", "the shop's people were told today"
        for later, since in ((20 * DAY, BACKUP), (60 * DAY, ACCEPTED + 20 * DAY + HOUR)):
            shop.store.halted = "once more"
            assert begin_to_accept(shop.workshop, ACCEPTED + later) == since, "cut here, and accepted again"
            accept(shop.workshop, shop.live, ACCEPTED + later + HOUR)
            assert lost_stretch(shop.workshop) == Lost(since, ACCEPTED + later + HOUR)
