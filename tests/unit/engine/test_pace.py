"""How fast mails leave, and how long nothing is tried: seconds and instants in, waits out."""

from datetime import UTC, datetime, timedelta

import pytest

from nurture.engine.pace import IN_A_ROW, LONGEST, MOST_DEFERRED, MOST_GROWTH, BackOff, Deferred, Pace, Size

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("rate", "most"), [(None, 100), (1000.0, 100), (60.0, 30), (1.0, 1), (0.01, 1)])
def test_a_batch_is_half_a_second_of_mails_and_at_least_one(rate: float | None, most: int) -> None:
    assert Pace(rate).most(100) == most


@pytest.mark.parametrize("rate", [0.5, 7.0, 40.0, 333.0])
def test_the_rate_is_kept_over_any_stretch(rate: float) -> None:
    pace, second, left = Pace(rate), 1000.0, 0
    while second < 1060:
        second += pace.wait(second)
        assert pace.wait(second) < 1e-6
        pace.take(pace.most(100), second)
        left += pace.most(100)
    assert left <= rate * (second - 1000) + pace.most(100) + 1e-6
    assert left >= rate * (second - 1000) * 0.99


def test_a_quiet_hour_saves_nothing_up() -> None:
    pace = Pace(10.0)
    pace.take(5, 0.0)
    pace.take(5, 3600.0)
    assert pace.wait(3600.0) == pytest.approx(0.5)


def test_without_a_rate_nobody_waits() -> None:
    pace = Pace(None)
    pace.take(10**6, 1.0)
    assert pace.wait(1.0) == 0


def test_waits_double_up_to_five_minutes_and_a_success_forgets_them() -> None:
    back_off, now, waits = BackOff(), NOW, []
    for _ in range(12):
        assert back_off.fail(now)
        until = back_off.until(now)
        assert until is not None
        waits.append((until - now) / SECOND)
        now = until
        assert back_off.until(now) is None
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert back_off.trying
    assert back_off.succeed(now)
    assert not back_off.trying
    back_off.fail(now)
    assert back_off.until(now) == now + SECOND


def test_what_fails_while_it_waits_counts_once() -> None:
    back_off = BackOff()
    assert back_off.fail(NOW)
    assert not any(back_off.fail(NOW) for _ in range(99))
    assert back_off.until(NOW) == NOW + SECOND


def test_what_is_taken_while_it_waits_does_not_end_the_wait() -> None:
    back_off = BackOff()
    back_off.fail(NOW, NOW + 20 * SECOND)
    assert not back_off.succeed(NOW + SECOND)
    assert back_off.until(NOW + SECOND) == NOW + 20 * SECOND
    assert back_off.succeed(NOW + 20 * SECOND)
    assert not back_off.trying


def test_the_providers_own_word_wins_and_the_latest_of_several() -> None:
    back_off = BackOff()
    back_off.fail(NOW, NOW + 20 * SECOND)
    back_off.fail(NOW, NOW + 90 * SECOND)
    back_off.fail(NOW, NOW - SECOND)
    assert back_off.until(NOW) == NOW + 90 * SECOND


def test_a_clock_that_is_put_back_makes_nobody_wait_longer_than_was_meant() -> None:
    back_off = BackOff()
    back_off.fail(NOW)
    yesterday = NOW - timedelta(days=1)
    assert back_off.until(yesterday) == yesterday + SECOND
    assert back_off.until(yesterday + SECOND) is None


def test_misses_in_a_row_close_the_way_and_one_answer_between_them_does_not() -> None:
    back_off = BackOff()
    for _ in range(3 * IN_A_ROW):
        assert not back_off.miss(NOW)
        back_off.succeed(NOW)
    assert [back_off.miss(NOW) for _ in range(IN_A_ROW)] == [False] * (IN_A_ROW - 1) + [True]
    assert back_off.until(NOW) == NOW + SECOND
    assert back_off.miss(NOW + SECOND), "the one that was tried after the wait"
    assert back_off.until(NOW + SECOND) == NOW + 3 * SECOND
    assert timedelta(minutes=5) == LONGEST


def test_a_mail_that_is_turned_away_waits_alone_and_longer_each_time() -> None:
    deferred, now = Deferred(), NOW
    assert deferred.next_at(now) is None
    waits = []
    for _ in range(11):
        deferred.turned_away("a", now)
        assert deferred.waiting(now) == {"a"}
        waits.append(((deferred.next_at(now) or now) - now) / SECOND)
        now += timedelta(seconds=waits[-1])
        assert deferred.waiting(now) == frozenset()
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    deferred.turned_away("a", now)
    assert deferred.waiting(now - timedelta(days=1)) == frozenset(), "the clock was put back"
    deferred.forget("a")
    assert deferred.waiting(now) == frozenset()


def test_only_so_many_are_remembered() -> None:
    deferred = Deferred()
    for number in range(MOST_DEFERRED + 7):
        deferred.turned_away(str(number), NOW)
    assert len(deferred.waiting(NOW)) == MOST_DEFERRED
    assert "0" not in deferred.waiting(NOW)


def test_batches_grow_while_the_provider_is_quick_and_are_small_when_it_is_slow():
    size = Size()
    for _ in range(20):
        size.landed(size.most(100), 0.1, 100)
    assert size.most(100) == 100 * MOST_GROWTH
    size.landed(500, 0.5, 100)
    assert size.most(100) == 500  # neither quick nor slow
    size.landed(12, 0.01, 100)
    size.landed(500, 2, 100)
    assert size.most(100) == 200
    for _ in range(3):
        size.landed(size.most(100), 9, 100)
    assert size.most(100) == 100
    size.landed(99, 0.01, 100)  # so few say nothing
    assert size.most(100) == 100
