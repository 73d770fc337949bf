"""What every start, key of a sequence and file of the house becomes (language.md 3, 4.1, 4.2, 8 and 15)."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from nurture.language.project import read_project
from nurture.model.event import Money, MonthDay
from nurture.model.house import Budget, LadderRule, Present, SpecialDay
from nurture.model.keeping import Keep
from nurture.model.length import Length, Unit
from nurture.model.letter import Kind
from nurture.model.rules import Answer, Balance, Endpoint, Replies, Silence, Sunset
from nurture.model.sequence import Removal
from nurture.model.step import WaitUntil
from nurture.model.trigger import DayTrigger, EveryTrigger, HolidayTrigger, OnceTrigger, StageTrigger
from tests.written_books import BASE, HOUSE, added, files_of, house, read, sequence_of

# --- what starts it ------------------------------------------------------------------------------------------------


def test_holidays() -> None:
    start = "{holiday: [christmas, kestrel_day], observed_by: person.observes, lead: 3 days, if_late: skip}"
    sequence = sequence_of(start=start, again="{gap: 3 days}", class_="celebration")
    (holiday,) = sequence.start
    assert isinstance(holiday, HolidayTrigger)
    assert (holiday.days, holiday.observed_by) == (("christmas", "kestrel_day"), ("person", "observes"))
    assert (holiday.country, holiday.lead) == (("person", "country"), Length(3, Unit.day))
    assert holiday.skip_if_late
    assert sequence.again.per == "occurrence"
    (alone,) = sequence_of(start="{holiday: kestrel_day, in: person.brew_method}").start
    assert isinstance(alone, HolidayTrigger)
    assert (alone.days, alone.observed_by, alone.country) == (("kestrel_day",), (), ("person", "brew_method"))


def test_every_week_and_once() -> None:
    weekly = sequence_of(
        start="{every: week, weekday: thu, at: 08:30, if: numbers.cups.brewed > 0}", again="{gap: 1 day}"
    )
    (every,) = weekly.start
    assert isinstance(every, EveryTrigger)
    assert (every.weekday, every.at, weekly.again.per) == (3, time(8, 30), "occurrence")
    broadcast = sequence_of(start="{once: 2027-03-02 10:00}", more="at_most: 5000\nspread: 3 hours\n")
    (once,) = broadcast.start
    assert isinstance(once, OnceTrigger)
    assert (once.day, once.at) == (date(2027, 3, 2), time(10))
    assert (broadcast.at_most, broadcast.spread, broadcast.again.per) == (5000, Length(3, Unit.hour), "person")


def test_a_stage_that_is_left() -> None:
    sequence = sequence_of(start="{stage_left: vip, settle: 0 minutes}", again="{gap: 1 day}")
    (left,) = sequence.start
    assert isinstance(left, StageTrigger)
    assert (left.stage, left.left, left.settle, sequence.again.per) == ("vip", True, Length(0, Unit.minute), "person")


def test_a_day_of_each_thing() -> None:
    steps = """  - wait: {until: subscription.renews_on, minus: 3 days}
  - {send: one_recipe, if: subscription.bags == 1, with: {plan: subscription.plan}}
"""
    start = "{day: subscription.renews_on, per: subscription, lead: 14 days, if: subscription.plan == 'monthly'}"
    more = "stop_when: [{event: order.cancelled, if: event.order_id == subscription.id}]\n"
    sequence = sequence_of(steps, start, "{per: subscription}", more=more)
    (day,) = sequence.start
    assert isinstance(day, DayTrigger)
    assert (day.path, day.per, day.yearly) == (("subscription", "renews_on"), "subscription", False)
    assert sequence.again.per == "subscription"
    wait = sequence.steps[0]
    assert isinstance(wait, WaitUntil)
    assert wait.path == ("subscription", "renews_on")


# --- a sequence ----------------------------------------------------------------------------------------------------


def test_what_a_sequence_says_of_its_own_measure_and_changes() -> None:
    more = """hold_out: 10%
at_most: 300
on_change: finish_old
was: better_coffee
theme: mothers_day
removed:
  - {step: gone, people_there: stop}
  - {step: lost, go_to: one_recipe}
"""
    sequence = sequence_of("  - {send: one_recipe, was: a_recipe}\n", more=more)
    assert (sequence.hold_out, sequence.at_most, sequence.on_change) == (10, 300, "finish_old")
    assert (sequence.was, sequence.theme) == ("better_coffee", "mothers_day")
    found = [(entry.step, entry.people_there, entry.go_to) for entry in sequence.removed]
    assert found == [("gone", "stop", ""), ("lost", "next", "one_recipe")]
    assert isinstance(sequence.removed[0], Removal)
    assert sequence.steps[0].was == "a_recipe"
    plain = sequence_of()
    assert (plain.hold_out, plain.at_most, plain.spread, plain.on_change) == (0, None, None, "move")
    assert (plain.was, plain.removed, plain.steps[0].was) == ("", (), "")


# --- the house -----------------------------------------------------------------------------------------------------


def test_people_endpoints_balance_silence_and_hold_out() -> None:
    rules = added(
        "rules",
        """hold_out: 5 %
