"""A made-up shop for `nurture demo`: 300 people and what they did in a year, the same for the same seed.

Randomness is drawn here and nowhere else in nurture: this invents a world for the demo and for
tests. What nurture decides about that world draws nothing (architecture.md 1).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random  # noqa: TID251 - invents the demo's world; no decision is drawn

from nurture.engine.demo_lives import further_deeds
from nurture.engine.demo_shapes import Deed, Someone
from nurture.model.event import Money
from nurture.model.values import dataclass

PEOPLE = 300
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives: language, country, zones, first names, and feasts that some of them keep."""

    locale: str
    country: str
    zones: tuple[str, ...]
    names: tuple[str, ...]
    share: int
    feasts: tuple[str, ...] = ()


EIDS = ("eid_al_fitr", "eid_al_adha")
HOMES = (
    Home(
        "en",
        "GB",
        ("Europe/London",),
        ("Grace", "Oliver", "Amelia", "Harry", "Isla", "Noah", "Poppy", "Jack"),
        25,
        ("christmas", "diwali"),
    ),
    Home(
        "en",
        "US",
        ("America/New_York", "America/Chicago", "America/Los_Angeles", ""),
        ("Emma", "Liam", "Ava", "Mason", "Ruth", "Ethan", "Nora", "Walter"),
        15,
        ("christmas", "hanukkah", "diwali"),
    ),
    Home(
        "tr", "TR", ("Europe/Istanbul",), ("Ayşe", "Mehmet", "Zeynep", "Emre", "İpek", "Can", "Elif", "Ömer"), 20, EIDS
    ),
    Home("ar", "EG", ("Africa/Cairo",), ("سلمى", "أحمد", "ليلى", "يوسف", "مريم", "عمر", "نور", "كريم"), 10, EIDS),
    Home("ar", "AE", ("Asia/Dubai",), ("فاطمة", "راشد", "هند", "سعيد"), 8, EIDS),
    Home(
        "he",
        "IL",
        ("Asia/Jerusalem",),
        ("נועה", "יוסי", "תמר", "איתן", "מאיה", "דניאל", "שירה", "אורי"),
        12,
        ("hanukkah",),
    ),
    Home(
        "hy",
        "AM",
        ("Asia/Yerevan",),
        ("Անի", "Արամ", "Նարե", "Տիգրան", "Մարիամ", "Դավիթ"),
        10,
        ("christmas", "vardavar"),
    ),
)
PRODUCTS = (("sampler", "18.00"), ("bag_250", "11.50"), ("bag_1kg", "34.00"), ("moka_pot", "42.00"))
BREWS = ("espresso", "filter", "moka", None)


def people(seed: int, today: datetime, count: int = PEOPLE) -> list[Someone]:
    """So many contacts who joined in the year before `today` (UTC), the oldest first."""
    draw = Random(seed)  # noqa: S311 - no secret: a demo that is the same every time
    homes = draw.choices(HOMES, weights=[home.share for home in HOMES], k=count)
    joined = sorted(hour_of_day(draw, today - YEAR * draw.random() * draw.random() - timedelta(days=1)) for _ in homes)
    found = [
        someone(draw, number, home, at, today) for number, (home, at) in enumerate(zip(homes, joined, strict=True))
    ]
    further = Random(seed + 2)  # noqa: S311 - as above
    return [told_more(further, home, one) for home, one in zip(homes, found, strict=True)]


def told_more(draw: Random, home: Home, person: Someone) -> Someone:
    """The same, with the feasts that some said they keep, and the letters that some asked for."""
    kept = draw.sample(home.feasts, draw.randint(1, len(home.feasts))) if draw.random() < 0.4 else []
    asked = tuple(topic for topic, share in (("weekly_cups", 0.7), ("news", 0.6)) if draw.random() < share)
    facts = {**person.facts, "observes": tuple(kept)} if kept else person.facts
    return replace(person, facts=facts, topics=(*person.topics, *asked) if person.topics else ())


