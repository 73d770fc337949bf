"""One small world in which conditions are asked: a catalogue, a Paris clock, and someone of whom little is known."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from nurture.decide.clock import Clock
from nurture.decide.conditions import truth
from nurture.decide.scene import Scene
from nurture.language.expressions import parse_condition, scope_of
from nurture.language.scope import StepWords
from nurture.model.book import Book
from nurture.model.catalogue import Catalogue, Field, OrderRule
from nurture.model.event import Event, Line, Money
from nurture.model.expression import Condition
from nurture.model.person import Person
from nurture.model.place import Place
from nurture.model.rules import Rules


def fields(**types: str) -> dict[str, Field]:
    return {name: Field(name, kind) for name, kind in types.items()}


CATALOGUE = Catalogue(
    person={
        **fields(country="text", birthday="day", vip_since="day", seen_at="moment", visits="number", spent="money"),
        **fields(subscribed="bool", observes="tags"),
        "reviews": Field("reviews", "", source="review.posted", take="count"),
        "review_days": Field("review_days", "", source="review.posted", take="days"),
        "first_stars": Field("first_stars", "", source="review.posted", take="first", take_field="stars"),
        "last_review": Field("last_review", "", source="review.posted", take="last"),
        "stars": Field("stars", "", source="review.posted", take="sum", take_field="stars"),
        "turnover": Field("turnover", "", source="order.placed", take="sum", take_field="total"),
    },
    orders=OrderRule("order.placed", "order_id", ("order.cancelled",)),
    events={
        "order.placed": fields(order_id="text", total="money", lines="lines"),
        "order.cancelled": fields(order_id="text"),
        "review.posted": fields(stars="number", words="text"),
        "complaint.opened": fields(ticket="text", on="day"),
    },
)
SCOPE = (
    scope_of(CATALOGUE, stages=("vip", "looking"), moments=("telling",), tags=("reviewer",), mails=("welcome",))
    .with_start(["complaint.opened"])
    .with_event(["review.posted", "complaint.opened"])
    .with_steps({"hello": StepWords("send", ("sent", "capped"))})
)
BOOK = Book(Rules("test"), CATALOGUE)
PARIS = Clock(ZoneInfo("Europe/Paris"))
NOW = datetime(2027, 3, 8, 9, 0, tzinfo=UTC)


def condition(text: str) -> Condition:
    found, problems = parse_condition(text, Place("test"), SCOPE)
    assert found is not None, problems
    return found


def at(text: str) -> datetime:
    """A wall time in Paris as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS.zone).astimezone(UTC)


def happened(name: str, when: str, number: int = 1, **values: object) -> Event:
    return Event(f"{name}{number}", name, at(when), at(when), number, values)


def person(**known: object) -> Person:
    """Someone of whom only this is known; what is not a part of a Person is a fact."""
    parts = {name: known.pop(name) for name in list(known) if name in Person.__dataclass_fields__}
    return Person("p1", NOW, known, **parts)  # type: ignore[arg-type]


def scene(someone: Person | None = None, now: datetime = NOW) -> Scene:
    return Scene(BOOK, someone or person(), now, PARIS)


def answer(text: str, someone: Person | None = None, now: datetime = NOW) -> bool | None:
    return truth(condition(text), scene(someone, now))


REVIEWS = (
    happened("review.posted", "2026-12-09 23:59", 1, stars=5),
    happened("review.posted", "2026-12-10 00:00", 2, stars=3),
    happened("review.posted", "2027-03-08 09:00", 3, stars=5),
    happened("review.posted", "2027-03-08 09:30", 4, stars=5),
    happened("review.posted", "2027-03-08 11:00", 5, stars=1),
)


def order(number: int, when: str, product: str) -> Event:
    lines = (Line("other"), Line(product))
    return happened("order.placed", when, number, order_id=f"o{number}", total=Money(Decimal(10), "EUR"), lines=lines)
