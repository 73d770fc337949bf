"""What a webhook answered becomes a fact of its type, or none."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from nurture.decide.clock import Clock
from nurture.decide.kept_answers import as_fact
from nurture.model.catalogue import Field

PARIS = Clock(ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("kind", "answered", "value"),
    [
        ("text", "gold", "gold"), ("text", 7, "7"), ("text", True, "true"),
        ("bool", True, True), ("bool", "true", None), ("bool", 1, None),
        ("number", 7, 7), ("number", 7.5, 7.5), ("number", "7.0", 7), ("number", "many", None),
        ("number", True, None), ("number", "inf", None), ("number", "nan", None),
        ("day", "2027-03-02", date(2027, 3, 2)), ("day", "2027-03-02T10:00:00Z", date(2027, 3, 2)),
        ("day", "2027-02-30", None), ("day", "soon", None), ("day", 7, None), ("day", True, None),
        ("moment", "2027-03-02T10:00:00+03:00", datetime(2027, 3, 2, 7, tzinfo=UTC)),
        ("moment", "2027-03-02 10:00", datetime(2027, 3, 2, 9, tzinfo=UTC)),
        ("moment", "2027-03-02", datetime(2027, 3, 2, 11, tzinfo=UTC)),
        ("moment", "0001-01-01T00:00:00+14:00", None), ("moment", "banana", None),
        ("tags", "a b", None), ("money", "7 EUR", None),
    ],
)  # fmt: skip
def test_an_answer_as_a_fact(kind: str, answered: object, value: object) -> None:
    found = as_fact(Field("fact", kind), answered, PARIS)
    assert (found, type(found)) == (value, type(value))


def test_a_closed_list_keeps_others_out() -> None:
    fact = Field("brew_method", "text", one_of=("espresso", "moka"))
    assert as_fact(fact, "moka", PARIS) == "moka"
    assert as_fact(fact, "banana", PARIS) is None
