"""A made-up shop for `nurture demo`: 300 people and what they did in a year, the same for the same seed.

Randomness is drawn here and nowhere else in nurture: this invents a world for the demo and for
tests. What nurture decides about that world draws nothing (architecture.md 1).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random  # noqa: TID251 - invents the demo's world; no decision is drawn

from nurture.model.event import Money

PEOPLE = 300
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives: language, country, zones, and first names from there."""

    locale: str
    country: str
    zones: tuple[str, ...]
    names: tuple[str, ...]
    share: int


HOMES = (
    Home("en", "GB", ("Europe/London",), ("Grace", "Oliver", "Amelia", "Harry", "Isla", "Noah", "Poppy", "Jack"), 25),
    Home(
        "en",
        "US",
        ("America/New_York", "America/Chicago", "America/Los_Angeles", ""),
        ("Emma", "Liam", "Ava", "Mason", "Ruth", "Ethan", "Nora", "Walter"),
        15,
    ),
    Home("tr", "TR", ("Europe/Istanbul",), ("Ayşe", "Mehmet", "Zeynep", "Emre", "İpek", "Can", "Elif", "Ömer"), 20),
    Home("ar", "EG", ("Africa/Cairo",), ("سلمى", "أحمد", "ليلى", "يوسف", "مريم", "عمر", "نور", "كريم"), 10),
    Home("ar", "AE", ("Asia/Dubai",), ("فاطمة", "راشد", "هند", "سعيد"), 8),
    Home("he", "IL", ("Asia/Jerusalem",), ("נועה", "יוסי", "תמר", "איתן", "מאיה", "דניאל", "שירה", "אורי"), 12),
    Home("hy", "AM", ("Asia/Yerevan",), ("Անի", "Արամ", "Նարե", "Տիգրան", "Մարիամ", "Դավիթ"), 10),
)
PRODUCTS = (("sampler", "18.00"), ("bag_250", "11.50"), ("bag_1kg", "34.00"), ("moka_pot", "42.00"))
BREWS = ("espresso", "filter", "moka", None)


@dataclass(frozen=True, slots=True)
class Someone:
    """One made-up contact: an outside id, an address, what is known of them, and the topics they agreed to."""

    id: str
    address: str
    joined: datetime
    facts: dict[str, object]
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a made-up contact did, or the shop did for them."""

    person: str
    name: str
    at: datetime
    fields: dict[str, object] = field(default_factory=dict)


def people(seed: int, today: datetime, count: int = PEOPLE) -> list[Someone]:
    """So many contacts who joined in the year before `today` (UTC), the oldest first."""
    draw = Random(seed)  # noqa: S311 - no secret: a demo that is the same every time
    homes = draw.choices(HOMES, weights=[home.share for home in HOMES], k=count)
    joined = sorted(hour_of_day(draw, today - YEAR * draw.random() * draw.random() - timedelta(days=1)) for _ in homes)
    return [someone(draw, number, home, at, today) for number, (home, at) in enumerate(zip(homes, joined, strict=True))]


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
