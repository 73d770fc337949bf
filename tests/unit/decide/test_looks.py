"""What a condition found, and when time alone changes its answer (language.md 7 and 11.5)."""

from datetime import date, datetime

import pytest

from nurture.decide.conditions import computable_change, facts_named, looks, next_change, truth
from nurture.model.event import MonthDay
from nurture.model.person import Message, Person
from tests.questions import CATALOGUE, NOW, REVIEWS, answer, at, condition, happened, order, person, scene

# what was found


def found(text: str, someone: Person | None = None) -> list[tuple[str, str, str]]:
    return [(look.what, look.found, look.answer) for look in looks(condition(text), scene(someone))]


def test_each_part_says_what_was_found() -> None:
    """The example of language.md 11.5."""
    assert found("person.orders.count >= 1 and days_since(person.orders.last_at) <= 540") == [
        ("person.orders.count >= 1", "0 >= 1", "no"),
        ("days_since(person.orders.last_at) <= 540", "unknown (no order yet)", "unknown"),
    ]


@pytest.mark.parametrize(
    ("text", "words", "answered"),
    [
        ("person.country == 'FR'", "'DE' == 'FR'", "no"),
        ("person.country in ['FR', 'BE']", "'DE'", "no"),
        ("person.visits >= 2", "2.5 >= 2", "yes"),
        ("person.birthday is known", "unknown", "no"),
        ("person.vip_since is known", "2027-03-01", "yes"),
        ("person.observes is known", "eid hanukkah", "yes"),
        ("person.seen_at > ago('1 day')", "2027-03-08 10:00 > 2027-03-07 00:00", "yes"),
        ("person.subscribed", "true", "yes"),
        ("not has_tag('reviewer')", "not false", "yes"),
        ("person.visits > 9 or person.country == 'DE'", "2.5 > 9 or 'DE' == 'DE'", "yes"),
        ("(person.visits > 9 or true)", "2.5 > 9 or true", "yes"),
        ("not (person.visits > 9 and true)", "not (2.5 > 9 and true)", "yes"),
        ("days_since(person.birthday) > 3", "unknown: person.birthday", "unknown"),
        ("person.visits / 0 > 3", "unknown (division by zero)", "unknown"),
        ("person.visits > 9 or person.spent > 3", "unknown: person.spent", "unknown"),
    ],
)
def test_what_was_found(text: str, words: str, answered: str) -> None:
    someone = person(
        country="DE",
        visits=2.5,
        vip_since=date(2027, 3, 1),
        seen_at=NOW,
        subscribed=True,
        observes=("hanukkah", "eid"),
    )
    assert found(text, someone)[0][1:] == (words, answered)


def test_a_day_without_its_year_is_what_is_missing() -> None:
    someone = person(birthday=MonthDay(5, 14))
    assert found("days_since(person.birthday) > 3", someone)[0][1] == "unknown: person.birthday (no year)"
    assert found("person.birthday is known", someone)[0][1] == "--05-14"


def test_the_authors_words_are_cut_where_their_and_stands() -> None:
    text = "(true and\n  true) and  person.country != 'this and that' and not (false and false) and has_tag('reviewer')"
    assert [look[0] for look in found(text)] == [
        "(true and true)",
        "person.country != 'this and that'",
        "not (false and false)",
        "has_tag('reviewer')",
    ]
    assert [look[0] for look in found("((true and false))")] == ["true", "false"]
    assert [look[0] for look in found("true and(false)")] == ["true", "(false)"]


# time


