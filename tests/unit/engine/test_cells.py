from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from nurture.engine import cells
from nurture.engine.cells import CellError
from nurture.language.project import read_project
from nurture.model.catalogue import Field
from nurture.model.event import Line, Money, MonthDay

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("text", "Zoe\u0301", "Zo\u00e9"),
        ("number", "3", 3),
        ("number", "3.5", 3.5),
        ("bool", "Yes", True),
        ("bool", "0", False),
        ("day", "1991-05-14", date(1991, 5, 14)),
        ("day", "--02-29", MonthDay(2, 29)),
        ("tags", "christmas, diwali", ("christmas", "diwali")),
        ("money", "24.50", Money(Decimal("24.50"), "EUR")),
        ("money", "24 TRY", Money(Decimal(24), "TRY")),
        ("lines", '[{"product": "p", "price": "2"}]', (Line("p", 1, Money(Decimal(2), "EUR")),)),
        ("moment", "2027-03-02", datetime(2027, 3, 2, 11, tzinfo=UTC)),
        ("moment", "2027-07-02 10:00", datetime(2027, 7, 2, 8, tzinfo=UTC)),
        ("moment", "2027-07-02T10:00:00+00:00", datetime(2027, 7, 2, 10, tzinfo=UTC)),
        ("moment", "2027-03-28 02:30", datetime(2027, 3, 28, 1, tzinfo=UTC)),  # does not exist: 03:00
    ],
)
def test_values(type_, text, value):
    assert cells.reader(Field("x", type_), "EUR", PARIS)(text) == value


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("number", "3,5"),
        ("number", "nan"),
        ("bool", "maybe"),
        ("day", "14.05.1991"),
        ("day", "--02-30"),
        ("money", "24,50"),
        ("money", "NaN"),
        ("money", "24 euros"),
        ("lines", "[1]"),
        ("lines", "{"),
        ("moment", "03/02/2027"),
    ],
)
def test_what_is_not_understood_says_what_it_was(type_, text):
    with pytest.raises(CellError):
        cells.reader(Field("x", type_), "EUR", PARIS)(text)


@pytest.mark.parametrize(
    ("declared", "line"),
    [
        ("{product: text, quantity: number, price: money}", Line("p", 3, Money(Decimal(2), "EUR"))),
        ("{product: text, quantity: number}", Line("p", 3)),
        ("{product: text, price: money}", Line("p", 1, Money(Decimal(2), "EUR"))),
        ("{product: text}", Line("p")),
    ],
)
def test_of_a_line_is_taken_in_what_the_catalogue_declares(declared, line):
    catalogue = f"events:\n  order.placed: {{lines: [{declared}]}}\n"
    book = read_project({"sequences/house/catalogue.yaml": catalogue.encode()}).partial
    field = book.catalogue.events["order.placed"]["lines"]
    assert cells.reader(field, "EUR", PARIS)('[{"product": "p", "quantity": 3, "price": "2"}]') == (line,)


def test_a_closed_list_knows_its_words():
    read = cells.reader(Field("x", "text", one_of=("filter", "moka")), "EUR", PARIS)
    assert read("moka") == "moka"
    with pytest.raises(CellError, match="none of filter, moka"):
        read("mokka")


@pytest.mark.parametrize(
    ("text", "value"),
    [("Lena@Shop.Example", "Lena@shop.example"), ("ali@örnek.com.tr", "ali@örnek.com.tr")],
)
def test_addresses(text, value):
    assert cells.address(text) == value


@pytest.mark.parametrize(
    "text", ["lena", "lena@", "@shop.example", "a b@shop.example", "a..b@shop.example", "a@b@c.de"]
)
def test_what_is_no_address(text):
    with pytest.raises(CellError):
        cells.address(text)
