"""The line before each family of mailboxes, and the rest of one that turns mails away."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nurture.engine.families import FIRST_REST, HOUR, LEAST, LONGEST_REST, Answered, Lines, Rests, burst

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def test_half_a_second_of_a_pace_leaves_together_and_the_rest_in_line() -> None:
    lines = Lines()
    turns = [lines.turn("gmail", str(number), NOW, 10) for number in range(8)]
    assert turns == [None] * 5 + [NOW + SECOND * tenths / 10 for tenths in (5, 6, 7)]
    assert lines.turn("web.de", "other", NOW, 10) is None, "another family has a line of its own"
    assert lines.turn("gmail", "free", NOW, None) is None


def test_who_was_given_a_turn_goes_at_it_and_not_before() -> None:
    lines = Lines()
    assert lines.turn("gmail", "a", NOW, 1) is None
    turn = lines.turn("gmail", "b", NOW, 1)
    assert turn == NOW + SECOND == lines.next_at(NOW)
    assert lines.turn("gmail", "b", NOW + SECOND / 2, 1) == turn
    assert lines.turn("gmail", "c", NOW + SECOND / 2, 1) == NOW + 2 * SECOND, "behind who came before"
    assert lines.turn("gmail", "b", turn, 1) is None


ASKS = st.lists(st.tuples(st.sampled_from(["gmail", "web.de"]), st.integers(0, 30), st.integers(0, 3_000)), max_size=80)


@given(ASKS, st.sampled_from([0.5, 1.0, 3.0, 20.0]))
def test_no_family_gets_more_than_its_pace_and_none_waits_for_another(
    asks: list[tuple[str, int, int]], rate: float
) -> None:
    lines, now, gone = Lines(), NOW, {"gmail": 0, "web.de": 0}
    seen: set[tuple[str, str]] = set()
    alone = {family: Lines() for family in gone}
    for family, key, milliseconds in asks:
        now += timedelta(milliseconds=milliseconds)
        turn = lines.turn(family, f"{family}{key}", now, rate)
        assert turn == alone[family].turn(family, f"{family}{key}", now, rate)
        if turn is None:
            gone[family] += 1
        else:
            assert turn > now
            seen.add((family, f"{family}{key}"))
        most = (now - NOW).total_seconds() * rate + max(1.0, rate / 2) + len(seen)
        assert gone[family] <= most


def test_a_line_ends() -> None:
    rate = 4.0
    lines, now, waiting, gone = Lines(), NOW, {f"m{number}": NOW for number in range(40)}, 0
    while waiting:
        for key, turn in list(waiting.items()):
            if turn <= now:
                later = lines.turn("gmail", key, now, rate)
                if later is None:
                    del waiting[key]
                    gone += 1
                else:
                    waiting[key] = later
        assert gone <= 2 + (now - NOW).total_seconds() * rate + 1
        now += SECOND / 8
    assert now <= NOW + 11 * SECOND


def answers(taken: int, away: int, at: datetime, family: str = "web.de") -> list[Answered]:
    return [Answered(family, number < taken, at) for number in range(taken + away)]


def test_a_burst_is_many_and_a_good_part_of_all() -> None:
    assert burst(answers(0, LEAST - 1, NOW)) is None
    assert burst(answers(0, LEAST, NOW)) == (LEAST, LEAST)
    assert burst(answers(4 * LEAST, LEAST, NOW)) == (LEAST, 5 * LEAST)
    assert burst(answers(4 * LEAST + 1, LEAST, NOW)) is None


def test_a_family_rests_longer_each_time_and_what_left_before_a_rest_does_not_lengthen_it() -> None:
    rests, now, lengths = Rests(), NOW, []
    for _ in range(8):
        begun = rests.hear(answers(0, LEAST, now), now)
        lengths.append(begun["web.de"].length)
        during = now + FIRST_REST / 2
        assert rests.hear(answers(0, 100, during), during) == {}
        assert rests.until("gmail", now) is None
        now = begun["web.de"].until + SECOND
        assert rests.until("web.de", now) is None
        assert rests.hear(answers(0, 100, during), now) == {}, "of mails that left before the rest"
    assert lengths[:3] == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST]
    assert lengths[-1] == LONGEST_REST


def test_an_hour_of_peace_forgets_a_rest() -> None:
    rests = Rests()
    first = rests.hear(answers(0, LEAST, NOW), NOW)["web.de"]
    later = first.until + HOUR
    rests.hear((), later)
    assert rests.hear(answers(0, LEAST, later + MINUTE), later + MINUTE)["web.de"].length == FIRST_REST


def test_a_clock_that_is_put_back_lengthens_no_rest() -> None:
    rests = Rests()
    rests.hear(answers(0, LEAST, NOW), NOW)
    assert rests.until("web.de", NOW) is not None
    assert rests.until("web.de", NOW - timedelta(days=1)) is None
