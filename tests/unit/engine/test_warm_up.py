"""The ramp of a new sender: 1.4 times more each day, and anew after thirty idle days."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nurture.engine.warm_up import FULL, IDLE, allowance, begun

SINCE = date(2027, 3, 1)
DAY = timedelta(days=1)


def on(number: int) -> date:
    return SINCE + DAY * number


def every_day(until: date) -> list[date]:
    return [on(number) for number in range((until - SINCE).days)]


def test_the_first_days_are_those_of_the_ramp() -> None:
    found = [allowance(SINCE, 50, on(number), every_day(on(number))) for number in range(8)]
    assert found == [50, 70, 98, 137, 192, 269, 376, 527]


def test_without_a_first_day_and_before_it_nothing_is_limited() -> None:
    assert allowance(None, 50, SINCE, ()) is None
    assert allowance(SINCE, 50, SINCE - DAY, ()) is None


def test_after_sixty_days_nothing_is_limited_any_more() -> None:
    assert allowance(SINCE, 50, on(FULL - 1), every_day(on(FULL - 1))) is not None
    assert allowance(SINCE, 50, on(FULL), every_day(on(FULL))) is None


def test_thirty_idle_days_begin_the_ramp_anew_and_twenty_nine_do_not() -> None:
    busy = [on(number) for number in range(40)]
    assert begun(SINCE, on(39 + 30), busy) == SINCE
    assert begun(SINCE, on(39 + 31), busy) == on(39 + 31)
    assert allowance(SINCE, 50, on(39 + 31), busy) == 50
    assert allowance(SINCE, 50, on(39 + 32), [*busy, on(39 + 31)]) == 70


def test_a_sender_that_was_announced_and_not_used_begins_when_it_is_used() -> None:
    assert begun(SINCE, on(100), ()) == on(100)


@given(st.sets(st.integers(0, 200)), st.integers(0, 200))
def test_the_ramp_grows_by_no_more_than_its_rate_from_one_day_to_the_next(days: set[int], today: int) -> None:
    sent = [on(number) for number in days]
    before, after = (allowance(SINCE, 50, on(number), sent) for number in (today, today + 1))
    if before is not None and after is not None:
        assert after <= before * 1.4 + 2
    start = begun(SINCE, on(today), sent)
    assert SINCE <= start <= on(today)
    assert start == SINCE or not any(start - IDLE <= day < start for day in sent)
