"""What people see of the outbox and do with it, each act with who and why, and what cannot be done."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.engine.by_hand import do, held, listing, release
from nurture.engine.faults import MisuseError, RefusedError
from nurture.model.mail import Email, Fate, Handover
from tests.sending_worlds import NOW, Scripted, Shop, open_shop, planned


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path)
    yield opened
    opened.store.close()


def doubtful(mail: Email, _nth: int) -> Handover:
    return Handover(mail.key, Fate.in_doubt, "time-out")


def rounds(shop: Shop) -> dict[Fate, int]:
    return asyncio.run(shop.sending().round()).fates


def by_hand(shop: Shop, what: str, key: str) -> str:
    return do(shop.workshop, what, key, "lena", "a test", shop.clock.now)


def said(shop: Shop, person: str) -> list[str]:
    return [one.words for one in shop.store.reasons(shop.store.find(person) or "") if one.why.value == "by hand"]


def test_the_list_says_what_waits_and_what_is_in_doubt_and_since_when(shop: Shop) -> None:
    planned(shop.store, service=1, news=1)
    shop.provider.script = doubtful
    rounds(shop)
    planned(shop.store, news=1, first=7)
    found = listing(shop.workshop, (), 20)
    assert found.counts == {"held": 0, "in_doubt": 2, "refused": 0, "fate unknown": 0, "handed": 0, "planned": 1}
    text = "\n".join(found.lines())
    assert "2 in doubt: they may have gone" in text
    assert "time-out; service goes once more by itself after 15 minutes" in text
    assert "2027-03-02 10:00 UTC" in text
    assert [(one.person, one.state) for one in found.mails][-1] == ("n7", "planned")
    assert len(listing(shop.workshop, (Fate.in_doubt,), 1).mails) == 1


def test_what_is_sent_again_by_hand_goes_once_and_never_again_by_itself(shop: Shop) -> None:
    planned(shop.store, service=1)
    shop.provider.script = doubtful
    rounds(shop)
    (key,) = shop.send_keys()
    assert "sorry to s0 is sent again" in by_hand(shop, "resend", key[:10])
    assert rounds(shop) == {Fate.in_doubt: 1}
    shop.clock.now += timedelta(hours=1)
    assert rounds(shop) == {}
    assert shop.provider.posted == [key, key]
    assert said(shop, "s0") == ["sent again by lena: a test"]


def test_what_was_seen_to_have_gone_is_accepted_and_goes_no_second_time(shop: Shop) -> None:
    planned(shop.store, service=1, news=1)
    shop.provider.script = doubtful
    rounds(shop)
    service, news = shop.send_keys()
    shop.clock.now += timedelta(minutes=16)
    shop.store.outbox.look_after_doubts(shop.clock.now, None)
    assert shop.fates() == [Fate.planned, Fate.in_doubt]
    by_hand(shop, "went", service)
    by_hand(shop, "went", news)
    assert shop.fates() == [Fate.accepted, Fate.accepted]
    assert rounds(shop) == {}
    assert len(shop.provider.posted) == 2


def test_a_dropped_mail_does_not_go_and_one_that_may_have_gone_stays_of_unknown_fate(shop: Shop) -> None:
    planned(shop.store, service=1)
    shop.provider.script = doubtful
    rounds(shop)
    planned(shop.store, news=1)
    for key in shop.send_keys():
        by_hand(shop, "drop", key)
    assert shop.fates() == [Fate.unknown, Fate.cancelled]
    shop.clock.now += timedelta(hours=1)
    assert rounds(shop) == {}


def test_a_second_copy_that_is_dropped_leaves_the_first_of_unknown_fate(shop: Shop) -> None:
    planned(shop.store, service=1)
    shop.provider.script = doubtful
    rounds(shop)
    shop.store.outbox.look_after_doubts(NOW + timedelta(minutes=16), None)
    by_hand(shop, "drop", shop.send_keys()[0])
    assert shop.fates() == [Fate.unknown]


def test_acts_that_make_no_sense_are_refused_and_change_nothing(shop: Shop) -> None:
    planned(shop.store, news=2)
    waiting = shop.send_keys()[0]
    with pytest.raises(RefusedError, match="waits; only what is in doubt"):
        by_hand(shop, "resend", waiting)
    with pytest.raises(RefusedError, match="waits; only what is in doubt"):
        by_hand(shop, "went", waiting)
    rounds(shop)
    for what in ("resend", "drop", "went"):
        with pytest.raises(RefusedError, match="went; only"):
            by_hand(shop, what, waiting)
    with pytest.raises(MisuseError, match="begins with 'zz'"):
        by_hand(shop, "drop", "zz")
    with pytest.raises(MisuseError, match="begins with ''"):
        by_hand(shop, "drop", "")
    assert shop.fates() == [Fate.accepted] * 2


def test_a_key_that_several_begin_with_is_said(shop: Shop) -> None:
    planned(shop.store, news=40)
    first = next(key[0] for key in shop.send_keys() if sum(one[0] == key[0] for one in shop.send_keys()) > 1)
    with pytest.raises(MisuseError, match=f"several send keys begin with '{first}'"):
        by_hand(shop, "drop", first)


def test_what_is_too_old_is_not_sent_again(shop: Shop) -> None:
    planned(shop.store, news=1)
    shop.provider.script = doubtful
    rounds(shop)
    shop.clock.now += timedelta(days=4)
    with pytest.raises(RefusedError, match="it would only expire"):
        by_hand(shop, "resend", shop.send_keys()[0])


def test_a_refused_mail_goes_after_its_fault_was_put_right(shop: Shop) -> None:
    planned(shop.store, news=1)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.refused, "no such sender")
    rounds(shop)
    shop.provider.script = Scripted().script
    by_hand(shop, "resend", shop.send_keys()[0])
    assert rounds(shop) == {Fate.accepted: 1}


def test_held_mails_go_when_released_the_oldest_first_and_pass_the_brake(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, brake=2)
    planned(shop.store, news=2)
    planned(shop.store, news=3, now=NOW + timedelta(minutes=1), first=10)
    shop.clock.now = NOW + timedelta(minutes=2)
    assert rounds(shop) == {Fate.accepted: 2}
    assert held(shop.workshop) == 3
    assert release(shop.workshop, 1, sequence="answer").released == 0
    done = release(shop.workshop, 2, mail="hello")
    assert (done.released, done.held) == (2, 1)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.planned)
    sending = shop.sending()
    asyncio.run(sending.round())
    shop.clock.now += timedelta(seconds=1)
    shop.provider.script = Scripted().script
    assert asyncio.run(sending.round()).fates == {Fate.accepted: 2}, "put back once, they are released still"
    assert release(shop.workshop).released == 1
    assert rounds(shop) == {Fate.accepted: 1}
    shop.store.close()


def test_a_mail_that_the_core_takes_back_is_held_no_more(tmp_path: Path) -> None:
    from dataclasses import replace

    from nurture.model.decision import Decision

    shop = open_shop(tmp_path, brake=0)
    planned(shop.store, news=1)
    assert rounds(shop) == {}
    assert held(shop.workshop) == 1
    ((person, _),) = shop.store.people([shop.store.find("n0") or ""], NOW)
    gone = replace(person, messages=tuple(replace(one, cancelled=True) for one in person.messages))
    shop.store.commit([Decision(gone)], NOW, lambda _: "Europe/Paris")
    assert (held(shop.workshop), shop.fates()) == (0, [Fate.cancelled])
    shop.store.close()


def test_what_is_said_of_a_mail_in_several_lines_is_kept_in_one(shop: Shop) -> None:
    planned(shop.store, news=1)
    (key,) = shop.send_keys()
    do(shop.workshop, "drop", key, "lena", "the price\n  was wrong", shop.clock.now)
    assert said(shop, "n0") == ["dropped by lena: the price was wrong"]
