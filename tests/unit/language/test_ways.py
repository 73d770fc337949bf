"""The days that the checker counts with, where a law once found it wrong."""

from datetime import time

from nurture.language.ways import visits
from nurture.model.length import Length, Unit
from nurture.model.step import Repeat, Send, WaitDay, WaitLength
from tests import worlds as w

DAY = Length(1, Unit.day)


def test_a_wait_of_a_day_at_an_early_hour_is_over_before_a_day_has_passed() -> None:
    """Day 8 at 16:45, a day later at 02:30: the mail still goes, though it is valid for an hour only."""
    send = Send(id="m", place=w.HERE, mail="m", class_="news", valid_for=Length(1, Unit.hour))
    waits = (
        WaitDay(id="a", place=w.HERE, day=8, at=time(16, 45)),
        WaitLength(id="b", place=w.HERE, length=DAY, at=time(2, 30)),
    )
    assert [(way.first_day, way.last_day) for _, way in visits((*waits, send), w.JOINED)] == [(9, 9)]
    rounds = Repeat(id="r", place=w.HERE, times=2, every=DAY, steps=waits[1:])
    assert [(way.first_day, way.last_day) for _, way in visits((waits[0], rounds, send), w.JOINED)] == [(10, 10)]
