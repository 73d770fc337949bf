"""Reading conditions: every message of language.md 7 and 9.2, word for word and at its column."""

import pytest
from jinja2.sandbox import SandboxedEnvironment

from nurture.language.expressions import DEEPEST, LONGEST, parse_condition, parse_value, scope_of
from nurture.model.catalogue import Catalogue, Field, OrderRule
from nurture.model.expression import (
    Among,
    Arithmetic,
    Both,
    Call,
    Compare,
    Either,
    IsKnown,
    Kind,
    Literal,
    Name,
    Opposite,
)
from nurture.model.length import Length, Unit
from nurture.model.place import Place


def fields(**types: str) -> dict[str, Field]:
    return {name: Field(name, kind) for name, kind in types.items()}


CATALOGUE = Catalogue(
    person={
        **fields(
            country="text", first_name="text", birthday="day", vip_since="day", observes="tags", subscribed="bool"
        ),
        "visits": Field("visits", "number"),
        "seen_at": Field("seen_at", "moment"),
        "spent": Field("spent", "money"),
        "brew_method": Field("brew_method", "text", one_of=("espresso", "filter", "moka")),
        "reviews": Field("reviews", "", source="review.posted", take="count"),
        "first_stars": Field("first_stars", "", source="review.posted", take="first", take_field="stars"),
        "first_review": Field("first_review", "", source="review.posted", take="first"),
    },
    orders=OrderRule("order.placed", "order_id"),
    events={
        "order.placed": fields(order_id="text", total="money", lines="lines"),
        "review.posted": {
            **fields(stars="number", words="text"),
            "mood": Field("mood", "text", one_of=("good", "bad")),
        },
        "feedback.given": fields(score="number", words="text", stars="text"),
        "complaint.opened": fields(ticket="text"),
    },
)
SCOPE = scope_of(
    CATALOGUE,
    stages=("vip", "lapsed", "looking"),
    moments=("telling", "feedback"),
    tags=("reviewer", "do_not_ask"),
    mails=("welcome", "next_bag_offer"),
)
SCOPE = SCOPE.with_start(["complaint.opened"], ["complaint.opened"]).with_event(["review.posted", "feedback.given"])
SCOPE = SCOPE.with_steps({"hello": ("sent", "capped")})
HERE = Place("sequences/spring_push.yaml", 11, 7)


def findings(text: str) -> list[tuple[str, int, str, str]]:
    """Code, offset, message and hint of each finding."""
    condition, problems = parse_condition(text, HERE, SCOPE)
    assert (condition is None) == bool(problems)
    return [(found.code, found.place.column - 7, found.message, found.hint) for found in problems]


def root(text: str) -> object:
    condition, problems = parse_condition(text, HERE, SCOPE)
    assert condition is not None, problems
    return condition.root


# the samples: code, offset of the caret, message, hint
SAMPLES = [
    (
        "person.ordrs.count > 2",
        "E201",
        0,
        "nothing is called 'person.ordrs.count'",
        "did you mean 'person.orders.count'?",
    ),
    ("person.country == 'FR' && person.subscribed", "E201", 23, "I don't know '&&'", "write 'and'"),
    ("person.stage == 'vpi'", "E203", 16, "'person.stage' is never 'vpi'", "did you mean 'vip'?"),
    ("1 < person.orders.count < 5", "E201", 24, "two comparisons in a row", "join them with 'and'"),
    (
        "person.orders.count",
        "E201",
        0,
        "this is a number, not a yes/no question",
        "compare it with something, e.g. … > 0",
    ),
    (
        "person.country is none",
        "E201",
        18,
        "'is none' is not a test",
        "use 'is known' or 'is unknown'; to compare values use '=='",
    ),
    ("count('order.plced') > 1", "E202", 6, "there is no event 'order.plced'", "did you mean 'order.placed'?"),
    ("days_since(person.country) > 3", "E201", 0, "days_since() needs a moment, this is a text", ""),
    ("person.ordrs.count == 1 && person.country == 'FR'", "E201", 24, "I don't know '&&'", "write 'and'"),
]


@pytest.mark.parametrize(("text", "code", "offset", "message", "hint"), SAMPLES, ids=[s[0] for s in SAMPLES])
def test_the_samples_of_the_language(text: str, code: str, offset: int, message: str, hint: str) -> None:
    assert findings(text) == [(code, offset, message, hint)]
