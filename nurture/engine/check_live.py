"""What live data says of the files (`check --state`, language.md 9.4 and 11.2), each finding at its place.

W314, W318, W320, W330, I341, and W358 of this module's own: zones that do not exist. Of a large shop a sample of
people is looked at, the same one every time: ids follow from no date and from no name, so the first are a fair one.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from nurture.decide.clock import local_day, reader_clock
from nurture.decide.names import reader
from nurture.decide.scene import Scene
from nurture.decide.shop import shop_clock, shop_country
from nurture.decide.zones import known_zone
from nurture.engine.check import Checked
from nurture.engine.doctor_feasts import estimated
from nurture.engine.forecast import PAGE, Question, Someone, lived
from nurture.engine.imagined import imagined
from nurture.engine.live import plain_book
from nurture.language.report import without
from nurture.model.book import Book
from nurture.model.decision import Why
from nurture.model.expression import Condition, IsKnown, Name
from nurture.model.moving import walk
from nurture.model.person import Person
from nurture.model.place import Place, Problem
from nurture.model.sequence import Sequence, Status
from nurture.model.step import Gift, Send
from nurture.model.trigger import DayTrigger, HolidayTrigger, ManualTrigger, OnceTrigger
from nurture.model.values import dataclass
from nurture.store.open import Store
from nurture.store.reasons_of_some import judged

SAMPLE = 1_000  # people whose facts, reasons and coming days are looked at
ZONES_SEEN = 20_000
OFTEN = 10  # one in so many
RARELY = 100  # one in so many
FEWEST = 10  # messages judged, below which nothing is said of how often they were lost
CODES_FOR = timedelta(days=30)
NOBODY_FOR = timedelta(days=60)
LOST = (Why.capped, Why.moved)
CATALOGUE = "sequences/house/catalogue.yaml"


@dataclass(frozen=True, slots=True)
class Shop:
    """What is asked: the book of the files beside the store, at an instant (UTC), and some people of it."""

    book: Book
    store: Store
    now: datetime
    some: tuple[Someone, ...]
    people: int


def with_live(checked: Checked, store: Store, now: datetime) -> Checked:
    """The findings with those that live data gives; none for files with errors, or before the first apply."""
    live = plain_book(store)
    if checked.book is None or live is None:
        return checked
    shop = Shop(checked.book, store, now, tuple(_some(store, now)), store.counts().people)
    found = [
        *_pushed_aside(shop), *_codes(shop), *_often_unknown(shop), *_estimates(shop), *_no_such_zones(shop),
        *_started_nobody(shop, live),
    ]  # fmt: skip
    return replace(checked, problems=without([*checked.problems, *found], checked.allowed))


def _some(store: Store, now: datetime) -> Iterator[Someone]:
    seen = 0
    for ids in store.everybody():
        page = ids[: SAMPLE - seen]
        for person, arrived in store.people(page, now):
            yield Someone(person, tuple(arrived), "")
        seen += len(page)
        if seen >= SAMPLE:
            return


def _pushed_aside(shop: Shop) -> Iterator[Problem]:
    """W314: a mail of a day that is not fixed, and that limits often moved off its day for better-ranked ones."""
    wanted = {(name, send.id): send for name, one in sorted(shop.book.sequences.items()) for send in _on_their_day(one)}
    if not wanted or not shop.some:
        return
    people = [one.person.id for one in shop.some]
    counted = judged(shop.store.database, people, shop.now - timedelta(days=365), (*LOST, Why.sent))
    for (name, step), send in wanted.items():
        lost = sum(counted[name, step, why] for why in LOST)
        total = lost + counted[name, step, Why.sent]
        if total >= FEWEST and lost * OFTEN > total:
            message = f"'{send.mail}' belongs to a day, and other mail came first {lost} of {total} times"
            cure = f"fixed: true, or a class that goes first; nurture explain --why-nobody {name}"
            yield Problem("W314", send.place, message, cure)


def _on_their_day(sequence: Sequence) -> Iterator[Send]:
    """The mails of a sequence of days that are no longer worth much a day or two later, and give way all the same."""
    if not sequence.start or not all(isinstance(one, DayTrigger | HolidayTrigger) for one in sequence.start):
        return
    for node in sequence.nodes.values():
        step = node.step
        if isinstance(step, Send) and not step.fixed and step.class_ not in ("service", "offer"):
            days = step.valid_for.days if step.valid_for.days is not None else step.valid_for.seconds // 86_400
            if days <= 2:
                yield step


def _codes(shop: Shop) -> Iterator[Problem]:
    """W318: more codes forecast than left. The sample is lived forward, with days lent as `simulate` lends them."""
    running = (one for one in shop.book.sequences.values() if one.status is not Status.draft)
    steps = (node.step for one in running for node in one.nodes.values())
    given = {step.gift for step in steps if isinstance(step, Gift)}
    pools = [present for present in shop.book.house.gifts if present.pool and present.name in given]
    if not pools:
        return
    stock = shop.store.outbox.codes.stock()
    wanted = _forecast(shop)
    for present in pools:
        free = stock[present.name].free if present.name in stock else 0
        needed = wanted.get(present.name, 0)
        if needed > free or not free:
            place = present.place or Place("sequences/house/gifts.yaml")
            message = f"no code of '{present.name}' is left"
            if free:
                message = f"about {needed:,} codes of '{present.name}' go out in 30 days, and {free:,} are left"
            yield Problem("W318", place, message, f"put new codes into {present.pool}, then nurture codes add")


def _forecast(shop: Shop) -> dict[str, int]:
    """Codes by gift for everybody in the next thirty days, worked out from the sample."""
    end = shop.now + CODES_FOR
    question = Question(shop.book, shop.now, shop.now, end, imagined(shop.store, shop.book, shop.now))
    gifts: Counter[str] = Counter()
    for start in range(0, len(shop.some), PAGE):
        gifts.update(lived(question, shop.some[start : start + PAGE]).gifts)
    return {gift: -(-number * shop.people // len(shop.some)) for gift, number in gifts.items()}


def _often_unknown(shop: Shop) -> Iterator[Problem]:
    """W320: while the fact is missing, `while`, `stop_when` and `goal` cannot hold anything back (6.3)."""
    for _, sequence in sorted(shop.book.sequences.items()):
        people = [one.person for one in shop.some if _may_be_inside(sequence, one.person)]
        if sequence.status is Status.draft or not people:
            continue
        for condition in _stopping(sequence):
            for name in _unguarded(condition):
                missing = sum(not _known(shop, person, name) for person in people)
                if missing * RARELY > len(people):
                    message = (
                        f"'{name}' is not known of {missing:,} in {len(people):,} people, and then nothing stops here"
                    )
                    yield Problem("W320", condition.place, message, f"{condition.text} or {name} is unknown")


def _stopping(sequence: Sequence) -> Iterator[Condition]:
    """The conditions that end an enrolment. A `while` that cannot be answered ends it, so it lets no mail through."""
    yield from (rule.condition for rule in sequence.stop_when if rule.condition is not None)
    if sequence.goal is not None and sequence.goal.stop and sequence.goal.condition is not None:
        yield sequence.goal.condition


def _may_be_inside(sequence: Sequence, person: Person) -> bool:
    stage = {person.stage.id} if person.stage else set()
    return not sequence.stage or bool((stage | person.moments) & set(sequence.stage))


def _unguarded(condition: Condition) -> list[Name]:
    """The facts of the person that it asks for, but for those of which it asks whether they are known."""
    parts = list(walk(condition.root))
    guarded = {str(part.item) for part in parts if isinstance(part, IsKnown)}
    named = {str(part): part for part in parts if isinstance(part, Name) and part.path[0] in ("person", "numbers")}
    return [part for name, part in sorted(named.items()) if name not in guarded]


def _known(shop: Shop, person: Person, name: Name) -> bool:
    return reader(name)(Scene(shop.book, person, shop.now, reader_clock(shop.book.rules, person.facts))) is not None


def _estimates(shop: Shop) -> Iterator[Problem]:
    """W330: feasts that hang on the moon, within sixty days, in the countries that people live in."""
    rules = shop.book.rules
    today = local_day(shop.now, shop_clock(rules))
    countries = (*shop.store.figures.countries(), shop_country(rules.zone))
    for _, sequence in sorted(shop.book.sequences.items()):
        for trigger in sequence.start if sequence.status is not Status.draft else ():
            days = trigger.days if isinstance(trigger, HolidayTrigger) else ()
            for name, day, where in estimated(shop.book, days, countries, today):
                message = f"{name} on {day} is only an estimate in {', '.join(where)}: the moon decides"
                said = f'{name}: {{"{day.year}": {{{where[0]}: {day}}}}}'
                yield Problem("W330", trigger.place, message, f"once it is announced, in house/calendars/: {said}")


def _no_such_zones(shop: Shop) -> Iterator[Problem]:
    """W358: who has such a zone is placed by their country, or by the project's zone (6.8)."""
    told = [zone for _, zone in shop.store.figures.zones_told(ZONES_SEEN)]
    unknown = {zone for zone in set(told) if known_zone(zone) is None}
    fact = shop.book.catalogue.person.get("zone")
    if unknown:
        wrong = Counter(zone for zone in told if zone in unknown)
        shown = ", ".join(f"'{zone}'" for zone, _ in wrong.most_common(3))
        message = f"{wrong.total():,} of {len(told):,} zones that we were told do not exist, such as {shown}"
        place = fact.place if fact is not None and fact.place is not None else Place(CATALOGUE)
        yield Problem("W358", place, message, "send IANA names such as Europe/Paris; nurture doctor names the people")


def _started_nobody(shop: Shop, live: Book) -> Iterator[Problem]:
    """I341: live for sixty days, and nobody ever came in that time. Not of broadcasts and what people start by hand."""
    for name, sequence in sorted(shop.book.sequences.items()):
        applied = live.applied.get(name)
        itself = [one for one in sequence.start if not isinstance(one, ManualTrigger | OnceTrigger)]
        if applied is None or sequence.status is not Status.live or not itself:
            continue
        since = shop.now - NOBODY_FOR
        if max(applied.live_since, applied.starts_since or applied.live_since) > since:
            continue
        if not shop.store.figures.anybody_started(name, since):
            message = f"'{name}' is live, and started nobody in 60 days"
            yield Problem("I341", sequence.place, message, f"nurture explain --why-nobody {name} --last 60d")
