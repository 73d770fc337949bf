"""Where the findings about being fair begin and end: one thing changed decides (language.md 15)."""

import pytest

from nurture.language.opens import speaks_of_opening
from nurture.language.project import read_project
from tests.written_books import BASE, HOUSE, files_of

HEAD = """sequence: tips
title: Better coffee
stage: STAGE
class: care
topic: order_care
status: live
aims_at: again
start: START
again: {per: person}
steps:
"""


def codes(steps: str, start: str = "{event: review.posted}", stage: str = "any", **house: str) -> list[str]:
    text = HEAD.replace("STAGE", stage).replace("START", start) + steps
    more = {f"{HOUSE}{kind}.yaml": (BASE / HOUSE / f"{kind}.yaml").read_text() + text for kind, text in house.items()}
    return sorted({one.code for one in read_project(files_of(**{"sequences/tips.yaml": text}, **more)).problems})


@pytest.mark.parametrize(
    ("start", "step", "expected"),
    [
        ("{event: complaint.opened}", "{send: check_in}", ["W343"]),
        ("{event: complaint.resolved}", "{send: check_in}", ["W343"]),
        ("{event: complaint.opened}", "{send: check_in, approve: lena}", []),
        ("{event: complaint.opened}", "{send: check_in, class: service}", []),
        ("{event: complaint.opened}", "{send: check_in, class: news}", []),
        ("{event: review.posted}", "{send: check_in}", []),
    ],
)
def test_what_makes_up_for_a_complaint_is_read_by_a_person(start: str, step: str, expected: list[str]) -> None:
    assert codes(f"  - {step}\n", start) == expected


OFFERED = """\
  - {send: check_in}
  - wait: 9 days
  - {id: card, gift: tasting_card}
  - {send: next_bag_offer, class: offer, topic: offers, with: {code: gifts.card.code}}
"""


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("{event: review.posted}", ["W344", "W347"]),
        ("{stage: vip}", ["W344", "W347"]),
        ("{lapse: order.placed, for: 60 days}", ["W344"]),  # asks somebody back
        ("{stage_left: vip}", ["W344"]),
        ("{manual: true}", ["W344"]),
    ],
)
def test_a_thank_you_is_more_than_a_discount(start: str, expected: list[str]) -> None:
    assert codes(OFFERED, start) == expected
    given = OFFERED.replace("{send: check_in}", "{id: first, gift: tasting_card}") + "  - wait: 9 days\n"
    kind = "  - {send: check_in, with: {code: gifts.first.code}}\n"
    assert codes(given + kind, start) == ["W344"]


GIVEN = "  - {id: card, gift: tasting_card}\n  - {send: check_in, with: {code: gifts.card.code}}\n"


@pytest.mark.parametrize(
    ("stage", "start", "expected"),
    [
        ("looking", "{event: subscriber.joined}", ["W346"]),
        ("any", "{event: subscriber.joined, if: person.orders.count == 0}", ["W346"]),
        ("any", "{event: subscriber.joined, if: not (person.orders.count >= 1)}", ["W346"]),
        ("any", "{event: subscriber.joined, if: 'person.orders.count in [0]'}", ["W346"]),
        ("any", "{event: subscriber.joined, if: person.orders.count <= 1}", []),
        ("any", "{event: subscriber.joined, if: 'person.orders.count in [0, 3]'}", []),
        ("[looking, buying]", "{event: subscriber.joined}", []),
        ("any", "{event: subscriber.joined, if: person.country == 'FR'}", []),
    ],
)
def test_strangers_are_not_given_more_than_customers(stage: str, start: str, expected: list[str]) -> None:
    assert codes(GIVEN, start, stage) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mail.opened", True), ("email_opened", True), ("newsletter.open", True), ("opened", True),
        ("person.last_opened_at", True), ("campaign.viewed", True), ("complaint.opened", False),
        ("account.opened", False), ("ticket.opened", False), ("mail.clicked", False), ("shop.opening", False),
    ],
)  # fmt: skip
def test_which_names_speak_of_opening_a_mail(name: str, expected: bool) -> None:
    assert speaks_of_opening(name) is expected


def test_pillars_are_asked_for_only_where_they_are_used() -> None:
    assert codes("  - {send: check_in}\n") == []