balance: {offers: 1, per: 3, within: 60 days}
silence: {at_most: 90 days, start: first_order}
""",
    ).rules
    assert rules.people == (("owner", "lena@kestrel.example"), ("lena", "lena@kestrel.example"))
    assert rules.endpoints == (Endpoint("erp", "ERP_URL", "ERP_KEY", private=False),)
    assert rules.balance == Balance(1, 3, Length(60, Unit.day))
    assert rules.silence == Silence(Length(90, Unit.day), "first_order")
    assert rules.hold_out == 5
    assert read(files_of()).rules.hold_out == 0


def test_sunset_has_its_usual_values_and_its_own() -> None:
    assert read(files_of()).rules.sunset is None
    plain = added("rules", "sunset: {after: 365 days}\n").rules.sunset
    assert plain == Sunset(Length(365, Unit.day), 10, frozenset({"news", "offer"}))
    own = added("rules", "sunset: {after: 6 months, mails: 4, classes: celebration}\n").rules.sunset
    assert own == Sunset(Length(6, Unit.month), 4, frozenset({"celebration"}))


def test_replies_has_its_usual_values_and_its_own() -> None:
    assert read(files_of()).rules.replies == Replies("", Length(2, Unit.working_day), (), ())
    own = added(
        "rules",
        """replies:
  to: lena
  due: 1 day
  stop_words: genug davon
  complaint: {words: [mouldy beans, grew legs], due: 4 hours}
  praise: {to: owner, event: subscriber.joined, answered: complaint.opened}
""",
    ).rules.replies
    assert (own.to, own.due, own.stop_words) == ("lena", Length(1, Unit.day), ("genug davon",))
    assert own.of(Kind.complaint) == Answer(due=Length(4, Unit.hour), words=("mouldy beans", "grew legs"))
    assert own.of(Kind.praise) == Answer("owner", None, "subscriber.joined", "complaint.opened")
    assert own.of(Kind.question) == Answer()
    assert own.words[Kind.stop] == ("genug davon",)
    assert own.words[Kind.complaint] == ("mouldy beans", "grew legs")


def test_the_sequence_that_ends_a_silence_may_ask_for_it() -> None:
    text = (BASE / "sequences/first_order.yaml").read_text()
    asks = text.replace("  - send: check_in", "  - {send: check_in, if: start.name == 'silence'}")
    rules = (BASE / HOUSE / "rules.yaml").read_text() + "silence: {at_most: 90 days, start: first_order}\n"
    changed = {"sequences/first_order.yaml": asks}
    assert read(files_of(**changed, **{f"{HOUSE}rules.yaml": rules})).rules.silence is not None
    (problem,) = read_project(files_of(**changed)).problems
    assert problem.message == "'start.name' is never 'silence'"


def test_things_and_numbers() -> None:
    catalogue = read(files_of()).catalogue
    thing, cups = catalogue.things["subscription"], catalogue.numbers["cups"]
    assert (thing.name, thing.key) == ("subscription", "subscription_id")
    assert {name: field.type for name, field in thing.fields.items()} == {
        "renews_on": "day",
        "plan": "text",
        "bags": "number",
    }
    assert ({name: field.type for name, field in cups.fields.items()}, cups.over) == (
        {"brewed": "number", "best_day": "text"},
        "week",
    )


def test_gifts_and_their_budgets() -> None:
    text = """gifts:
  tasting_card:
    worth: 3 EUR
    codes: {pool: codes/cards.csv}
    valid: 60 days
    each_person: 2 per year
    cost: 1.50 EUR
  birthday_bag: {worth: 9 EUR, kind: parcel}
budget: {each_person: 40 EUR per year, all: 2000 EUR per 30 days}
"""
    given = house("gifts", text).house
    card, bag = given.gift("tasting_card"), given.gift("birthday_bag")
    assert isinstance(card, Present)
    assert (card.worth, card.cost) == (Money(Decimal(3), "EUR"), Money(Decimal("1.50"), "EUR"))
    assert (card.pool, card.make, card.valid) == ("codes/cards.csv", "", Length(60, Unit.day))
    assert (card.each_person, card.kind) == ((2, Length(1, Unit.year)), "code")
    assert isinstance(bag, Present)
    assert (bag.kind, bag.cost, bag.each_person) == ("parcel", None, None)
    assert given.budget_each == Budget(Decimal(40), "EUR", Length(1, Unit.year))
    assert given.budget_all == Budget(Decimal(2000), "EUR", Length(30, Unit.day))
    made = read(files_of()).house.gift("tasting_card")
    assert isinstance(made, Present)
    assert made.make == "TASTE-{8}"


def test_ladders() -> None:
    text = """ladders:
  beans:
    taken_when: order.placed
    taken_within: 14 days
    rest: 60 days
    stop_after: 3
    rungs:
      - {id: big_bag, title: The 1 kg bag, if: person.orders.count == 1, products: [BAG-1000, BAG-1000-D]}
      - {id: grinder, title: Hand grinder}
