"""Codes of gifts in templates: known where the mail only goes with its gift, else they need or_else."""

from dataclasses import replace
from decimal import Decimal

import pytest

from nurture.model.event import Money
from nurture.model.expression import Kind, Name
from nurture.model.house import House, Present
from nurture.model.length import Length, Unit
from nurture.model.step import Gift
from nurture.render.check import check_templates

from .conftest import HERE, SEND, SEQUENCE

FRONT = "---\nsubject: Hello\n---\n"
BAG = Present("bag", Money(Decimal(9), "EUR"), make="BDAY-{8}", valid=Length(21, Unit.day))


@pytest.mark.parametrize(
    ("gift", "present", "lacking"),
    [
        ({}, BAG, []),
        ({"if_none": "stop"}, BAG, []),
        ({"if_none": "go_on"}, BAG, ["E222", "E222"]),
        ({}, replace(BAG, valid=None), ["E222"]),
        ({"valid": Length(3, Unit.day)}, replace(BAG, valid=None), []),
        ({}, replace(BAG, make="", kind="parcel"), ["E222"]),
    ],
    ids=["skip", "stop", "goes without", "good for ever", "the step says how long", "no code"],
)
def test_a_mail_that_only_goes_with_its_gift_knows_the_code(book, gift, present, lacking):
    shown = {
        "code": Name(("gifts", "present", "code"), Kind.text),
        "until": Name(("gifts", "present", "expires_on"), Kind.day),
    }
    steps = (Gift(id="present", place=HERE, gift="bag", **gift), replace(SEND, variables=tuple(shown.items())))
    world = replace(book, sequences={"s": replace(SEQUENCE, steps=steps)}, house=House(gifts=(present,)))
    text = FRONT + "{{ code }} until {{ until | day }}"
    found = check_templates(world, {"templates/hello/en.md": text.encode()})
    assert [problem.code for problem in found] == lacking
