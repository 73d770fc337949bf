"""Starts by special days: dated for the reader's country, for who keeps them, once each (language.md 4.2, 6.9)."""

from dataclasses import replace
from datetime import date, time

from nurture.model.book import Applied, Book
from nurture.model.event import Event, MonthDay, Origin
from nurture.model.house import House, SpecialDay
from nurture.model.sequence import Status
from nurture.model.trigger import Again, HolidayTrigger
from tests import worlds as w

EIDS = HolidayTrigger(
    place=w.HERE, days=("eid_al_fitr", "christmas", "diwali"), observed_by=("person", "observes"),
    lead=w.length("3 days"),
)  # fmt: skip
OCCURRENCE = Again(per="occurrence")
WISHES = [w.until_day(0), w.send("wishes", "celebration")]


def festive(trigger: HolidayTrigger = EIDS, again: Again = OCCURRENCE, **more: object) -> Book:
    return w.book(w.sequence("festive", trigger, WISHES, again=again, class_="celebration", **more))


BOOK = festive()
FESTIVAL = HolidayTrigger(place=w.HERE, days=("mothers_day", "valentines_day"), lead=w.length("2 days"))


def lived(
    book: Book, *events: Event, until: str = "2027-03-20 00:00", start: str = "2027-02-20 00:00", **facts: object
) -> w.Life:
    person = w.newborn(at=w.utc(start), **{"country": "FR", **facts})
    return w.live(book, person, [*w.reachable(w.utc(start)), *events], until)


def subjects(life: w.Life) -> list[str]:
    return [enrolment.subject for enrolment in life.person.enrolments]


def test_a_feast_is_greeted_on_its_day_in_the_readers_country() -> None:
    for country, day in (("FR", "2027-03-09"), ("EG", "2027-03-09"), ("IN", "2027-03-10")):
        life = lived(BOOK, country=country, observes=("eid_al_fitr",))
        assert life.mails == [(f"{day} 10:00", "wishes")]
        assert subjects(life) == [f"eid_al_fitr:{day}"]
        assert life.person.enrolments[0].name == "eid_al_fitr"
        assert f"{life.person.enrolments[0].day0}" == day


def test_they_enter_at_midnight_on_their_clock_the_lead_before() -> None:
    started = lived(BOOK, observes=("eid_al_fitr",)).person.enrolments[0].started_at
    assert started == w.utc("2027-03-05 23:00")  # 6 March 00:00 in Paris


def test_nobody_is_guessed_to_keep_a_feast() -> None:
    assert not lived(BOOK, country="EG", locale="ar").person.enrolments
    assert not lived(BOOK, observes=("hanukkah",)).person.enrolments
    assert not lived(BOOK, observes="eid_al_fitr is not a list").person.enrolments


def test_a_day_that_is_nobodys_faith_needs_no_word_but_a_country() -> None:
    assert lived(festive(FESTIVAL), until="2027-06-01 00:00").mails == [("2027-05-30 10:00", "wishes")]
    assert not lived(festive(FESTIVAL), until="2027-06-01 00:00", country="KP").mails
    unknown = lived(festive(FESTIVAL), until="2027-06-01 00:00", start="2027-02-01 00:00", country=None)
    assert unknown.mails == [("2027-02-14 10:00", "wishes")]  # which is on one date everywhere


def test_two_feasts_on_one_day_are_two() -> None:
    days = (SpecialDay("one", every=MonthDay(3, 1)), SpecialDay("other", every=MonthDay(3, 1)))
    both = HolidayTrigger(place=w.HERE, days=("one", "other"))
    again = Again(per="occurrence", running="alongside")
    book = replace(festive(both, again), house=House(days=days))
    assert subjects(lived(book)) == ["one:2027-03-01", "other:2027-03-01"]


def test_it_comes_again_the_next_year() -> None:
    life = lived(BOOK, observes=("christmas",), until="2028-12-31 00:00")
    assert [day for day, _ in life.mails] == ["2027-12-25 10:00", "2028-12-25 10:00"]


def test_who_says_so_between_the_lead_and_the_day_enters_at_once() -> None:
    told = w.facts("2027-03-07 12:00", observes=("eid_al_fitr",))
    life = lived(BOOK, told)
    assert life.mails == [("2027-03-09 10:00", "wishes")]
    assert life.person.enrolments[0].started_at == w.utc("2027-03-07 12:00")


def test_who_says_so_too_late_can_be_left_out() -> None:
    life = lived(festive(replace(EIDS, skip_if_late=True)), w.facts("2027-03-07 12:00", observes=("eid_al_fitr",)))
    assert not life.mails
    assert "late" in w.whys(life)


def test_an_import_starts_nothing_late() -> None:
    told = replace(w.facts("2027-03-07 12:00", observes=("eid_al_fitr",)), origin=Origin.imported)
    assert not lived(BOOK, told).mails


def test_who_keeps_it_no_more_is_not_greeted() -> None:
    life = lived(BOOK, w.facts("2027-03-08 12:00", observes=()), observes=("eid_al_fitr",))
    assert not life.mails
    assert w.endings(life) == ["no longer fits: person.observes"]


def test_another_country_has_another_date() -> None:
    life = lived(BOOK, w.facts("2027-03-08 12:00", country="IN"), observes=("eid_al_fitr",))
    assert life.mails == [("2027-03-10 10:00", "wishes")]
    assert w.endings(life) == ["date moved: person.country", "finished"]
    assert subjects(life) == ["eid_al_fitr:2027-03-09", "eid_al_fitr:2027-03-10"]


