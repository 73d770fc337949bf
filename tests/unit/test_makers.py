"""Values made quickly are the values: of their type, equal, frozen, with the same defaults."""

import pickle
from dataclasses import FrozenInstanceError, fields
from datetime import UTC, datetime
from inspect import signature
from typing import Any

import pytest

from nurture.model import makers
from nurture.model.person import Enrolment, Person
from nurture.model.quick import quick

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MAKERS: dict[str, Any] = {name: one for name, one in vars(makers).items() if name.startswith("new_")}


@pytest.mark.parametrize("name", MAKERS)
def test_a_maker_fills_every_field_of_its_own_class(name: str) -> None:
    maker = MAKERS[name]
    told = list(signature(maker).parameters)
    made = maker(*told)
    kind: Any = type(made)
    assert kind is not maker
    assert [one.name for one in fields(kind)] == told
    assert made == kind(*told)
    assert [getattr(made, one) for one in told] == told
    with pytest.raises(FrozenInstanceError):
        setattr(made, told[0], "another")


def test_what_is_not_told_is_as_the_class_has_it() -> None:
    made, usual = makers.new_person("p1", NOW), Person("p1", NOW)
    assert made == usual
    assert made.facts is not makers.new_person("p1", NOW).facts
    assert pickle.loads(pickle.dumps(made)) == usual  # noqa: S301 - our own bytes
    assert hash(quick(Enrolment)("a", "1", 1, 1, NOW, NOW.date())) == hash(Enrolment("a", "1", 1, 1, NOW, NOW.date()))
