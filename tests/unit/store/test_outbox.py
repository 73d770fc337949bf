"""Mails leave once: claimed, handed before the first byte, settled by batch."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, event

from nurture.model.decision import Decision, Intent
from nurture.model.mail import Fate, Handover
from nurture.store.database import Conflict
from nurture.store.open import Store, open_store
from nurture.store.outbox import Recovered
from nurture.store.rows import ContactRow

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NORMAL, FULL = 1, 2  # only with FULL a commit is on the disk when it returns
MODES = {"1": NORMAL, "2": FULL, "off": NORMAL, "on": FULL}  # PRAGMA synchronous, synchronous_commit


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def intent(person: str, key: str, class_: str, due: datetime) -> Intent:
    return Intent(
        key, person, "welcome", 1, "1", "hello", "hello", class_, "tips", "", due, NOW, NOW + 60 * MINUTE,
        date(2027, 3, 2), "Europe/Paris", "person", "a@example.net", {"name": "Salma", "day": date(2027, 3, 2)},
    )  # fmt: skip


def planned(store: Store, *mails: tuple[str, str]) -> list[Intent]:
    """Plan mails of a class, each a minute after the other."""
    store.importing(NOW).take([ContactRow(outside_id="17")], lambda _, why: pytest.fail(why))
    id_ = store.find("17") or ""
    ((person, _),) = store.people([id_], NOW)
    start = NOW - 30 * MINUTE
    intents = [intent(id_, key, class_, start + number * MINUTE) for number, (key, class_) in enumerate(mails)]
    store.commit([Decision(person, tuple(intents))], NOW, lambda _: "Europe/Paris")
    return intents


def keys(intents: Sequence[Intent]) -> list[str]:
    return [one.key for one in intents]


def test_service_goes_first_then_class_then_what_fell_due_first(store: Store) -> None:
    intents = planned(store, ("o", "offer"), ("n2", "news"), ("n1", "news"), ("s", "service"))
    batch = store.claim(10, NOW)
    assert batch is not None
    assert keys(batch.intents) == ["s", "n2", "n1", "o"]
    assert sorted(batch.intents, key=lambda one: one.due_at) == intents


def test_mails_alike_go_together_and_what_fell_due_first_always_goes(store: Store) -> None:
    mails = [("s", "service"), *((f"{number:02}{'abc'[number % 3]}", "news") for number in range(30)), ("o", "offer")]
    start, people = NOW - 50 * MINUTE, {}
    for language in "abc":
        store.importing(NOW).take([ContactRow(outside_id=language)], lambda _, why: pytest.fail(why))
        ((person, _),) = store.people([store.find(language) or ""], NOW)
        people[language] = replace(person, facts={"locale": language})
    for place, (key, class_) in enumerate(mails):
        person = people[key[-1] if key[-1] in people else "a"]
        one = replace(intent(person.id, key, class_, start + place * MINUTE), person=person.id)
        store.commit([Decision(person, (one,))], NOW, lambda _: "Europe/Paris")
    claims = []
    while (batch := store.claim(7, NOW)) is not None:
        claims.append(keys(batch.intents))
    assert claims == [
        ["s", "00a", "03a", "06a", "09a", "12a", "15a"],
        ["01b", "04b", "07b", "10b", "13b", "16b", "19b"],
        ["02c", "05c", "08c", "11c", "14c", "17c", "20c"],
        ["18a", "21a", "24a", "27a", "22b", "25b", "28b"],
        ["23c", "26c", "29c", "o"],
    ]


def test_a_mail_is_claimed_once(store: Store) -> None:
    planned(store, ("a", "news"), ("b", "news"), ("c", "news"))
    first, second, third = store.claim(2, NOW), store.claim(2, NOW), store.claim(2, NOW)
    assert first is not None
    assert second is not None
    assert (keys(first.intents), keys(second.intents), third) == (["a", "b"], ["c"], None)


def test_fates_follow_the_batch_but_for_exceptions(store: Store) -> None:
    planned(store, ("a", "news"), ("b", "news"), ("c", "news"), ("d", "news"))
    names = ["a", "b", "c", "d"]
    assert set(store.fates(names).values()) == {Fate.planned}
    batch = store.claim(10, NOW)
    assert batch is not None
    assert set(store.fates(names).values()) == {Fate.claimed}
    store.hand(batch, NOW)
    assert set(store.fates(names).values()) == {Fate.handed}
    answers = [Handover("a", Fate.accepted), Handover("b", Fate.refused, "no such box"), Handover("c", Fate.cancelled)]
    store.settle(batch, answers, NOW)
    assert store.fates(names) == {"a": Fate.accepted, "b": Fate.refused, "c": Fate.cancelled, "d": Fate.in_doubt}
    assert store.counts().in_doubt == 1


def test_a_cancelled_mail_gives_its_place_in_the_limits_back(store: Store) -> None:
    (one,) = planned(store, ("a", "news"))
    batch = store.claim(10, NOW)
    assert batch is not None
    store.hand(batch, NOW)
    store.settle(batch, [Handover("a", Fate.cancelled, "muted")], NOW)
    ((person, _),) = store.people([one.person], NOW)
    assert [message.cancelled for message in person.messages] == [True]


def test_not_now_puts_a_mail_back(store: Store) -> None:
    planned(store, ("a", "news"), ("b", "news"))
    batch = store.claim(10, NOW)
    assert batch is not None
    store.hand(batch, NOW)
    store.settle(batch, [Handover("a", Fate.planned), Handover("b", Fate.accepted)], NOW)
    again = store.claim(10, NOW)
    assert again is not None
    assert keys(again.intents) == ["a"]


def test_a_batch_is_handed_once(store: Store) -> None:
    planned(store, ("a", "news"))
    batch = store.claim(10, NOW, "one")
    assert batch is not None
    store.hand(batch, NOW)
    with pytest.raises(Conflict):
        store.hand(batch, NOW)


def test_after_a_cut_what_was_handed_is_in_doubt_and_never_goes_again(store: Store) -> None:
    planned(store, ("a", "news"), ("b", "news"))
    handed, claimed = store.claim(1, NOW), store.claim(1, NOW)
    assert handed is not None
    assert claimed is not None
    store.hand(handed, NOW)
    assert store.recover(NOW) == Recovered(put_back=1, in_doubt=1)
    assert store.fates(["a", "b"]) == {"a": Fate.in_doubt, "b": Fate.planned}
    again = store.claim(10, NOW)
    assert again is not None
    assert keys(again.intents) == ["b"]
    assert store.counts().in_doubt == 1


def test_what_another_is_handing_over_is_left_to_them_while_their_lease_runs(store: Store) -> None:
    planned(store, ("a", "news"), ("b", "news"), ("c", "news"))
    handed, claimed, ours = store.claim(1, NOW, "they"), store.claim(1, NOW, "they"), store.claim(1, NOW, "we")
    assert handed is not None
    assert claimed is not None
    assert ours is not None
    store.hand(handed, NOW + 3 * MINUTE)
    store.hand(ours, NOW)
    assert store.recover(NOW, owner="we") == Recovered(put_back=0, in_doubt=1)
    assert store.fates(["a", "b", "c"]) == {"a": Fate.handed, "b": Fate.claimed, "c": Fate.in_doubt}
    assert store.recover(NOW + 5 * MINUTE, owner="we") == Recovered(put_back=1, in_doubt=0)
    with pytest.raises(Conflict):
        store.hand(claimed, NOW + 5 * MINUTE)
    assert store.recover(NOW + 8 * MINUTE, owner="we") == Recovered(put_back=0, in_doubt=1)
    store.settle(handed, [Handover("a", Fate.accepted)], NOW + 9 * MINUTE)
    assert store.fates(["a"]) == {"a": Fate.accepted}, "an answer that came late is still the truth"


def test_a_mail_the_core_takes_back_leaves_the_queue(store: Store) -> None:
    from dataclasses import replace

    (one,) = planned(store, ("a", "news"))
    ((person, _),) = store.people([one.person], NOW)
    gone = replace(person, messages=tuple(replace(message, cancelled=True) for message in person.messages))
    store.commit([Decision(gone)], NOW, lambda _: "Europe/Paris")
    assert store.claim(10, NOW) is None
    assert store.fates(["a"]) == {"a": Fate.cancelled}


def test_that_a_batch_leaves_and_what_became_of_it_survive_a_power_cut(store: Store) -> None:
    planned(store, ("a", "news"), ("b", "news"))
    asked = "PRAGMA synchronous" if store.database.file else "SHOW synchronous_commit"
    modes: list[int] = []

    def look(connection: Connection) -> None:
        modes.append(MODES[str(connection.exec_driver_sql(asked).scalar_one())])

    def strongest() -> int:
        found = max(modes)
        modes.clear()
        return found

    event.listen(store.database.engine, "commit", look)
    batch = store.claim(1, NOW)
    assert batch is not None
    assert strongest() == NORMAL, "a claim that is lost is planned again"
    store.hand(batch, NOW)
    assert strongest() == FULL
    store.settle(batch, [Handover("a", Fate.accepted)], NOW)
    assert strongest() == FULL
    left = store.claim(1, NOW)
    assert left is not None
    store.hand(left, NOW)
    modes.clear()
    store.recover(NOW)
    assert strongest() == FULL, "that a mail is in doubt"
