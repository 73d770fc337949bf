"""Laws of what comes back: whatever order, however often and in whatever pieces, the same store; refusals end mail."""

import asyncio
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.deliver.sendgrid_events import WORDS
from nurture.engine.hand_over import directly
from nurture.engine.news import judge_clicks
from nurture.engine.sending import Sending
from nurture.engine.taking import take_received
from nurture.engine.tick import tick
from nurture.model.event import ADDRESS_STATE, CONSENT_REFUSED, MAIL_CLICKED
from nurture.model.happening import Happened
from nurture.model.mail import Fate, Handover
from nurture.store.outbox import OPEN
from nurture.store.tables import HAPPENING, MAIL_DAY, MESSAGE, PLANNED, SUPPRESSION
from tests.drawing import Dice, drawn, one_of
from tests.hunting import hunt
from tests.postgres_server import Server
from tests.sending_worlds import MINUTE, NOW, Shop, open_shop, planned

SOURCE = "sendgrid.events"
LATER = NOW + timedelta(days=30)
READERS = ("n0", "n1", "n2", "s0")
NOT_OURS = "nobody-knows-this-mail"
Event = dict[str, Any]
New = Callable[[], AbstractContextManager[Shop]]  # another copy of the store that was made


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[New, dict[str, str]]]:
    """Copies of the store in a file."""
    folder = Path(tempfile.mkdtemp())
    keys = begun(folder)
    yield lambda: copied(folder), keys
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made_there(postgres: Server) -> tuple[New, dict[str, str]]:
    """Copies of it on PostgreSQL."""
    url = postgres.new_database()
    keys = begun(url)
    return lambda: copied_there(postgres, url), keys


def begun(where: Path | str) -> dict[str, str]:
    """A store with two accepted mails, one in doubt, and one of service in doubt whose second copy waits."""
    shop = open_shop(where)
    planned(shop.store, news=3, service=1)
    batch = shop.store.outbox.claim(100, NOW, "us", OPEN).batch
    assert batch is not None
    shop.store.hand(batch, NOW)
    outside = shop.store.labels([one.person for one in batch.intents])
    keys = {outside[one.person]: one.key for one in batch.intents}
    shop.store.settle(batch, [Handover(keys[who], Fate.accepted) for who in ("n0", "n1")], NOW)
    assert shop.store.outbox.look_after_doubts(NOW + 16 * MINUTE, None).again == 1
    shop.store.close()
    return keys


@contextmanager
def copied(made: Path) -> Iterator[Shop]:
    with tempfile.TemporaryDirectory() as folder:
        for file in made.iterdir():
            shutil.copy(file, folder)
        shop = open_shop(Path(folder))
        try:
            yield shop
        finally:
            shop.store.close()


@contextmanager
def copied_there(server: Server, made: str) -> Iterator[Shop]:
    url = server.copy_of(made)
    shop = open_shop(url)
    try:
        yield shop
    finally:
        shop.store.close()
        server.drop(url)


@dataclass(frozen=True)
class Story:
    """Events as they happened, and the posts in which they come."""

    events: tuple[Event, ...]
    posts: tuple[tuple[int, ...], ...]
    looks: tuple[int, ...] = ()


KINDS = (*WORDS, "bounce", "bounce", "delivered", "delivered", "click", "click", "open")
BOUNCES = (
    {"type": "bounce", "bounce_classification": "Mailbox Unavailable", "reason": "552 5.2.2 full"},
    {"type": "bounce", "bounce_classification": "Invalid Address", "reason": "550 5.1.1 gone"},
    {"type": "blocked", "bounce_classification": "Reputation", "reason": "550 blocked"},
    {"type": "bounce", "reason": "550 5.7.26 not proven"},
)
DROPS = ("Bounced Address", "Spam Reporting Address", "Unsubscribed Address", "Invalid")