def change(text: str, someone: Person | None = None, now: datetime = NOW) -> datetime | None:
    return next_change(condition(text).root, scene(someone, now))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("days_since(person.seen_at) > 120", "2027-05-09 00:00"),
        ("days_since(person.seen_at) >= 120", "2027-05-08 00:00"),
        ("days_since(person.seen_at) < 119.5", "2027-05-08 00:00"),
        ("days_since(person.seen_at) == 60", "2027-03-09 00:00"),
        ("days_since(person.seen_at) == 59", "2027-03-09 00:00"),
        ("days_since(person.seen_at) > 3", None),
        ("not (120 < days_since(person.seen_at))", "2027-05-09 00:00"),
        ("days_since(person.seen_at) in [59, 90]", "2027-03-09 00:00"),
        ("days_since(person.seen_at) > person.visits", "2027-04-08 00:00"),
        ("days_until(person.vip_since) <= 7", "2027-03-25 00:00"),
        ("days_until(person.vip_since) == 7", "2027-03-25 00:00"),
        ("days_until(person.vip_since) < 7", "2027-03-26 00:00"),
        ("days_until(person.vip_since) >= 100", None),
        ("person.vip_since <= today", "2027-04-01 00:00"),
        ("today > person.vip_since", "2027-04-02 00:00"),
        ("person.seen_at > ago('90 days')", "2027-04-09 00:00"),
        ("person.seen_at >= ago('1416 hours')", "2027-03-08 14:00:00.000001"),
        ("person.seen_at > ago('1416 hours')", "2027-03-08 14:00"),
        ("days_since(person.birthday) > 3", None),
        ("person.visits > 3 and person.country == 'FR'", None),
        ("person.seen_at is known and days_since(person.seen_at) is known", None),
        ("days_since(person.seen_at) > 120 and person.visits == 0", None),
        ("days_since(person.seen_at) > 1000000000000", None),
    ],
)
def test_the_instant_at_which_time_changes_the_answer(text: str, expected: str | None) -> None:
    someone = person(seen_at=at("2027-01-08 14:00"), vip_since=date(2027, 4, 1), visits=89)  # 59 days before
    moment = change(text, someone, at("2027-03-08 10:00"))
    assert moment == (at(expected) if expected else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count('review.posted', within='90 days') >= 4", "2027-03-10 00:00"),
        ("count('review.posted', within='90 days') >= 3", "2027-06-06 00:00"),
        ("count('review.posted', within='90 days') >= 5", "2027-03-08 11:00"),
        ("count('review.posted', within='90 days') >= 6", None),
        ("count('review.posted') == 5", "2027-03-08 11:00"),
        ("count('review.posted', within='2 hours') >= 1", "2027-03-08 13:00"),
        ("count('review.posted', within='3 months') >= 4", "2027-03-10 00:00"),
        ("count('review.posted', within='60 days') + count('order.placed', within='60 days') >= 1", "2027-05-07 00:00"),
    ],
)
def test_what_leaves_the_window_changes_a_count(text: str, expected: str | None) -> None:
    assert change(text, person(events=REVIEWS), at("2027-03-08 10:00")) == (at(expected) if expected else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count('review.posted', within='90 days') >= 4", "2027-03-09 00:00"),
        ("count('review.posted', within='90 days') > 2", "2027-03-10 00:00"),
        ("count('review.posted', within='90 days') > 2.5", "2027-03-10 00:00"),
        ("2 < count('review.posted', within='90 days')", "2027-03-10 00:00"),
        ("count('review.posted', within='90 days') == 3", "2027-03-09 00:00"),
        ("count('review.posted', within='90 days') != 4", "2027-03-09 00:00"),
        ("count('review.posted', within='90 days') < 1", "2027-06-06 00:00"),
        ("count('review.posted', within='90 days', stars=5) >= 3", "2027-03-09 00:00"),
        ("count('review.posted', within='90 days') >= 5", None),
        ("count('review.posted', within='90 days') >= person.visits", None),
    ],
)
def test_the_leaving_that_matters_is_named(text: str, expected: str | None) -> None:
    someone = person(events=REVIEWS[:4])
    assert change(text, someone, at("2027-03-08 10:00")) == (at(expected) if expected else None)