"""
    ladder = house("ladders", text).house.ladder("beans")
    assert isinstance(ladder, LadderRule)
    assert (ladder.taken_when, ladder.taken_within) == ("order.placed", Length(14, Unit.day))
    assert (ladder.rest, ladder.stop_after) == (Length(60, Unit.day), 3)
    first, second = ladder.rungs
    assert (first.id, first.title, first.products) == ("big_bag", "The 1 kg bag", ("BAG-1000", "BAG-1000-D"))
    assert first.condition is not None
    assert (second.condition, second.products) == (None, ("grinder",))
    usual = read(files_of()).house.ladder("beans")
    assert isinstance(usual, LadderRule)
    assert (usual.taken_within, usual.stop_after) == (Length(21, Unit.day), None)


def test_special_days() -> None:
    text = """days:
  eid_al_fitr:
    mood: festive
    2026: 2026-03-20
    "2027": {AE: 2027-03-09, FR: 2027-03-10}
  kestrel_day: {every: 10-01}
"""
    given = house("calendars/ours", text).house
    eid, own = given.day("eid_al_fitr"), given.day("kestrel_day")
    assert isinstance(eid, SpecialDay)
    assert isinstance(own, SpecialDay)
    assert (eid.every, eid.mood) == (None, "festive")
    assert eid.dates == (
        (2026, "", date(2026, 3, 20)),
        (2027, "AE", date(2027, 3, 9)),
        (2027, "FR", date(2027, 3, 10)),
    )
    assert (own.every, own.dates, own.mood) == (MonthDay(10, 1), (), "")


def test_former_names_of_topics_and_themes() -> None:
    topics = (BASE / HOUSE / "topics.yaml").read_text()
    topics = topics.replace("{title: {en: Offers}}", "{title: {en: Offers}, was: promotions}")
    topics = topics.replace("{title: {en: Mother's Day}}", "{title: {en: Mother's Day}, was: mothering}")
    book = house("topics", topics)
    assert (book.topics["offers"].was, book.themes["mothers_day"].was) == ("promotions", "mothering")
    assert book.topics["coffee_tips"].was == ""


def test_former_names_of_tags() -> None:
    topics = (BASE / HOUSE / "topics.yaml").read_text()
    book = house("topics", topics.replace("do_not_ask]", "{tag: do_not_ask, was: no_questions}]"))
    assert book.tags == {"reviewer", "do_not_ask"}
    assert book.renamed == {"tag": {"no_questions": "do_not_ask"}}
    assert not any(read(files_of()).renamed.values())


@pytest.mark.parametrize("kind", ["gifts", "ladders", "calendars/ours"])
def test_toml_holds_the_same_house(kind: str) -> None:
    written = {
        "gifts": '[gifts.tasting_card]\nworth = "3 EUR"\ncodes = { make = "TASTE-{8}" }\nvalid = "60 days"\n'
        'each_person = "2 per year"\n',
        "ladders": '[ladders.beans]\ntaken_when = "order.placed"\nrest = "60 days"\n[[ladders.beans.rungs]]\n'
        'id = "big_bag"\ntitle = "The 1 kg bag"\nif = "person.orders.count == 1"\n[[ladders.beans.rungs]]\n'
        'id = "grinder"\ntitle = "Hand grinder"\n',
        "calendars/ours": '[days.kestrel_day]\nevery = "10-01"\n',
    }
    files = files_of(**{f"{HOUSE}{kind}.toml": written[kind]})
    del files[f"{HOUSE}{kind}.yaml"]
    toml, yaml = read(files).house, read(files_of()).house
    assert [one.name for one in (*toml.gifts, *toml.ladders, *toml.days)] == [
        one.name for one in (*yaml.gifts, *yaml.ladders, *yaml.days)
    ]
    assert [(one.make, one.valid, one.each_person) for one in toml.gifts] == [
        (one.make, one.valid, one.each_person) for one in yaml.gifts
    ]
    assert [day.every for day in toml.days] == [day.every for day in yaml.days]


def test_keep_has_its_usual_lengths_and_its_own() -> None:
    assert read(files_of()).rules.keep == Keep()
    own = added("rules", "keep: {reasons: 2 years, posts: 1 week, bodies: 0 days}\n").rules.keep
    assert own == Keep(Length(2, Unit.year), Keep().journal, Length(1, Unit.week), bodies=Length(0, Unit.day))
    assert own.before("reasons", datetime(2027, 3, 9, tzinfo=UTC)) == datetime(2025, 3, 7, tzinfo=UTC)
