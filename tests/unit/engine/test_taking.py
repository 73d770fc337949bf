"""Reading what was kept: bounded by bytes, marked together, and whoever is killed amid it reads again without harm."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.engine import doctor_store as inside
from nurture.engine.applying import LiveBook
from nurture.engine.doctor import State
from nurture.engine.taking import AT_ONCE, take_received
from nurture.store.tables import HAPPENING
from tests import worlds as w
from tests.sending_worlds import NOW, Shop, open_shop

EVENTS = "sendgrid.events"
LIVE = LiveBook(w.book(), {})


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path)
    yield opened
    opened.store.close()


def event(number: int, size: int = 0) -> bytes:
    told = {"event": "bounce", "timestamp": 1740300320, "sg_event_id": f"e{number}", "email": f"r{number}@shop.example"}
    return json.dumps([told | {"filler": "x" * size}]).encode()


def happenings(shop: Shop) -> int:
    with shop.store.database.reading() as connection:
        return len(connection.execute(HAPPENING.select()).all())


def test_reading_ends_with_the_post_that_fills_the_bytes(shop: Shop) -> None:
    for number in range(6):
        shop.store.received.keep(EVENTS, event(number, 1_000), {}, NOW)
    assert take_received(shop.workshop, LIVE, NOW, most_bytes=2_000) == {"taken": 2}
    assert take_received(shop.workshop, LIVE, NOW, most=3) == {"taken": 3}
    assert take_received(shop.workshop, LIVE, NOW, most_bytes=1) == {"taken": 1}
    assert not take_received(shop.workshop, LIVE, NOW)


class CutError(BaseException):
    """As if the process were ended: nothing below catches it."""


def test_who_is_ended_between_reading_and_marking_reads_again_and_nothing_comes_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(AT_ONCE + 5):
        shop.store.received.keep(EVENTS, event(number), {}, NOW)
    with monkeypatch.context() as amid:
        amid.setattr(type(shop.store.received), "done", lambda *_: (_ for _ in ()).throw(CutError))
        with pytest.raises(CutError):
            take_received(shop.workshop, LIVE, NOW)
    assert happenings(shop) == AT_ONCE
    assert take_received(shop.workshop, LIVE, NOW) == {"taken": AT_ONCE + 5}
    assert happenings(shop) == AT_ONCE + 5


def test_what_is_old_is_given_up_when_nothing_is_left_to_read(shop: Shop) -> None:
    shop.store.received.keep(EVENTS, event(1), {}, NOW)
    shop.store.received.keep(EVENTS, b"no JSON", {}, NOW)
    assert take_received(shop.workshop, LIVE, NOW) == {"taken": 1, "unreadable": 1}
    later = NOW + timedelta(days=30)
    assert not take_received(shop.workshop, LIVE, later)
    assert shop.store.received.one(1) is not None
    assert not take_received(shop.workshop, LIVE, later + timedelta(seconds=1))
    assert shop.store.received.one(1) is None
    assert shop.store.received.one(2) is not None, "nobody could read it yet"


def test_doctor_lists_what_could_not_be_read_with_the_cure(shop: Shop) -> None:
    (fine,) = inside.received_findings(shop.store)
    assert fine.state is State.ok
    shop.store.received.keep(EVENTS, b"no JSON", {}, NOW)
    take_received(shop.workshop, LIVE, NOW)
    (found,) = inside.received_findings(shop.store)
    assert found.state is State.look
    assert "1 could not be read, such as 1 of sendgrid.events: the post is no JSON (1)" in found.words
    assert "nurture received --drop NUMBER" in found.remedy
    shop.store.received.set_aside([1], NOW)
    assert [replace(one) for one in inside.received_findings(shop.store)] == [fine]


def test_doctor_says_when_very_many_posts_wait(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.store.received.keep(EVENTS, event(1), {}, NOW)
    shop.store.received.keep(EVENTS, event(2), {}, NOW)
    monkeypatch.setattr(inside, "MANY_POSTS", 1)
    (found,) = inside.received_findings(shop.store)
    assert (found.state, found.words) == (State.look, "2 wait to be read")