def test_counts_in_months_change_after_a_clipped_month_end() -> None:
    someone = person(events=(happened("review.posted", "2027-01-31 10:00"),))
    text = "count('review.posted', within='1 month') == 1"
    assert answer(text, someone, at("2027-02-28 23:59")) is True
    assert answer(text, someone, at("2027-03-01 00:00")) is False
    assert change(text, someone, at("2027-02-10 10:00")) == at("2027-03-01 00:00")


def test_mails_and_purchases_change_too() -> None:
    sent = Message("k", "s", "1", "welcome", "welcome", "news", "t", NOW, at("2027-03-01 10:00"), date(2027, 3, 1))
    assert change("got('welcome', within='10 days')", person(messages=(sent,))) == at("2027-03-11 00:00")
    someone = person(events=(order(1, "2027-03-01 10:00", "grinder"),))
    assert change("bought('grinder', within='10 days')", someone) == at("2027-03-11 00:00")
    assert change("bought('beans', within='10 days')", someone) is None


def test_what_cannot_be_worked_out_is_asked_again_at_midnight() -> None:
    someone = person(seen_at=at("2027-01-08 14:00"), vip_since=date(2027, 4, 1))
    text = "days_since(person.seen_at) * 2 > 500"
    assert change(text, someone) == at("2027-03-09 00:00")
    both = f"{text} or person.seen_at > ago('1416 hours')"
    assert change(both, someone, at("2027-03-08 10:00")) == at("2027-03-08 14:00")
    assert not computable_change(condition(text).root)
    assert not computable_change(condition("days_since(person.seen_at) > days_since(person.vip_since)").root)
    assert not computable_change(condition(both).root)


def test_the_rules_of_the_language_book_can_be_worked_out() -> None:
    for text in (
        "person.orders.total >= 600 or person.orders.count >= 12",
        "person.orders.count >= 1 and days_since(person.orders.last_at) > 120",
        "true",
        "count('review.posted', within='60 days') + count('order.placed', within='60 days') >= 1",
        "person.seen_at > ago('3 days') and today != person.vip_since",
    ):
        assert computable_change(condition(text).root), text


def test_an_order_that_is_told_ahead_is_waited_for() -> None:
    many = tuple(happened("review.posted", f"2027-03-08 {10 + n // 60}:{n % 60:02}", n) for n in range(1, 60))
    assert change("count('review.posted') >= 1", person(events=many), at("2027-03-08 10:00")) == at("2027-03-08 10:01")
    # so many instants are not all tried: the answer is early, never late
    early = change("count('review.posted') >= 40", person(events=many), at("2027-03-08 10:00"))
    assert early is not None
    assert at("2027-03-08 10:00") < early <= at("2027-03-08 10:40")


def test_what_an_answer_hangs_on() -> None:
    text = (
        "person.birthday is known and days_since(person.orders.last_at) > 3 and has_tag('reviewer') and "
        "has_moment('telling') and count('review.posted') > 1 and got('welcome') and bought('x') and today == start.day"
    )
    assert facts_named(condition(text).root) == {
        "person.birthday",
        "person.orders",
        "tags",
        "moments",
        "review.posted",
        "messages",
    }


def test_a_condition_is_built_once_and_never_mixed_up() -> None:
    """Trees that are gone give their identity to new ones; each must still be asked as itself."""
    for number in range(20_000):
        assert answer_of(number) is (number % 2 == 0)


def answer_of(number: int) -> bool | None:
    return truth(condition("true" if number % 2 == 0 else "false"), _SCENE)


_SCENE = scene()


def test_what_an_answer_hangs_on_goes_down_to_the_events() -> None:
    reviews = condition("person.reviews > 1 or person.visits > 2").root
    assert facts_named(reviews, CATALOGUE) == {"person.reviews", "review.posted", "person.visits"}
    turnover = condition("person.turnover > 1").root
    assert facts_named(turnover, CATALOGUE) == {"person.turnover", "order.placed", "person.orders"}
    assert facts_named(condition("count('order.placed') > 1").root, CATALOGUE) == {"order.placed", "person.orders"}
