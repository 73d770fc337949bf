"""`nurture ls`: what is listed, and the map with its holes."""

from pathlib import Path

import pytest

from nurture.engine.faults import MisuseError
from nurture.engine.listing import Grid, by_pillar, by_stage, chosen, kinds, listed
from nurture.language.project import read_project
from nurture.model.book import Book

BASE = Path(__file__).parents[2] / "specimens" / "check" / "base"
SECOND = b"""\
sequence: thanks
title: Thanks
stage: [looking, telling]
pillar: [service, community]
class: care
topic: order_care
status: live
start: {event: order.placed}
again: {per: event}
steps:
  - {send: check_in, if: has_tag('reviewer')}
  - {tag: [reviewer]}
"""


@pytest.fixture(scope="module")
def book() -> Book:
    files = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*") if path.is_file()}
    return read_project(files | {"sequences/thanks.yaml": SECOND}).partial


def test_every_sequence_is_listed_with_what_starts_it(book: Book) -> None:
    found = {one.name: one for one in listed(book, {"thanks": 3})}
    assert (found["thanks"].starts, found["thanks"].inside) == ("the event order.placed", 3)
    assert {name for name, one in found.items() if one.inside} == {"thanks"}


def test_the_map_shows_who_is_given_what_and_what_nobody_gives(book: Book) -> None:
    assert kinds(book.sequences["thanks"]) == {"asks and care"}
    grid = by_stage(book)
    assert grid.cells["looking", "asks and care"] == ("thanks",)
    assert grid.cells["+ telling", "asks and care"] == ("thanks",)
    assert grid.notes["+ telling", "content"] == "nothing to read"
    assert ("looking", "asks and care") not in grid.notes
    assert "-  <- nothing to read" in "\n".join(grid.lines())


def test_a_wide_map_goes_on_below_within_a_hundred_columns() -> None:
    names = tuple(f"a_rather_long_sequence_{number}" for number in range(9))
    rows, columns = ("first", "second"), ("content", "gift", "upsell")
    grid = Grid(rows, columns, {("first", "content"): names, ("second", "gift"): names[:2]}, {})
    lines = list(grid.lines())
    assert max(map(len, lines)) <= 100
    assert [line.split()[0] for line in lines[1:] if not line.startswith(" ")] == list(rows)
    assert "".join(lines).replace(",", " ").split().count(names[0]) == 2
    assert all(name in "".join(lines) for name in names)


def test_pillars_are_shown_beside_stages(book: Book) -> None:
    grid = by_pillar(book)
    assert grid.cells["looking", "community"] == ("thanks",)
    assert ("looking", "bridge") in grid.notes


def test_a_draft_gives_nobody_anything(book: Book) -> None:
    files = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*") if path.is_file()}
    draft = SECOND.replace(b"status: live", b"status: draft")
    cells = by_stage(read_project(files | {"sequences/thanks.yaml": draft}).partial).cells
    assert not any("thanks" in names for names in cells.values())


def test_what_is_asked_for_is_chosen(book: Book) -> None:
    assert chosen(book, (), (), ()) == set(book.sequences)
    assert "thanks" in chosen(book, (), ("telling",), ())
    assert chosen(book, (), (), ("reviewer",)) >= {"thanks"}
    with pytest.raises(MisuseError, match="there is no stage 'vpi'"):
        chosen(book, (), ("vpi",), ())
