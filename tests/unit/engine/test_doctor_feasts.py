"""doctor names the lunar feasts ahead that nobody confirmed (W330)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from nurture.engine import doctor_feasts
from nurture.engine.doctor import State
from nurture.engine.doctor_feasts import feast_findings, feasts_of
from nurture.engine.tick import decide_all
from nurture.model.event import Origin
from nurture.model.house import House, SpecialDay
from nurture.model.sequence import Status
from nurture.model.trigger import HolidayTrigger
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow
from tests import worlds as w

NOW = w.utc("2027-02-01 12:00")
DAYS = HolidayTrigger(place=w.HERE, days=("eid_al_fitr", "womens_day"))
BOOK = w.book(w.sequence("festive", DAYS, [w.send("wishes", "celebration")]))


@pytest.fixture
def store() -> Iterator[Store]:
    """People in Egypt and India; the shop is in France."""
    opened = open_store("sqlite://")
    rows = [ContactRow(outside_id=country, facts={"country": country}) for country in ("EG", "IN")]
    opened.importing(NOW, origin=Origin.live).take(rows, print)
    decide_all(opened, BOOK, NOW)
    yield opened
    opened.close()


def test_an_estimate_of_the_next_sixty_days_is_named_for_each_date(store: Store) -> None:
    found = list(feast_findings(store, BOOK, NOW))
    assert [(one.state, one.words) for one in found] == [
        (State.look, "eid_al_fitr on 9 Mar 2027 is an estimate in EG, FR"),
        (State.look, "eid_al_fitr on 10 Mar 2027 is an estimate in IN"),
    ]
    assert "eid_al_fitr: {'2027': {..: 2027-03-09}}" in found[0].remedy


def test_what_a_calendar_confirms_is_no_estimate(store: Store) -> None:
    day = SpecialDay("eid_al_fitr", dates=((2027, "", date(2027, 3, 9)),))
    (one,) = feast_findings(store, replace(BOOK, house=House(days=(day,))), NOW)
    assert (one.state, one.words) == (State.ok, "none of the next 60 days is an estimate")


def test_what_is_farther_away_or_over_can_wait(store: Store) -> None:
    for moment in ("2027-01-07 12:00", "2027-03-11 12:00"):
        assert [one.state for one in feast_findings(store, BOOK, w.utc(moment))] == [State.ok]


def test_feasts_without_their_calendar_are_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_feasts, "can_date_feasts", lambda: False)
    assert next(feast_findings(store, BOOK, NOW)).words == (
        "eid_al_fitr move, and no calendar is installed: they start nobody"
    )


def test_a_shop_without_feasts_hears_nothing_of_them(store: Store) -> None:
    assert list(feast_findings(store, w.book(w.WELCOME), NOW)) == []
    assert feasts_of(w.book(w.sequence("festive", DAYS, [], status=Status.draft))) == ()