def someone(draw: Random, number: int, home: Home, joined: datetime, today: datetime) -> Someone:
    """One contact: some facts stay unknown, as in life."""
    facts: dict[str, object] = {
        "first_name": draw.choice(home.names),
        "locale": home.locale,
        "country": home.country,
        "zone": draw.choice(home.zones) or None,
        "birthday": birthday(draw, today) if draw.random() < 0.8 else None,
        "brew_method": draw.choice(BREWS),
    }
    topics = tuple(
        topic
        for topic, share in (("coffee_tips", 0.8), ("order_care", 0.95), ("celebrations", 0.85), ("offers", 0.4))
        if draw.random() < share
    )
    known = {name: value for name, value in facts.items() if value is not None}
    return Someone(f"c{number:04}", f"customer{number:04}@shop.example", joined, known, topics)


def birthday(draw: Random, today: datetime) -> date:
    """A grown-up's birthday; leap days come up too."""
    return (today - YEAR * draw.uniform(19, 75)).date()


def hour_of_day(draw: Random, day: datetime) -> datetime:
    """A moment on that day, between 6 and 21 UTC, to the minute."""
    return day.replace(hour=draw.randint(6, 20), minute=draw.randint(0, 59), second=0, microsecond=0)


def deeds(seed: int, everybody: list[Someone], today: datetime) -> list[Deed]:
    """What all of them did before `today`, in the order in which it happened."""
    draw = Random(seed + 1)  # noqa: S311 - as above
    done = [deed for person in everybody for deed in life(draw, person) if deed.at < today]
    further = Random(seed + 3)  # noqa: S311 - as above
    of_person: dict[str, list[Deed]] = {}
    for deed in done:
        of_person.setdefault(deed.person, []).append(deed)
    for person in everybody:
        more = further_deeds(further, person, of_person.get(person.id, []), today)
        done += [deed for deed in more if deed.at < today]
    return sorted(done, key=lambda deed: (deed.at, deed.person, deed.name))


def life(draw: Random, person: Someone) -> Iterator[Deed]:
    """One contact's dealings with the shop: joining, buying by a rhythm of their own, a word now and then."""
    yield Deed(person.id, "subscriber.joined", person.joined, {"source": draw.choice(["shop", "market", "friend"])})
    if draw.random() < 0.2:
        return
    rhythm = draw.choice([21, 28, 35, 45, 60])
    at = person.joined + timedelta(days=draw.choice([0, 0, 3, 9, 20]))
    stays = 0.35 if draw.random() < 0.4 else 0.9
    for number in range(40):
        order = f"{person.id}-{number:02}"
        yield from order_deeds(draw, person, order, hour_of_day(draw, at) + timedelta(minutes=1))
        if draw.random() > stays:
            return
        at += timedelta(days=max(5, round(draw.gauss(rhythm, rhythm / 5))))


def order_deeds(draw: Random, person: Someone, order: str, at: datetime) -> Iterator[Deed]:
    """One order and what follows it: delivery, at times a review, a complaint, a cancellation."""
    product, price = draw.choice(PRODUCTS)
    total = Money(Decimal(price) * draw.choice([1, 1, 1, 2, 3]), "EUR")
    yield Deed(person.id, "order.placed", at, {"order_id": order, "total": total})
    chance = draw.random()
    if chance < 0.04:
        yield Deed(person.id, "order.cancelled", at + timedelta(hours=5), {"order_id": order})
        return
    there = at + timedelta(days=draw.choice([2, 3, 3, 4]), hours=1)
    yield Deed(person.id, "order.delivered", there, {"order_id": order, "product": product})
    if chance < 0.15:
        stars = draw.choice([3, 4, 5, 5])
        yield Deed(person.id, "review.posted", there + timedelta(days=2), {"stars": stars, "words": "Lovely."})
    elif chance < 0.22:
        ticket = f"T-{order}"
        opened = there + timedelta(days=1)
        yield Deed(person.id, "complaint.opened", opened, {"ticket": ticket, "about": "The bag came open."})
        yield Deed(person.id, "complaint.resolved", opened + timedelta(days=2), {"ticket": ticket})
