"""Codes of gifts in the store: one for each reservation, never one for two, given back only when nothing went."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest

from nurture.model import event as names
from nurture.model.mail import Fate, Handover
from nurture.store.codes import Asked, Codes, Drawn, Gone, Purse, Stock
from nurture.store.open import Store, open_store
from tests.sending_worlds import NOW, planned

LAST_DAY = date(2027, 3, 23)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def mint() -> object:
    """Codes by the dozen: AAAA, AAAB …"""
    numbers = count()
    return lambda places: f"{next(numbers):0{places}}"


def codes(store: Store) -> Codes:
    return store.outbox.codes


def want(reservation: str, **more: object) -> Asked:
    values = {"gift": "bag", "mail": f"mail-{reservation}", "person": "p", "pool": True}
    return Asked(reservation, **(values | more))  # type: ignore[arg-type]


def draw(store: Store, *asked: Asked, purse: Purse | None = None, made: object = None) -> list[Drawn]:
    found = codes(store).draw(asked, purse, NOW, made)  # type: ignore[arg-type]
    return [found[one.mail][one.reservation] for one in asked]


def drawn(store: Store, *asked: Asked, **more: object) -> list[str]:
    return [one.refused or one.code for one in draw(store, *asked, **more)]  # type: ignore[arg-type]


def test_a_pool_is_filled_once_and_drawn_in_its_order(store: Store) -> None:
    assert codes(store).fill("bag", ["ONE", " TWO ", "", "ONE"]) == 2
    assert codes(store).fill("bag", ["TWO", "THREE"]) == 1
    assert codes(store).fill("other", ["FOUR"]) == 1
    assert codes(store).stock() == {"bag": Stock(free=3), "other": Stock(free=1)}, "gifts have pools of their own"
    assert drawn(store, want("a"), want("b"), want("c"), want("d")) == ["ONE", "TWO", "THREE", "out_of_codes"]


def test_a_code_is_never_given_by_two_gifts_that_followed_each_other(store: Store) -> None:
    codes(store).fill("bag", ["ONE", "TWO", "THREE"])
    assert drawn(store, want("a")) == ["ONE"]
    assert codes(store).fill("sack", ["ONE", "TWO", "THREE"]) == 2
    assert codes(store).stock() == {"bag": Stock(drawn=1), "sack": Stock(free=2)}
    assert codes(store).fill("sack", ["ONE", "TWO", "THREE"]) == 0
    assert drawn(store, *(want(name, gift="sack") for name in "bcd")) == ["TWO", "THREE", "out_of_codes"]
    assert codes(store).fill("bag", ["ONE", "TWO"]) == 0, "back again, what the other drew is known too"


def test_asked_again_a_reservation_has_the_same_code_with_a_newer_last_day(store: Store) -> None:
    codes(store).fill("bag", ["ONE", "TWO"])
    draw(store, want("a", expires_on=LAST_DAY))
    later = LAST_DAY + timedelta(days=1)
    assert draw(store, want("a", expires_on=later)) == [Drawn("ONE", later)]
    assert codes(store).stock() == {"bag": Stock(free=1, drawn=1)}


def test_made_codes_follow_their_pattern_and_are_never_made_twice(store: Store) -> None:
    made = mint()
    assert drawn(store, want("a", pool=False, make="BDAY-{4}"), made=made) == ["BDAY-0000"]
    assert drawn(store, want("b", pool=False, make="BDAY-{4}"), made=mint()) == ["BDAY-0001"], "0000 is there"
    assert drawn(store, want("c", pool=False, make="{1}"), made=lambda _: "X") == ["X"]
    assert drawn(store, want("d", pool=False, make="{1}"), made=lambda _: "X") == ["out_of_codes"]


def test_a_gift_without_codes_is_given_without_one(store: Store) -> None:
    assert draw(store, want("a", pool=False, expires_on=LAST_DAY)) == [Drawn("", LAST_DAY)]
    assert draw(store, want("a", pool=False)) == [Drawn("")]


def test_the_budget_of_all_counts_what_was_drawn_since_then(store: Store) -> None:
    codes(store).fill("bag", ["ONE", "TWO", "THREE"])
    purse = Purse(Decimal(20), NOW - timedelta(days=365))
    asked = [want(name, worth=Decimal(9)) for name in "abc"]
    assert drawn(store, *asked, purse=purse) == ["ONE", "TWO", "over_budget"]
    assert drawn(store, asked[0], purse=purse) == ["ONE"], "what is drawn stays drawn"
    assert drawn(store, asked[2], purse=replace(purse, since=NOW)) == ["THREE"], "what was drawn before then is free"


def test_two_processes_never_draw_one_code(store: Store, store_url: str) -> None:
    other = open_store(store_url)
    codes(store).fill("bag", [f"C{n}" for n in range(40)])
    found: list[str] = []
    for number in range(20):
        found += drawn(store, want(f"a{number}"))
        found += drawn(other, want(f"b{number}"))
    other.close()
    assert len(set(found)) == 40


def test_two_threads_at_once_never_draw_one_code(store_url: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    stores = [open_store(store_url) for _ in range(2)]
    codes(stores[0]).fill("bag", [f"C{n}" for n in range(60)])

    def some(number: int) -> list[str]:
        return [code for n in range(30) for code in drawn(stores[number], want(f"{number}-{n}"))]

    with ThreadPoolExecutor(2) as pool:
        found = [code for part in pool.map(some, (0, 1)) for code in part]
    for one in stores:
        one.close()
    assert len(set(found)) == 60


# Given, and given back, with mails


def carrying(store: Store) -> str:
    """A mail that waits, and has drawn the code ONE."""
    planned(store, news=1)
    with store.database.reading() as connection:
        key, person = connection.exec_driver_sql("SELECT key, person FROM message").one()
    codes(store).fill("bag", ["ONE", "TWO"])
    assert drawn(store, want("r", mail=key, person=person)) == ["ONE"]
    return str(key)


def told(store: Store) -> list[tuple[str, object]]:
    """The events of gifts, as people hear of them."""
    with store.database.reading() as connection:
        (person,) = connection.exec_driver_sql("SELECT id FROM person").scalars()
    ((_, arrived),) = store.people([person], NOW + timedelta(days=9))
    about = {names.GIFT_GIVEN: "code", names.GIFT_REFUSED: "because"}
    return [(e.name, e.fields.get(about[e.name])) for e in arrived if e.name in about]


def handed(store: Store, key: str, fate: Fate) -> None:
    batch = store.claim(9, NOW)
    assert batch is not None
    store.outbox.hand(batch, NOW, Gone(given=[(key, "r")]))
    store.settle(batch, [Handover(key, fate)], NOW + timedelta(minutes=1))


def test_a_code_is_given_with_the_hand_over_and_its_person_hears_of_it_once(store: Store) -> None:
    key = carrying(store)
    handed(store, key, Fate.planned)
    assert told(store) == [(names.GIFT_GIVEN, "ONE")]
    handed(store, key, Fate.accepted)
    assert told(store) == [(names.GIFT_GIVEN, "ONE")]
    assert codes(store).stock() == {"bag": Stock(free=1, given=1)}


@pytest.mark.parametrize("fate", [Fate.in_doubt, Fate.accepted, Fate.unknown, Fate.bounced])
def test_a_mail_that_may_have_gone_keeps_its_code(store: Store, fate: Fate) -> None:
    handed(store, carrying(store), fate)
    assert codes(store).stock() == {"bag": Stock(free=1, given=1)}
    assert drawn(store, want("s"), want("t")) == ["TWO", "out_of_codes"]


def test_a_mail_that_never_left_gives_its_code_back_to_the_pool(store: Store) -> None:
    key = carrying(store)
    batch = store.claim(9, NOW)
    assert batch is not None
    store.hand(batch, NOW)
    store.settle(batch, [Handover(key, Fate.cancelled)], NOW)
    assert codes(store).stock() == {"bag": Stock(free=2)}
    assert told(store) == []
    assert drawn(store, want("s")) == ["ONE"]


def test_what_was_handed_over_and_came_back_is_not_given_to_anybody_else(store: Store) -> None:
    handed(store, carrying(store), Fate.refused)
    assert told(store) == [(names.GIFT_GIVEN, "ONE"), (names.GIFT_REFUSED, "not_sent")]
    assert drawn(store, want("s"), want("t")) == ["TWO", "out_of_codes"]


def test_a_mail_that_the_core_takes_back_gives_its_code_back(store: Store) -> None:
    from nurture.store.cancelling import cancel

    key = carrying(store)
    with store.database.writing() as connection:
        cancel(connection, [key], NOW)
    assert codes(store).stock() == {"bag": Stock(free=2)}


def test_a_made_code_that_never_left_is_forgotten(store: Store) -> None:
    planned(store, news=1)
    with store.database.reading() as connection:
        key = connection.exec_driver_sql("SELECT key FROM message").scalar_one()
    drawn(store, want("r", mail=key, pool=False, make="B-{4}"), made=mint())
    batch = store.claim(9, NOW)
    assert batch is not None
    store.hand(batch, NOW)
    store.settle(batch, [Handover(key, Fate.expired)], NOW)
    assert codes(store).stock() == {}


def test_of_two_mails_with_one_reservation_the_one_that_went_has_it(store: Store) -> None:
    key = carrying(store)
    assert drawn(store, want("r", mail="another")) == ["ONE"]
    handed(store, key, Fate.accepted)
    assert codes(store).stock() == {"bag": Stock(free=1, given=1)}


def test_a_used_code_is_counted(store: Store) -> None:
    from nurture.store.rows import EventRow
    from tests.sending_worlds import refuse

    handed(store, carrying(store), Fate.accepted)
    row = EventRow(outside_id="n0", name=names.GIFT_USED, at=NOW + timedelta(days=1), fields={"code": "ONE"})
    store.importing(NOW + timedelta(days=1)).take([row], refuse)
    assert codes(store).stock() == {"bag": Stock(free=1, given=1, used=1)}


def test_that_there_was_no_code_is_told_with_the_hand_over(store: Store) -> None:
    planned(store, news=1)
    batch = store.claim(9, NOW)
    assert batch is not None
    (intent,) = batch.intents
    store.outbox.hand(batch, NOW, Gone(refused=[(intent.key, intent.person, "r", "bag", "out_of_codes")]))
    assert told(store) == [(names.GIFT_REFUSED, "out_of_codes")]
