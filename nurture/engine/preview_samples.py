"""What a preview shows in place of what is settled only at sending: gifts, rungs, variants."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from nurture.decide.assume import last_day, sample_code
from nurture.decide.conditions import evaluate, truth
from nurture.decide.gifts import carries
from nurture.decide.scene import Scene
from nurture.engine.cells import CellError, reader
from nurture.model.book import Book
from nurture.model.catalogue import Field
from nurture.model.event import Line, Money
from nurture.model.expression import Expression, Kind, Name
from nurture.model.house import Rung
from nurture.model.sequence import Sequence
from nurture.model.step import Gift, Offer, Send

PRICE = Decimal("18.00")


def codes_shown(book: Book, sequence: Sequence, send: Send, today: date) -> dict[str, object]:
    """The variables that show a gift: a code that is plainly none, and the last day were it given today."""
    shown: dict[str, object] = {}
    for step, variables in carries(send).items():
        gift = sequence.nodes[step].step
        present = book.house.gift(gift.gift) if isinstance(gift, Gift) else None
        if present is None or not isinstance(gift, Gift):
            continue
        values = {
            "code": sample_code(present),
            "expires_on": last_day(today, gift.valid or present.valid),
        }
        shown |= {variable: values[part] for part, variable in variables.items()}
    return shown


def rung_shown(send: Send, scene: Scene) -> dict[str, object]:
    """What a ladder gives its mail: the first rung that fits the reader, or the first of all."""
    rule = scene.book.house.ladder(send.ladder) if isinstance(send, Offer) else None
    if rule is None or not rule.rungs:
        return {}
    fits = next((rung for rung in rule.rungs if _fits(rung, scene)), rule.rungs[0])
    return {"rung": fits.id, "rung_title": fits.title}


def _fits(rung: Rung, scene: Scene) -> bool:
    return rung.condition is None or truth(rung.condition, scene) is True


def variant_shown(book: Book, send: Send, scene: Scene) -> str:
    """The variant that the step names; what it works out to must be a folder of the mail, or there is none."""
    if send.variant_from is None:
        return send.variant
    found = str(evaluate(send.variant_from, scene) or "")
    return found if found in book.mails[send.mail].variants else ""


def field_of(book: Book, name: str, value: Expression) -> Field:
    """The field that a variable shows, of the person's things or numbers if the catalogue has it; else by its type."""
    path = value.path if isinstance(value, Name) else ()
    fields: Mapping[str, Field] = {}
    if path[:1] == ("numbers",) and path[1] in book.catalogue.numbers:
        fields = book.catalogue.numbers[path[1]].fields
    elif path[:1] and path[0] in book.catalogue.things:
        fields = book.catalogue.things[path[0]].fields
    return fields.get(path[-1], Field(name, value.kind.value)) if path else Field(name, value.kind.value)


def nothing_told(value: object) -> bool:
    """Whether a variable shows nothing that is known."""
    return value is None or (isinstance(value, Mapping) and not any(part is not None for part in value.values()))


def sample_of(book: Book, name: str, value: Expression, now: datetime) -> object:
    """A value for a variable; for numbers together one of each."""
    if isinstance(value, Name) and value.kind is Kind.record:
        fields = book.catalogue.numbers[value.path[1]].fields
        return {key: sample(book, field, now) for key, field in fields.items()}
    return sample(book, field_of(book, name, value), now)


def example_of(book: Book, field: Field) -> object:
    """The example of the catalogue as a value of its type; None without one, or where it is none of that type."""
    if not isinstance(field.example, str):
        return field.example
    try:
        return reader(field, book.rules.currency, ZoneInfo(book.rules.zone))(field.example)
    except CellError:
        return None


def sample(book: Book, field: Field, now: datetime) -> object:
    """A value of a field: its example, the first of its closed list, or one made up from its type."""
    if (example := example_of(book, field)) is not None:
        return example
    if field.one_of:
        return field.one_of[0]
    price = Money(PRICE, book.rules.currency)
    by_type: dict[str, object] = {
        "number": 3,
        "bool": True,
        "day": date(now.year, now.month, now.day),
        "moment": now,
        "money": price,
        "lines": (Line("Three-origin sampler", 1, price),),
        "tags": (),
    }
    return by_type.get(field.type, field.name.replace("_", " "))
