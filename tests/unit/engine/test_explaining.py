"""What `explain` says where no reason tells it: which day is meant, where somebody waits, why nothing started."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from nurture.engine.explaining import Asking, day_meant, explain
from nurture.engine.tick import tick
from nurture.engine.unstarted import never_entered
from nurture.model.event import MonthDay
from nurture.model.person import Person
from nurture.model.sequence import Status
from nurture.store.rows import ContactRow, EventRow

from .test_hand_over import MINUTE, NOW, decided, made, opened, root, take  # noqa: F401  (fixtures)

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("named", "days_ago"), [("today", 0), ("yesterday", 1), ("Sun", 0), ("Sat", 1), ("Mon", 6), (date(2026, 11, 20), 2)]
)
def test_a_weekday_is_the_latest_one_up_to_today(named, days_ago):
    assert day_meant(named, SUNDAY) == SUNDAY - timedelta(days=days_ago)


@pytest.mark.parametrize("moment", [None, NOW + MINUTE], ids=["as kept", "asked again"])
def test_who_is_inside_hears_where_they_wait_and_until_when(root, moment):  # noqa: F811
    with opened(root) as (shop, live):
        decided(shop, live, "c0")
        lines = explain(shop, live, "c0", Asking(mail="is_it_right_now", moment=moment), NOW + MINUTE).lines
    assert [line.partition(", until ")[2] for line in lines if " waits at " in line] == ["Tue 30 Mar 11:00"]


def test_who_had_not_entered_by_then_hears_why(root):  # noqa: F811
    with opened(root) as (shop, live):
        decided(shop, live, "c0")
        for asking in (Asking(mail="happy_birthday", moment=NOW), Asking(sequence="birthday", moment=NOW)):
            lines = explain(shop, live, "c0", asking, NOW + MINUTE).lines
            assert "       starts by the day person.birthday, 7 days ahead" in lines
        before = Asking(moment=NOW - timedelta(days=1))
        assert explain(shop, live, "c0", before, NOW).lines[-1].startswith("Nothing is recorded")


def test_what_came_a_moment_ago_is_said_to_settle(root):  # noqa: F811
    with opened(root) as (shop, live):
        agreed = ContactRow(outside_id="c1", address="c1@shop.example", topics=("coffee_tips",), basis="opt_in")
        take(shop, agreed, EventRow(outside_id="c1", name="subscriber.joined", at=NOW))
        tick(shop.store, live.book, NOW)
        lines = explain(shop, live, "c1", Asking(), NOW + MINUTE).lines
    assert lines[-2:] == ["Waiting to settle:", "  welcome by subscriber.joined, asked Tue 09 Mar 11:10"]


def test_a_paused_sequence_is_not_said_to_start_nobody(root):  # noqa: F811
    with opened(root) as (_, live):
        paused = replace(live.book.sequences["birthday"], status=Status.paused)
        book = replace(live.book, sequences={**live.book.sequences, "birthday": paused})
        said = never_entered(book, Person("p", NOW), "birthday", NOW)[1]
    assert said == "birthday: it is paused: it starts people as before, and sends nothing meanwhile"


@pytest.mark.parametrize(
    ("birthday", "year", "found", "answer"),
    [
        (MonthDay(3, 17), 2027, "next on 17 Mar 2027", "not yet"),
        (MonthDay(3, 12), 2027, "12 Mar 2027; started people on 5 Mar 2027, before this was live", "no"),
        (MonthDay(3, 12), 2028, "12 Mar 2028; started people on 5 Mar 2028", "no"),
        (MonthDay(3, 8), 2028, "next on 8 Mar 2029", "not yet"),
    ],
)
def test_a_day_whose_lead_has_begun_is_not_over(root, birthday, year, found, answer):  # noqa: F811
    now = NOW.replace(year=year)
    with opened(root) as (_, live):
        lines = never_entered(live.book, Person("p", now, facts={"birthday": birthday}), "birthday", now)
    (line,) = [line for line in lines if line.strip().startswith("person.birthday")]
    assert line.split(maxsplit=1)[1].rpartition("   ")[::2] == (found, answer)
