"""The ways of a split in a table, and in plain words whether one is better."""

from nurture.decide.ways import Tally
from nurture.engine.ways import compared
from nurture.model.length import Length, Unit
from nurture.model.place import Place
from nurture.model.step import Split, Way

HERE = Place("sequences/welcome.yaml")
WAYS = tuple(Way(name, 1, (), HERE) for name in ("warm", "brisk", "new"))
SPLIT = Split(id="tone", place=HERE, ways=WAYS, measured="order.placed", measured_within=Length(7, Unit.day))


def test_a_difference_that_can_be_told() -> None:
    found = compared(SPLIT, {"warm": Tally(80, 70, 56), "brisk": Tally(80, 80, 28), "old": Tally(3, 3, 1)})
    assert list(found.lines()) == [
        "tone: order.placed within 7 days",
        "              went  time over     did it",
        "  warm          80         70         56    80.0%",
        "  brisk         80         80         28    35.0%",
        "  new            0          0          0        -",
        "  old            3          3          1    33.3%  no way of it any more",
        "  warm is ahead of brisk: +45.0 points, 95% between +29.6 and +57.3.",
    ]


def test_a_difference_that_cannot_be_told_yet() -> None:
    found = compared(SPLIT, {"warm": Tally(1240, 1240, 186), "brisk": Tally(26, 26, 3)})
    assert list(found.lines())[-1] == "  warm or brisk: cannot tell yet (+3.5 points, 95% between -14.1 and +11.3)."


def test_before_anybodys_time_is_over() -> None:
    found = compared(SPLIT, {"warm": Tally(5, 2, 1), "brisk": Tally(4, 0, 0)})
    assert (found.best, found.beside) == ("warm", ())
    assert list(found.lines())[-1] == "  Cannot tell yet: of fewer than two ways anybody's time is over."
