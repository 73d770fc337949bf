"""Drafts from approval to hand-over: settled once, in a person's own words, and called off like a mail that leaves."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from nurture.config import Config
from nurture.engine.accepting import accept
from nurture.engine.applying import LiveBook
from nurture.engine.drafts import approve, call_off, drop, listing, read_draft
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.hand_over import hand_over_all
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.book import Book, Mail
from nurture.model.decision import Carried, Intent, Why
from nurture.model.event import CONSENT_REFUSED, DRAFT_SETTLED
from nurture.model.mail import Fate
from nurture.render.rewritten import literal, places
from nurture.store.desk import desk
from nurture.store.drafts import Settling
from nurture.store.open import Store, open_store
from nurture.store.outbox_by_hand import Wanted
from nurture.store.rows import ConsentRow, ContactRow, EventRow, SuppressionRow
from nurture.store.said import Said
from tests import worlds as w
from tests.sending_worlds import JOINED, NOW, RULES, TEMPLATES, Scripted, refuse

GOOD_FOR = w.length("2 days")


@dataclass
class World:
    store: Store
    shop: Workshop
    live: LiveBook
    key: str
    person: str

    def fate(self) -> Fate:
        return self.store.fates([self.key])[self.key]

    def settled(self) -> list[dict[str, object]]:
        events = self.store.histories([self.person])[self.person]
        return [dict(event.fields) for event in events if event.name == DRAFT_SETTLED]

    def hand_over(self, now: datetime) -> dict[Fate, int]:
        return hand_over_all(self.shop, self.live, now).fates


def the_book() -> Book:
    step = w.send("hello", approve="lena", valid_for=GOOD_FOR)
    made = w.book(w.sequence("welcome", JOINED, [step]), rules=RULES)
    return replace(made, mails={"hello": Mail("hello", frozenset({"en"}))})


@pytest.fixture
def world(tmp_path: Path, store_url: str) -> Iterator[World]:
    store, book = open_store(store_url, tmp_path / "installation"), the_book()
    salma = ContactRow(outside_id="salma", address="salma@shop.example", facts={"locale": "en", "zone": "UTC"})
    joined = EventRow(outside_id="salma", name="subscriber.joined", at=NOW)
    store.importing(NOW).take(
        [salma, ConsentRow(outside_id="salma", topics=("tips",), given=True, at=NOW), joined], refuse
    )
    assert tick(store, book, NOW).intents == 1
    person = store.find("salma")
    assert person is not None
    (sheet,) = desk(store).drafts.waiting(10)
    shop = Workshop(tmp_path, Config("", tmp_path / "outbox", tmp_path / "installation"), store, Scripted(), "us")
    yield World(store, shop, LiveBook(book, TEMPLATES), sheet.intent.key, person)
    store.close()


def test_a_draft_waits_and_does_not_go_by_itself(world: World) -> None:
    assert world.hand_over(NOW + timedelta(hours=1)) == {}
    (one,) = listing(world.shop, world.live, NOW, 10)
    line, more = one.lines()
    assert "salma" in line
    assert "for lena" in line
    assert "good for 2 days from its approval" in more
    assert desk(world.store).drafts.waiting(10, person=world.person)
    assert not desk(world.store).drafts.waiting(10, person="another")


def test_it_reads_as_its_reader_would_get_it(world: World) -> None:
    read = read_draft(world.shop, world.live, world.key[:8], NOW)
    assert (read.to, read.subject) == ("salma@shop.example", "Hello")
    assert "Hello, dear reader." in "\n".join(read.lines())


def test_what_is_approved_late_goes_and_is_good_from_then_on(world: World) -> None:
    later = NOW + timedelta(days=20)
    said = approve(world.shop, world.live, world.key[:8], "lena", later)
    assert "good until 2027-03-24 10:00 UTC" in said
    sent: list[object] = []
    world.shop.provider.before = sent.append  # type: ignore[attr-defined]
    assert world.hand_over(later + timedelta(days=1)) == {Fate.accepted: 1}
    assert sent[0].date == later  # type: ignore[attr-defined]  # and not of the day on which it was decided
    assert world.settled() == [{"key": world.key, "outcome": "approved", "by": "lena"}]


def test_the_brake_lets_what_a_person_approved_go(world: World) -> None:
    rules = replace(world.live.book.rules, brake=0)
    world.live = replace(world.live, book=replace(world.live.book, rules=rules))
    approve(world.shop, world.live, world.key, "lena", NOW)
    assert world.hand_over(NOW) == {Fate.accepted: 1}


def test_what_waited_as_a_restored_store_was_accepted_may_have_gone_and_is_held_once_more(world: World) -> None:
    later = NOW + timedelta(hours=1)
    world.shop.store.halted = "a backup was put back"
    accept(world.shop, world.live, later)
    said = approve(world.shop, world.live, world.key, "lena", later)
    assert "held by a restore, before which it may have gone; nurture release lets it go" in said
    world.hand_over(later)
    assert world.fate() is Fate.held
    world.shop.store.outbox.release(Wanted())
    assert world.hand_over(later) == {Fate.accepted: 1}


def test_what_is_handed_over_too_late_after_approval_expires(world: World) -> None:
    approve(world.shop, world.live, world.key, "lena", NOW)
    assert world.hand_over(NOW + timedelta(days=3)) == {Fate.expired: 1}


def test_of_two_who_approve_one_wins_and_the_other_is_told(world: World) -> None:
    approve(world.shop, world.live, world.key, "lena", NOW)
    with pytest.raises(RefusedError, match="approved by lena already"):
        approve(world.shop, world.live, world.key, "omar", NOW)
    with pytest.raises(RefusedError, match="approved by lena already"):
        drop(world.shop, world.live, world.key, "omar", "no", NOW)
    assert len(world.settled()) == 1


def test_the_store_settles_a_draft_once(world: World) -> None:
    doors = desk(world.store).drafts
    until = NOW + timedelta(days=1)
    assert doors.settle(Settling(world.key, "approved", "lena", NOW, until), None)
    assert not doors.settle(Settling(world.key, "dropped", "omar", NOW), None)
    assert not doors.settle(Settling("no such key", "dropped", "omar", NOW), None)
    assert world.fate() is Fate.planned


def test_what_is_dropped_is_cancelled_with_its_reason(world: World) -> None:
    drop(world.shop, world.live, world.key, "lena", "she rang us", NOW)
    assert world.fate() is Fate.cancelled
    assert world.hand_over(NOW + timedelta(hours=1)) == {}
    (reason,) = [one for one in world.store.reasons(world.person) if one.why is Why.dropped]
    assert reason.words == "dropped by lena: she rang us"
    assert [one["outcome"] for one in world.settled()] == ["dropped"]
    ((person, _),) = world.store.people([world.person], NOW)
    assert [one.cancelled for one in person.messages] == [True]  # its place in the limits is given back


def test_what_was_rewritten_goes_in_these_words_and_nothing_of_it_runs(world: World) -> None:
    body = "Dear Salma,\n\n**sorry** about {{ 7 * 7 }} & {% if x %} <b>bags</b> {# note #}.\n"
    approve(world.shop, world.live, world.key, "lena", NOW, ('Sorry: {{ 1 + 1 }} "bags"', body))
    sent: list[object] = []
    world.shop.provider.before = sent.append  # type: ignore[attr-defined]
    assert world.hand_over(NOW) == {Fate.accepted: 1}
    (mail,) = sent
    assert mail.subject == 'Sorry: {{ 1 + 1 }} "bags"'  # type: ignore[attr-defined]
    assert "{{ 7 * 7 }} & {% if x %}" in mail.text  # type: ignore[attr-defined]
    assert "<strong>sorry</strong> about {{ 7 * 7 }} &amp; {% if x %} &lt;b&gt;bags&lt;/b&gt; {# note #}." in mail.html  # type: ignore[attr-defined]
    assert "4 rue du Four" in mail.text  # type: ignore[attr-defined]
    assert [one["outcome"] for one in world.settled()] == ["edited"]
    assert read_draft(world.shop, world.live, world.key, NOW).subject == 'Sorry: {{ 1 + 1 }} "bags"'


def test_who_refuses_meanwhile_gets_no_draft(world: World) -> None:
    world.store.record(Said(world.person, CONSENT_REFUSED, ("1",), {"topics": ()}), NOW)
    (one,) = listing(world.shop, world.live, NOW, 10)
    assert "goes no more" in list(one.lines())[1]
    with pytest.raises(RefusedError, match="goes no more, and is cancelled"):
        approve(world.shop, world.live, world.key, "lena", NOW)
    assert world.fate() is Fate.cancelled
    assert listing(world.shop, world.live, NOW, 10) == ()
    with pytest.raises(RefusedError, match="cancelled already"):
        approve(world.shop, world.live, world.key, "lena", NOW)


def test_who_is_suppressed_meanwhile_is_told_so_in_the_list_and_to_whoever_approves(world: World) -> None:
    ((person, _),) = world.store.people([world.person], NOW)
    row = SuppressionRow(address=person.address, because="complained elsewhere", at=NOW)
    world.store.importing(NOW).take([row], lambda one, why: pytest.fail(f"{one}: {why}"))
    (one,) = listing(world.shop, world.live, NOW, 10)
    assert list(one.lines())[1].strip() == "goes no more: suppressed: complained elsewhere"
    read = read_draft(world.shop, world.live, world.key, NOW)
    assert "goes no more: suppressed: complained elsewhere" in list(read.lines())
    with pytest.raises(RefusedError, match="goes no more, and is cancelled: suppressed: complained elsewhere"):
        approve(world.shop, world.live, world.key, "lena", NOW)
    assert world.fate() is Fate.cancelled


def test_the_daemon_calls_such_drafts_off_by_itself(world: World) -> None:
    assert call_off(world.shop, world.live.book, NOW) == 0
    world.store.record(Said(world.person, CONSENT_REFUSED, ("1",), {"topics": ()}), NOW)
    world.hand_over(NOW + timedelta(minutes=5))
    assert world.fate() is Fate.cancelled
    assert [one.why for one in world.store.reasons(world.person)][-1] is Why.no_consent


def test_a_refusal_after_the_approval_still_holds_it(world: World) -> None:
    approve(world.shop, world.live, world.key, "lena", NOW)
    world.store.record(Said(world.person, CONSENT_REFUSED, ("1",), {"topics": ()}), NOW)
    assert world.hand_over(NOW + timedelta(minutes=1)) == {Fate.cancelled: 1}


def test_a_draft_that_is_dropped_in_the_outbox_waits_no_more(world: World) -> None:
    from nurture.engine.by_hand import do

    do(world.shop, "drop", world.key, "lena", "wrong", NOW)
    assert desk(world.store).drafts.waiting(10) == []


def test_an_unknown_key_is_said(world: World) -> None:
    with pytest.raises(MisuseError, match="no draft"):
        approve(world.shop, world.live, "zz", "lena", NOW)


def test_only_the_places_of_carried_gifts_stay_places() -> None:
    gifts = (Carried("k", "bag", "code", "until"),)
    intent = Intent(
        "k", "p", "s", 1, "1", "x", "hello", "care", "", "", NOW, NOW, NOW, NOW.date(), "UTC", "", "a@b.c", gifts=gifts
    )  # fmt: skip
    names = places(intent)
    assert names == ("code", "until")
    assert literal("{{ code }} {{ until | day }} {{ person.id }}", names) == (
        "{{ code }} {{ until | day }} {{ '{{' }} person.id {{ '}}' }}"
    )
    assert literal("{{ code }}") == "{{ '{{' }} code {{ '}}' }}"
