"""Requests that carry several mails: what is begun, answered, cut and put back goes by mail."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.engine.handed import Handed
from nurture.model.mail import Email, Fate, Handover
from tests.sending_worlds import NOW, Bundling, Shop, open_shop, planned


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path, Bundling(each=10))
    yield opened
    opened.store.close()


def way(shop: Shop) -> Bundling:
    assert isinstance(shop.provider, Bundling)
    return shop.provider


def rounds(shop: Shop) -> Handed:
    return asyncio.run(shop.sending().round())


def test_service_never_waits_in_a_request_with_others(shop: Shop) -> None:
    planned(shop.store, service=3, news=25)
    assert rounds(shop).fates == {Fate.accepted: 28}
    service = set(shop.send_keys()[:3])
    assert sorted(map(len, way(shop).requests)) == [3, 5, 10, 10]
    assert [set(keys) for keys in way(shop).requests if set(keys) & service] == [service]


def test_places_count_requests_and_not_mails(shop: Shop) -> None:
    planned(shop.store, news=100)
    now, most = 0, 0

    async def crowd(_mail: Email) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1

    way(shop).before, way(shop).at_once = crowd, 3
    assert rounds(shop).fates == {Fate.accepted: 100}
    assert most == 3


def test_a_batch_is_as_large_as_a_request_may_be(shop: Shop) -> None:
    planned(shop.store, news=300)
    way(shop).each = 250
    assert rounds(shop).fates == {Fate.accepted: 300}
    assert sorted(map(len, way(shop).requests)) == [50, 250]


def test_a_cut_leaves_exactly_the_mails_of_begun_requests_in_doubt(shop: Shop) -> None:
    planned(shop.store, news=100)

    async def cut() -> None:
        reached = asyncio.Event()

        async def stuck(_mail: Email) -> None:
            if len(way(shop).requests) >= 3:
                reached.set()
                await asyncio.Event().wait()

        way(shop).before, way(shop).at_once = stuck, 2
        task = asyncio.create_task(shop.sending().round())
        await asyncio.wait_for(reached.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cut())
    found = shop.fates()
    accepted = 10 * len(way(shop).requests)
    assert found.count(Fate.accepted) == accepted
    assert found.count(Fate.in_doubt) in (10, 20)
    assert found.count(Fate.planned) == 100 - accepted - found.count(Fate.in_doubt)


def test_a_request_in_doubt_counts_as_one_miss_however_many_it_carried(shop: Shop) -> None:
    planned(shop.store, news=40)
    way(shop).at_once = 1
    way(shop).script = lambda mail, nth: Handover(mail.key, Fate.in_doubt if nth < 20 else Fate.accepted, "503")
    done = rounds(shop)
    assert done.fates == {Fate.in_doubt: 20, Fate.accepted: 20}


def test_who_is_blameless_goes_at_once_and_nothing_waits_for_it(shop: Shop) -> None:
    planned(shop.store, news=30)
    bad = shop.send_keys()[4]

    def script(mail: Email, _nth: int) -> Handover:
        if bad not in [one.key for one in way(shop).together]:
            return Handover(mail.key, Fate.accepted)
        refused = mail.key == bad
        return Handover(mail.key, Fate.refused if refused else Fate.planned, "no such box", blameless=not refused)

    way(shop).script = script
    sending = shop.sending()
    done = asyncio.run(sending.round())
    assert done.fates == {Fate.accepted: 29, Fate.refused: 1}
    assert sorted(map(len, way(shop).requests)) == [9, 10, 10, 10]
    assert (sending.next_at, sending.back_off.failures, sending.back_off.in_a_row) == (None, 0, 0)


def test_who_is_blameless_waits_when_the_way_is_closed_meanwhile(shop: Shop) -> None:
    """One is refused by name, then a pause is asked for: the others are in the queue again, and not in doubt."""
    planned(shop.store, news=10)
    bad = shop.send_keys()[0]

    def script(mail: Email, _nth: int) -> Handover:
        if len(way(shop).requests) > 1:
            return Handover(mail.key, Fate.planned, "429", retry_at=NOW + timedelta(seconds=9))
        refused = mail.key == bad
        return Handover(mail.key, Fate.refused if refused else Fate.planned, "no such box", blameless=not refused)

    way(shop).script = script
    assert rounds(shop).fates == {Fate.refused: 1, Fate.planned: 9}
    assert shop.fates().count(Fate.planned) == 9


def test_a_mail_that_breaks_the_building_of_requests_is_refused_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(shop.store, news=10)
    bad, build = shop.send_keys()[3], way(shop).build

    def breaks(mails: list[Email]) -> object:
        if any(mail.key == bad for mail in mails):
            raise ValueError("what is this")
        return build(mails)

    monkeypatch.setattr(way(shop), "build", breaks)
    assert rounds(shop).fates == {Fate.accepted: 9, Fate.refused: 1}


def test_a_mail_that_breaks_the_building_of_smaller_requests_ends_and_is_not_in_doubt(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(shop.store, news=10)
    way(shop).script = lambda mail, _: Handover(mail.key, Fate.planned, "400", blameless=True)

    def breaks(_request: object, _answer: object) -> object:
        raise ValueError("what is this")

    monkeypatch.setattr(way(shop), "again", breaks)
    assert rounds(shop).fates == {Fate.refused: 10}
    assert len(way(shop).requests) == 1
