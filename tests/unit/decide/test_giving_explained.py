"""What explain says of gifts, ladders, balance and hold-outs: plain words."""

from zoneinfo import ZoneInfo

import pytest

from nurture.decide.clock import Clock
from nurture.decide.explain import reason_lines
from nurture.model.decision import Look, Reason, Why
from tests import worlds as w

CLOCK = Clock(ZoneInfo("Europe/Paris"))
AT = w.utc("2027-03-08 09:00")


def said(why: Why, words: str, *looks: Look) -> list[str]:
    return reason_lines(Reason(why, AT, mail="happy_birthday", words=words, looks=looks), CLOCK)


@pytest.mark.parametrize(
    ("why", "words", "line"),
    [
        (Why.had_enough, "had enough of bag", "not sent: had enough of bag"),
        (Why.over_budget, "over budget for bag", "not sent: over budget for bag"),
        (Why.out_of_codes, "no code of bag is left", "not sent: out of codes: no code of bag is left"),
        (Why.no_rung, "no rung of beans fits", "not sent: no rung of beans fits"),
        (Why.held_out, "one of the 2% who get nothing but service",
         "not sent: held out: one of the 2% who get nothing but service"),
        (Why.balance, "had 2 that gave something and 0 offers; balance of 1 for 3",
         "not sent: balance: had 2 that gave something and 0 offers; balance of 1 for 3"),
        (Why.sent, "waits for the approval of lena", "sent: waits for the approval of lena"),
        (Why.held, "quiet hours or window", "held: quiet hours or window"),
    ],
)  # fmt: skip
def test_a_reason_in_one_line(why: Why, words: str, line: str) -> None:
    assert said(why, words) == [f"Mon 08 Mar 10:00  happy_birthday  {line}"]


def test_what_was_looked_at_stands_beneath_it() -> None:
    look = Look("beans.sampler", "was offered on 1 Mar and rests for 60 days", "no")
    assert said(Why.no_rung, "no rung of beans fits", look)[1].split() == look_words(look)


def look_words(look: Look) -> list[str]:
    return f"{look.what} {look.found} {look.answer}".split()