def test_a_feast_that_was_greeted_is_not_greeted_under_another_date() -> None:
    life = lived(BOOK, w.facts("2027-03-09 12:00", country="IN"), observes=("eid_al_fitr",))
    assert life.mails == [("2027-03-09 10:00", "wishes")]
    assert "too soon" in w.whys(life)


def moved(zones: tuple[str, str], at: str) -> w.Life:
    event = w.facts(at, zone=zones[1])
    return lived(BOOK, event, observes=("eid_al_fitr",), zone=zones[0], country="EG")


def test_moving_neither_doubles_nor_loses_a_feast() -> None:
    # Into a zone where the lead has begun already, an hour before it began in theirs.
    east = moved(("America/New_York", "Asia/Tokyo"), "2027-03-06 04:00")
    assert len(east.mails) == 1
    assert subjects(east) == ["eid_al_fitr:2027-03-09"]
    # Back over the line, after it had begun.
    west = moved(("Asia/Tokyo", "America/New_York"), "2027-03-05 18:00")
    assert len(west.mails) == 1
    assert subjects(west) == ["eid_al_fitr:2027-03-09"]


def test_only_feasts_after_it_went_live_count() -> None:
    applied = {"festive": Applied(1, w.utc("2027-03-06 08:00"))}
    told = lived(replace(BOOK, applied=applied), observes=("eid_al_fitr",))
    assert not told.mails
    earlier = {"festive": Applied(1, w.utc("2027-03-05 08:00"))}
    assert lived(replace(BOOK, applied=earlier), observes=("eid_al_fitr",)).mails


def test_a_new_start_of_an_old_sequence_reaches_nobody_back() -> None:
    applied = Applied(2, w.utc("2026-01-01 00:00"), starts_since=w.utc("2027-03-06 08:00"))
    assert not lived(replace(BOOK, applied={"festive": applied}), observes=("eid_al_fitr",)).mails


def test_a_closed_sequence_asks_nobody() -> None:
    assert not lived(festive(status=Status.closed), observes=("eid_al_fitr",)).reasons[1:]


def eid(*dates: date) -> House:
    return House(days=(SpecialDay("eid_al_fitr", dates=tuple((day.year, "FR", day) for day in dates)),))


def test_a_calendar_that_moves_a_feast_moves_those_inside() -> None:
    before = lived(BOOK, observes=("eid_al_fitr",), until="2027-03-07 12:00").person
    later = w.live(replace(BOOK, house=eid(date(2027, 3, 10))), before, [], "2027-03-20 00:00")
    assert later.mails == [("2027-03-10 10:00", "wishes")]
    assert w.endings(later) == ["date moved: eid_al_fitr", "finished"]
    confirmed = w.live(replace(BOOK, house=eid(date(2027, 3, 9))), before, [], "2027-03-20 00:00")
    assert confirmed.mails == [("2027-03-09 10:00", "wishes")]
    assert w.endings(confirmed) == ["finished"]


def test_the_mail_of_the_day_may_name_the_feast() -> None:
    scene = w.condition("start.name == 'eid_al_fitr'", start="order.placed")
    steps = [w.until_day(0, time(9)), w.send("eid", "care", condition=scene), w.send("other", "care")]
    book = w.book(w.sequence("festive", EIDS, steps, again=OCCURRENCE))
    assert lived(book, observes=("eid_al_fitr",)).mails[0] == ("2027-03-09 09:00", "eid")


# --- days of mourning ----------------------------------------------------------------------------------------------

CHEERS = w.send("cheers", "celebration", valid_for=w.length("2 days"))
JULY = w.sequence("party", w.JOINED, [CHEERS, w.send("sale", "offer"), w.send("tips")])


def at_july_15(book: Book, **facts: object) -> w.Life:
    """Somebody joins at 10:00 Turkish time on the 15th of July."""
    known = {"zone": "Europe/Istanbul", "country": "TR", **facts}
    joined = w.event("subscriber.joined", "2027-07-15 07:00")
    return lived(book, joined, start="2027-07-01 00:00", until="2027-07-25 00:00", **known)


QUIET = replace(w.RULES, limits=(), min_gap=None, mutes=())


def test_a_day_of_mourning_moves_celebrations_and_offers_to_the_next_day() -> None:
    life = at_july_15(w.book(JULY, rules=QUIET))
    assert life.mails == [("2027-07-16 10:10", "cheers"), ("2027-07-16 10:10", "sale"), ("2027-07-16 10:10", "tips")]
    assert life.why("cheers")[0] == "moved: solemn day july_15_day"


def test_care_goes_on_a_day_of_mourning() -> None:
    book = w.book(w.sequence("care", w.JOINED, [w.send("hello", "care"), w.send("tips")]), rules=QUIET)
    assert [day for day, _ in at_july_15(book).mails] == ["2027-07-15 10:10", "2027-07-15 10:10"]


def test_what_may_not_go_later_is_dropped_with_its_reason() -> None:
    skip = w.book(w.sequence("party", w.JOINED, [w.send("cheers", "celebration", if_muted="skip")]), rules=QUIET)
    assert at_july_15(skip).why("cheers") == ["solemn day: solemn day july_15_day"]
    stop = w.book(w.sequence("party", w.JOINED, [w.send("sale", "offer", if_muted="stop")]), rules=QUIET)
    assert w.endings(at_july_15(stop)) == ["ended: muted: sale"]


def test_mourning_is_of_the_readers_country_or_of_their_zones() -> None:
    book = w.book(w.sequence("party", w.JOINED, [CHEERS]), rules=QUIET)
    assert at_july_15(book, country="FR").mails == [("2027-07-15 10:10", "cheers")]
    assert at_july_15(book, country=None).mails == [("2027-07-16 10:10", "cheers")]
    assert at_july_15(book, country=None, zone=None).mails == [("2027-07-15 09:10", "cheers")]
