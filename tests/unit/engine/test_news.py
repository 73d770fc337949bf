"""News in words, clicks judged by all that is known, and links without the token in them."""

from datetime import UTC, datetime, timedelta

import pytest

from nurture.engine.clicks import judged
from nurture.engine.news import without_token
from nurture.engine.news_words import in_words
from nurture.links import TRAP
from nurture.model.happening import Bounce, By, Happened, Happening

NOW = datetime(2027, 3, 9, 10, tzinfo=UTC)


def told(what: Happened, seconds: float = 0, **more) -> Happening:
    return Happening(
        f"{what.value}{seconds}{more.get('link', '')}", what, NOW + timedelta(seconds=seconds), "p", **more
    )


def by(*others: Happening, agent: str = "Mozilla/5.0", seconds: float = 60) -> By:
    click = told(Happened.clicked, seconds, link="https://x.example/a", detail=agent)
    return judged([*others, click])[click.id]


def test_who_clicks_a_minute_after_the_delivery_is_a_person():
    assert by(told(Happened.delivered)) is By.person
    assert by() is By.person


@pytest.mark.parametrize(("seconds", "who"), [(9, By.machine), (10, By.person), (-5, By.machine)])
def test_nobody_reads_within_ten_seconds(seconds: float, who: By):
    assert by(told(Happened.delivered), seconds=seconds) is who


@pytest.mark.parametrize("agent", ["Barracuda Sentinel (EE)", "python-requests/2.31", "Mimecast", "Googlebot/2.1"])
def test_who_calls_itself_a_scanner_is_one(agent: str):
    assert by(told(Happened.delivered), agent=agent) is By.machine


def test_three_links_within_ten_seconds_are_followed_by_a_machine_and_two_or_slower_by_a_person():
    def others(*places: float) -> list[Happening]:
        return [told(Happened.clicked, 60 + at, link=f"https://x.example/{at}") for at in places]

    assert by(*others(3, 9)) is By.machine
    assert by(*others(-9, -3)) is By.machine
    assert by(*others(3)) is By.person
    assert by(*others(9, 19)) is By.person
    assert by(*[told(Happened.clicked, 60 + at, link="https://x.example/a") for at in (1, 2, 3)]) is By.person


def test_who_follows_the_link_that_no_reader_sees_is_a_machine_with_all_it_clicked_then():
    trap = told(Happened.clicked, 60, link=f"https://letters.example{TRAP}", detail="Mozilla/5.0")
    assert judged([trap])[trap.id] is By.machine
    assert by(trap, seconds=119) is By.machine
    assert by(trap, seconds=1) is By.machine
    assert by(trap, seconds=121) is By.person  # the reader, later
    assert without_token(trap, "https://letters.example").link == trap.link


def test_of_our_own_links_the_token_is_not_kept():
    ours = told(Happened.clicked, link="https://shop.example/mail/u/SECRET")
    assert without_token(ours, "https://shop.example/mail").link == "https://shop.example/mail/u"
    assert without_token(ours, "https://other.example").link == ours.link


def test_what_became_of_a_mail_is_said_in_its_order_each_kind_once():
    words = in_words([
        told(Happened.processed), told(Happened.delivered, 60), told(Happened.clicked, 120, by=By.machine),
        told(Happened.clicked, 180, by=By.person), told(Happened.clicked, 600, by=By.person),
        told(Happened.bounced, 3600, bounce=Bounce.soft),
    ])  # fmt: skip
    assert words == (
        "delivered 2027-03-09 10:01 UTC · clicked by a machine 2027-03-09 10:02 UTC · clicked 2027-03-09 10:03 UTC"
        " · bounced (soft) 2027-03-09 11:00 UTC"
    )