def event(dice: Dice, number: int, keys: dict[str, str]) -> Event:
    who = one_of(dice, *READERS)
    kind = one_of(dice, *KINDS)
    minutes = one_of(dice, 20, 21, 24, 24 * 60, 3 * 24 * 60, 8 * 24 * 60)
    at = int((NOW + minutes * MINUTE).timestamp()) + dice(12)
    key = one_of(dice, keys[who], keys[who], keys[who], keys[who], "", NOT_OURS)
    found: Event = {"event": kind, "timestamp": at, "email": f"{who}@shop.example", "sg_event_id": f"e{number}"}
    found |= {"nv_send": key} if key else {}
    if kind == "bounce":
        found |= one_of(dice, *BOUNCES)
    elif kind == "dropped":
        found |= {"reason": one_of(dice, *DROPS)}
    elif kind == "click":
        found |= {"url": f"https://shop.example/{dice(3)}", "useragent": one_of(dice, "Mozilla/5.0", "Barracuda")}
    elif kind == "open" and dice(1):
        found |= {"sg_machine_open": True}
    return found


def story(dice: Dice, keys: dict[str, str]) -> Story:
    """Up to a dozen events, told again in another order, doubled, in pieces, and looked at in between."""
    events = tuple(event(dice, number, keys) for number in range(1 + dice(11)))
    left = [*range(len(events)), *(dice(len(events) - 1) for _ in range(dice(4)))]
    shuffled = [left.pop(dice(len(left) - 1)) for _ in range(len(left))]
    posts: list[list[int]] = [[]]
    for number in shuffled:
        if dice(2) == 0:
            posts.append([])
        posts[-1].append(number)
    return Story(events, tuple(map(tuple, posts)), tuple(dice(1) for _ in posts))


def tell(shop: Shop, events: list[Event], number: int, now: datetime = LATER) -> None:
    body = json.dumps([{**one, "category": f"{number}"} for one in events]).encode()
    shop.store.received.keep(SOURCE, body, {}, now)
    assert take_received(shop.workshop, shop.live, now)["unreadable"] == 0


def stands(shop: Shop, heard: bool) -> dict[str, Any]:
    """All of the store that news can change, but when and in which order we learned of it."""
    with shop.store.database.reading() as connection:
        rows = {table.name: connection.execute(table.select()).all() for table in
                (HAPPENING, MESSAGE, PLANNED, MAIL_DAY, SUPPRESSION)}  # fmt: skip
    found: dict[str, Any] = {
        "happening": sorted(
            (one.id, one.key, one.person, one.what, one.at, one.bounce, one.detail, one.link, one.by, one.known)
            for one in rows["happening"]
        ),
        "message": sorted((one.key, one.fate, one.detail) for one in rows["message"]),
        "planned": sorted(one.key for one in rows["planned"]),
        "mail_day": sorted((one.day, one.family, one.what, one.count) for one in rows["mail_day"] if one.count),
        "suppression": sorted((one.key, one.because, one.since) for one in rows["suppression"]),
    }
    for who in READERS:
        person = shop.store.find(who)
        assert person
        history = shop.store.histories([person])[person]
        found[f"{who} refused"] = sorted(one.fields["topics"] for one in history if one.name == CONSENT_REFUSED)
        found[f"{who} address"] = [one.fields["state"] for one in history if one.name == ADDRESS_STATE][-1:] or ["ok"]
        if heard:
            found[f"{who} clicked"] = sorted(one.happened_at for one in history if one.name == MAIL_CLICKED)
    return found


def at_once(new: New, told: Story, heard: bool) -> dict[str, Any]:
    with new() as shop:
        tell(shop, list(told.events), -1)
        judge_clicks(shop.workshop, LATER + timedelta(days=1))
        return stands(shop, heard)


def in_pieces(new: New, told: Story, heard: bool) -> dict[str, Any]:
    """As it comes; without `heard` it is also judged in between, so that the core may hear of one that was none."""
    with new() as shop:
        for number, (post, look) in enumerate(zip(told.posts, told.looks, strict=True)):
            tell(shop, [told.events[place] for place in post], number)
            if look and not heard:
                judge_clicks(shop.workshop, LATER + timedelta(hours=number))
        judge_clicks(shop.workshop, LATER + timedelta(days=1))
        return stands(shop, heard)


