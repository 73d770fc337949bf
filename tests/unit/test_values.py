"""A frozen class with slots is what the standard library would have made of it."""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import FrozenInstanceError, field, fields, replace
from dataclasses import dataclass as of_the_library
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nurture.model import values
from nurture.model.values import dataclass

HERE = Path(values.__file__)
ROOM = HERE.parents[1]
LIBRARYS = re.compile(r"^from dataclasses import .*\bdataclass\b", re.MULTILINE)


def kinds(maker: Any) -> SimpleNamespace:
    @maker(frozen=True, slots=True)
    class Thing:
        one: int
        two: str = "two"
        many: list[int] = field(default_factory=list)
        aside: int = field(default=3, compare=False, repr=False)
        found: dict[str, int] = field(default_factory=dict, init=False, compare=False)

        def __post_init__(self) -> None:
            self.found["one"] = self.one

    @maker(frozen=True, slots=True, kw_only=True)
    class More(Thing):
        three: int
        four: tuple[int, ...] = ()

        def __repr__(self) -> str:
            return "its own words"

    return SimpleNamespace(thing=Thing, more=More)


OURS, THEIRS = kinds(dataclass), kinds(of_the_library)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda a: a.thing(1) == a.thing(1, "two", [], 4), id="equal but for what is not compared"),
        pytest.param(lambda a: a.thing(1) == a.thing(2), id="not equal"),
        pytest.param(lambda a: a.thing(1) == a.more(1, three=3), id="another class"),
        pytest.param(lambda a: a.thing(1) != 1, id="something else"),
        pytest.param(lambda a: hash(a.thing(1, many=(2,))), id="hash"),
        pytest.param(lambda a: hash(a.more(1, many=(2,), three=3)), id="hash of one that follows another"),
        pytest.param(lambda a: replace(a.thing(1), two="x").two, id="replace"),
        pytest.param(lambda a: replace(a.thing(1), one=7).found, id="what is made of the others"),
        pytest.param(lambda a: a.thing(1).many is a.thing(1).many, id="a list of its own"),
        pytest.param(lambda a: [one.name for one in fields(a.more)], id="fields"),
        pytest.param(lambda a: (a.thing.__match_args__, a.more.__match_args__), id="to match"),
        pytest.param(lambda a: (a.thing.__slots__, a.more.__slots__), id="slots"),
        pytest.param(lambda a: repr(a.more(1, three=3)), id="its own words"),
        pytest.param(lambda a: hasattr(a.thing(1), "__dict__"), id="nothing beside its fields"),
        pytest.param(lambda a: repr(a.thing(1, "x")).rpartition(".")[2], id="words"),
    ],
)
def test_it_answers_as_the_library_does(ask: Callable[[Any], object]) -> None:
    assert ask(OURS) == ask(THEIRS)


@pytest.mark.parametrize(
    "fails",
    [
        pytest.param(lambda a: a.thing(), id="too few"),
        pytest.param(lambda a: a.thing(1, "", [], 3, 5), id="too many"),
        pytest.param(lambda a: a.more(1, "", [], 3, 5), id="by place"),
        pytest.param(lambda a: hash(a.thing(1)), id="a list has no hash"),
        pytest.param(lambda a: setattr(a.thing(1), "one", 2), id="frozen"),
        pytest.param(lambda a: delattr(a.thing(1), "one"), id="nothing goes"),
    ],
)
def test_it_refuses_as_the_library_does(fails: Callable[[Any], object]) -> None:
    said = []
    for kind in (OURS, THEIRS):
        with pytest.raises((TypeError, FrozenInstanceError)) as refused:
            fails(kind)
        said.append((refused.type, str(refused.value).rpartition(".")[2]))
    assert said[0] == said[1]


def test_a_value_is_copied_whole() -> None:
    old = OURS.thing(1, many=[2], aside=9)
    new = deepcopy(old)
    assert new == old
    assert (new.aside, new.many is old.many) == (9, False)


def test_what_is_not_frozen_is_the_librarys_own() -> None:
    @dataclass(slots=True)
    class Open:
        one: int = 1

    opened = Open()
    opened.one = 2
    assert opened == Open(2)


def test_no_frozen_class_is_made_the_slow_way() -> None:
    """Each costs every start of every command as much as reading ten lines of a book."""
    files = {path: path.read_text(encoding="utf-8") for path in ROOM.rglob("*.py") if path != HERE}
    slow = [path.name for path, text in files.items() if "frozen=True, slots=True" in text and LIBRARYS.search(text)]
    assert (slow, len(files) > 500) == ([], True)
