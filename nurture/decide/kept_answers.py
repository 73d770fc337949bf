"""What a webhook answered, as a fact of the type that the catalogue says (language.md 3 and 4.3)."""

from datetime import UTC, date, datetime, time
from math import isfinite

from nurture.decide.clock import Clock, at
from nurture.model.catalogue import Field

NOON = time(12, 0)
NOT_KEPT = "what it answered does not fit and is not kept"


def as_fact(fact: Field, answered: object, shop: Clock) -> object | None:
    """The value of a fact that an answer stands for, read as an import reads its cells; None where it fits none.

    A moment without an offset is meant on the shop's clock, and is kept in UTC.
    """
    text = written(answered)
    try:
        match fact.type:
            case "text":
                return text if not fact.one_of or text in fact.one_of else None
            case "bool":
                return answered if isinstance(answered, bool) else None
            case "number":
                return None if isinstance(answered, bool) or not isfinite(float(text)) else _number(float(text))
            case "day":
                return date.fromisoformat(text[:10])
            case "moment":
                return _moment(datetime.fromisoformat(text), len(text) <= len("2027-03-02"), shop)
    except (ValueError, OverflowError):  # it is none of that type
        return None
    return None


def written(answered: object) -> str:
    """An answer as text: JSON's words for true and false."""
    return str(answered).lower() if isinstance(answered, bool) else str(answered)


def _number(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _moment(found: datetime, only_day: bool, shop: Clock) -> datetime:
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    return at(found.date(), NOON if only_day else found.time(), shop)