def the_same(new: New, told: Story) -> bool:
    return all(at_once(new, told, heard) == in_pieces(new, told, heard) for heard in (True, False))


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_same_events_make_the_same_store_however_they_come(made: tuple[New, dict[str, str]], data: st.DataObject):
    told = data.draw(st.composite(lambda draw: story(drawn(draw), made[1]))())
    for heard in (True, False):
        assert in_pieces(made[0], told, heard) == at_once(made[0], told, heard)


@given(data=st.data())
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_same_events_make_the_same_store_on_postgresql(made_there: tuple[New, dict[str, str]], data: st.DataObject):
    told = data.draw(st.composite(lambda draw: story(drawn(draw), made_there[1]))())
    assert in_pieces(made_there[0], told, heard=False) == at_once(made_there[0], told, heard=False)


def _last_wins(told: Any) -> Any:
    from nurture.store.happenings import FATES

    *_, last = told
    return FATES[last.what], last.detail


FAULTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "the last word wins": ("nurture.store.happenings.furthest", _last_wins),
    "the first word wins": ("nurture.store.happenings.furthest", lambda told: _last_wins(list(told)[:1])),
    "a delivery that comes late heals no address": (
        "nurture.store.address_words._may_move",
        lambda one: one.what is Happened.bounced,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_law_sees_a_planted_fault(made: tuple[New, dict[str, str]], fault: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(*FAULTS[fault])
    hunt(lambda dice: story(dice, made[1]), lambda told: not the_same(made[0], told), 150)


# Who refused has no mail


REFUSALS = (
    {"event": "spamreport"},
    {"event": "unsubscribe"},
    {"event": "group_unsubscribe"},
    {"event": "dropped", "reason": "Spam Reporting Address"},
    {"event": "dropped", "reason": "Unsubscribed Address"},
    {"event": "bounce", "type": "bounce", "bounce_classification": "Invalid Address"},
)


def refused(dice: Dice) -> tuple[list[Event], list[Event]]:
    """For some of six readers whose mail waits a refusal, by address or by the mail they had; and other news."""
    said, other = [], []
    for number in range(6):
        told = one_of(dice, *REFUSALS) if dice(1) else {"event": one_of(dice, "delivered", "open", "processed")}
        at = int(NOW.timestamp()) + dice(300)
        (said if told in REFUSALS else other).append(
            {
                **told,
                "timestamp": at,
                "email": f"N{number}@shop.example",
                "sg_event_id": f"r{number}",
                "who": f"n{number}",
            }
        )
    return said, other


def mailed_after(dice: Dice, url: str = "") -> Counter[str]:
    """How many mails each of those had who had refused before anything left."""
    said, other = refused(dice)
    with tempfile.TemporaryDirectory() as folder:
        shop = open_shop(url or Path(folder))
        planned(shop.store, news=6)
        tell(shop, [*other, *said], 0, NOW + MINUTE)
        sending = Sending(shop.workshop, lambda: shop.live, lambda: NOW + MINUTE, directly)
        tick(shop.store, shop.live.book, NOW + MINUTE)
        asyncio.run(sending.round())
        had = set(shop.provider.posted)
        with shop.store.database.reading() as connection:
            rows = connection.execute(MESSAGE.select()).all()
        labels = shop.store.labels([row.person for row in rows])
        shop.store.close()
    refusing = {one["who"] for one in said}
    return Counter(labels[row.person] for row in rows if row.key in had and labels[row.person] in refusing)


@given(st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_nobody_who_refused_is_mailed_after(data: st.DataObject):
    assert data.draw(st.composite(lambda draw: mailed_after(drawn(draw)))()) == Counter()


@given(data=st.data())
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_nobody_who_refused_is_mailed_after_over_postgresql(postgres: Server, data: st.DataObject):
    with postgres.new_store() as url:
        assert mailed_after(drawn(data.draw), url) == Counter()


def test_that_law_sees_a_refusal_that_is_only_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nurture.store.happenings.follow", lambda *_: None)
    hunt(mailed_after, bool, 20)
