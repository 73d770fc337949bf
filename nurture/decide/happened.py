"""What happened in a stretch of time: the events behind count, got, bought and worked-out facts (language.md 3, 7)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

from nurture.decide.calendar import add_dates
from nurture.decide.clock import day_start, local_day
from nurture.decide.orders import standing
from nurture.decide.scene import Scene
from nurture.model.event import Event, Line, Money
from nurture.model.length import Length
from nurture.model.renaming import mail_today

_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)


def dates_back(day: date, length: Length) -> date:
    """The date that many days, weeks, months or years before; months clip to their end."""
    return add_dates(day, Length(-length.amount, length.unit))


def first_instant(scene: Scene, within: Length) -> datetime:
    """The first instant that still lies `within`: so many local dates ending today, or elapsed time up to now."""
    if within.elapsed:
        return scene.now - timedelta(seconds=within.seconds) + _TICK
    return day_start(dates_back(local_day(scene.now, scene.clock), within) + _DAY, scene.clock)


def inside(scene: Scene, moments: list[datetime], within: Length | None) -> list[datetime]:
    """Those that have come and, with `within`, have not yet passed out of it."""
    if not moments:
        return moments
    now = scene.now
    if within is None:
        return [moment for moment in moments if moment <= now]
    earliest = first_instant(scene, within)
    return [moment for moment in moments if earliest <= moment <= now]


def occurred(scene: Scene, name: str) -> list[Event]:
    """The person's events of a name, also those told ahead of their time; an undone order did not happen."""
    rule = scene.book.catalogue.orders
    if rule is not None and name == rule.event:
        return standing(rule, scene.person.events)
    return [event for event in scene.person.events if event.name == name]


def mailed(scene: Scene, name: str) -> list[datetime]:
    """When a mail of that name went to the person, under whatever name it had then; a cancelled one did not."""
    renamed = scene.book.renamed
    return [
        message.at
        for message in scene.person.messages
        if not message.cancelled and (message.mail == name or mail_today(message.mail, renamed) == name)
    ]


def has_line(event: Event, product: str) -> bool:
    """Whether an order has a line of that product."""
    for value in event.fields.values():
        if type(value) is tuple:  # not money, not a day: those are named tuples
            for line in value:
                if isinstance(line, Line) and line.product == product:
                    return True
    return False


def purchases(scene: Scene, product: str) -> list[datetime]:
    """When that product was bought, undone orders left out."""
    rule = scene.book.catalogue.orders
    if rule is None:
        return []
    return [event.happened_at for event in occurred(scene, rule.event) if has_line(event, product)]


def worked_out(scene: Scene, name: str) -> object | None:
    """A fact that the catalogue takes from events (`from: EVENT, take: ...`); None when there is no such rule."""
    field = scene.book.catalogue.person.get(name)
    if field is None or not field.take:
        return None
    return _TAKES[field.take](scene, occurred(scene, field.source), field.take_field)


def _count(_scene: Scene, events: list[Event], _field: str) -> object:
    return len(events)


def _days(scene: Scene, events: list[Event], _field: str) -> object:
    return len({local_day(event.happened_at, scene.clock) for event in events})


def _first(_scene: Scene, events: list[Event], field: str) -> object | None:
    return _taken(min(events, key=_order, default=None), field)


def _last(_scene: Scene, events: list[Event], field: str) -> object | None:
    return _taken(max(events, key=_order, default=None), field)


def _sum(scene: Scene, events: list[Event], field: str) -> object:
    """Like the total of orders: amounts in another currency than the project's are not added."""
    values = (as_number(event.fields.get(field), scene) for event in events)
    return sum(value for value in values if value is not None)


_TAKES: dict[str, Callable[[Scene, list[Event], str], object | None]] = {
    "count": _count,
    "days": _days,
    "first": _first,
    "last": _last,
    "sum": _sum,
}


def _order(event: Event) -> tuple[datetime, int]:
    return (event.happened_at, event.number)


def _taken(event: Event | None, field: str) -> object | None:
    if event is None:
        return None
    return event.fields.get(field) if field else event.happened_at


def as_number(value: object, scene: Scene) -> int | float | None:
    """A number as conditions compare it: money by its amount, and unknown in another currency than the project's."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, Money):
        return float(value.amount) if value.currency == scene.book.rules.currency else None
    return float(value) if isinstance(value, Decimal) else None
