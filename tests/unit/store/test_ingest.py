"""Taking in rows: who is who, nothing twice, interruptible."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from nurture.model import event as names
from nurture.store.ingest import TOGETHER
from nurture.store.open import Store, open_store
from nurture.store.room import MUCH, roomy
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow, SendRow, SuppressionRow
from nurture.store.tables import ADDRESS, OUTSIDE_ID
from tests.new_stores import NewStores

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


class Rejects(list[tuple[int, str]]):
    def __call__(self, row: AnyRow, why: str) -> None:
        self.append((row.line, why))


def order(customer: str, day: int = 1, **more: object) -> EventRow:
    return EventRow(name="order.placed", outside_id=customer, at=datetime(2027, 2, day, 12, tzinfo=UTC), **more)  # type: ignore[arg-type]


def taken(store: Store, *rows: AnyRow, now: datetime = NOW) -> object:
    rejects = Rejects()
    done = store.importing(now).take(rows, rejects)
    assert not rejects
    return done


def events(store: Store, who: str) -> list[tuple[str, dict[str, object]]]:
    id_ = store.find(who)
    assert id_ is not None
    return [(event.name, dict(event.fields)) for event in store.histories([id_])[id_]]


def test_an_unknown_customer_becomes_a_contact(store: Store) -> None:
    done = store.importing(NOW).take([order("17"), order("17", 2), order("18")], Rejects())
    assert (done.contacts, done.events["order.placed"]) == (2, 3)
    assert store.counts().people == 2


def test_equal_rows_are_all_events_and_repeating_adds_nothing(store: Store) -> None:
    rows = [order("17", fields={"total": 5}), order("17", fields={"total": 5}), order("17", fields={"total": 6})]
    assert store.importing(NOW).take(rows, Rejects()).events["order.placed"] == 3
    again = store.importing(LATER).take(rows, Rejects())
    assert (again.events["order.placed"], again.contacts, again.known_already) == (0, 0, 3)
    assert store.counts().events == 3


def test_an_import_cut_in_the_middle_is_finished_by_repeating_it(store: Store) -> None:
    rows = [order(str(number % 700), 1 + number % 3) for number in range(2_500)]
    coming: list[AnyRow] = []
    written: list[int] = []

    def full() -> bool:
        return len(coming) % 1_000 == 0  # as when their text is long

    def cut() -> Iterator[AnyRow]:
        for row in rows[:1_700]:
            coming.append(row)
            yield row
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.importing(NOW).take(cut(), Rejects(), written.append, full=full)
    assert (store.counts().events, written) == (1_000, [1_000])
    store.importing(LATER).take(rows, Rejects())
    assert store.counts().events == 2_500


def test_the_senders_own_id_counts_once_per_name(store: Store) -> None:
    taken(store, order("17", id="A"), order("17", 2, id="A"))
    taken(store, EventRow(name="order.delivered", outside_id="17", id="A", at=NOW))
    assert [name for name, _ in events(store, "17")] == ["order.placed", "order.delivered"]


def test_one_address_is_one_contact(store: Store) -> None:
    taken(store, ContactRow(outside_id="17", address="Salma@Example.net"), order("", address="salma@example.NET"))
    assert store.counts().people == 1
    assert store.find("SALMA@example.net") == store.find("17")


def test_a_known_address_gets_the_shops_id_later(store: Store) -> None:
    taken(store, ContactRow(address="salma@example.net"))
    taken(store, order("17", address="salma@example.net"))
    assert store.find("17") == store.find("salma@example.net")


def test_an_address_of_somebody_else_is_refused(store: Store) -> None:
    rejects = Rejects()
    rows = [
        ContactRow(line=2, outside_id="17", address="a@example.net"),
        ContactRow(line=3, outside_id="18"),
        ContactRow(line=4, outside_id="18", address="a@example.net"),
    ]
    done = store.importing(NOW).take(rows, rejects)
    cure = "if they are one: nurture merge 18 a@example.net"
    assert rejects == [(4, f"the address a@example.net belongs to another contact than '18'; {cure}")]
    assert (done.rows, done.rejected, done.contacts) == (3, 1, 2)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (ContactRow(line=2), "neither an id nor an e-mail address says who this is"),
        (ContactRow(line=2, address="salma at example.net"), "is not an e-mail address"),
    ],
)
def test_a_row_about_nobody_is_refused(store: Store, row: AnyRow, why: str) -> None:
    rejects = Rejects()
    store.importing(NOW).take([row], rejects)
    assert [line for line, _ in rejects] == [2]
    assert why in rejects[0][1]


def test_a_new_address_takes_the_place_of_the_old(store: Store) -> None:
    taken(store, ContactRow(outside_id="17", address="old@example.net"))
    taken(store, ContactRow(outside_id="17", address="new@example.net"), now=LATER)
    assert store.find("new@example.net") == store.find("17")
    assert store.find("old@example.net") is None
    assert [fields["address"] for name, fields in events(store, "17") if name == names.ADDRESS_ADDED] == [
        "old@example.net", "new@example.net",
    ]  # fmt: skip


def test_an_address_that_comes_back_within_one_import_is_told_again(store: Store) -> None:
    """Else they would be decided on, and written to, at the one between, which is theirs no more."""
    between = [("old@example.net", 1), ("new@example.net", 2), ("old@example.net", 3)]
    rows = [order("17", day, id=f"O-{day}", address=address) for address, day in between]
    taken(store, *rows)
    assert store.find("old@example.net") == store.find("17")
    assert store.find("new@example.net") is None
    assert [fields["address"] for name, fields in events(store, "17") if name == names.ADDRESS_ADDED] == [
        "old@example.net", "new@example.net", "old@example.net",
    ]  # fmt: skip
    with store.database.reading() as connection:
        held = connection.execute(select(ADDRESS.c.key).where(ADDRESS.c.valid_to.is_(None))).scalars().all()
    assert held == ["old@example.net"]


def test_only_what_differs_is_a_change_and_a_change_back_counts(store: Store) -> None:
    for name in ("Ann", "Ann", "Anna", "Ann"):
        taken(store, ContactRow(outside_id="17", facts={"first_name": name, "country": "FR"}))
    changes = [fields["facts"] for name, fields in events(store, "17") if name == names.PERSON_CHANGED]
    assert changes == [{"first_name": "Ann", "country": "FR"}, {"first_name": "Anna"}, {"first_name": "Ann"}]


def test_a_consent_in_every_row_comes_once(store: Store) -> None:
    rows = [order("17", day, topics=("tips", "care"), basis="checkout") for day in (1, 2, 3)]
    taken(store, *rows)
    taken(store, *rows, now=LATER)
    given = [fields for name, fields in events(store, "17") if name == names.CONSENT_GIVEN]
    assert given == [{"topics": ("care", "tips"), "basis": "checkout", "wording": ""}]


def test_refusals_come_in_too(store: Store) -> None:
    taken(store, ConsentRow(address="a@example.net", topics=("offers",), given=False, at=NOW, wording="no more"))
    assert (names.CONSENT_REFUSED, {"topics": ("offers",), "basis": "", "wording": "no more"}) in events(
        store, "a@example.net"
    )


def test_a_barred_address_bars_whoever_comes_with_it(store: Store) -> None:
    taken(store, SuppressionRow(address="a@example.net", because="asked", at=NOW))
    assert store.counts().people == 0
    taken(store, ContactRow(address="A@example.net"), now=LATER)
    assert (names.SUPPRESSED, {"because": "asked"}) in events(store, "a@example.net")


def test_barring_somebody_known_reaches_them(store: Store) -> None:
    taken(store, ContactRow(outside_id="17", address="a@example.net"))
    taken(store, SuppressionRow(address="a@example.net", because="asked", at=NOW))
    assert events(store, "17")[-1] == (names.SUPPRESSED, {"because": "asked"})


def test_mails_had_before_count_as_messages(store: Store) -> None:
    row = SendRow(outside_id="17", mail="hello", class_="news", at=NOW, day=date(2027, 3, 2), topic="tips")
    assert store.importing(NOW).take([row, row], Rejects()).sends == 2
    assert store.importing(LATER).take([row, row], Rejects()).sends == 0
    ((person, _),) = store.people([store.find("17") or ""], LATER)
    assert [(message.mail, message.class_, message.day) for message in person.messages] == [
        ("hello", "news", date(2027, 3, 2)), ("hello", "news", date(2027, 3, 2)),
    ]  # fmt: skip


def test_what_starts_nothing_because_of_its_age_is_counted(store: Store) -> None:
    rows = [
        order("17", 1), order("17", 28, fresh=True), EventRow(name="order.placed", outside_id="18", at=NOW),
    ]  # fmt: skip
    done = store.importing(NOW).take(rows, Rejects(), fresh={"order.placed": timedelta(days=2)})
    assert done.too_old["order.placed"] == 1


def test_whoever_something_arrived_for_is_proposed(store: Store) -> None:
    taken(store, order("17"))
    ids = [store.find("17")]
    from tests import worlds as w

    assert list(store.candidates(w.book(), NOW - timedelta(minutes=1), NOW - timedelta(seconds=1))) == []
    assert list(store.candidates(w.book(), NOW - timedelta(minutes=1), NOW)) == [ids]


def test_progress_is_told_per_transaction(store: Store) -> None:
    told: list[int] = []
    store.importing(NOW).take([order(str(number)) for number in range(TOGETHER + 1)], Rejects(), told.append)
    assert told == [TOGETHER, TOGETHER + 1]


def test_an_id_tells_nobody_outside_its_store_who_it_is(new_stores: NewStores) -> None:
    customer = "reader-17"  # with letters that no id has, so that no chance puts it into one
    ids: list[str | None] = []
    one, two = new_stores(), new_stores()
    for url in (one, two, one):
        store = open_store(url)
        taken(store, order(customer))
        ids.append(store.find(customer))
        store.close()
    first, elsewhere, reopened = ids
    assert first is not None
    assert customer not in first
    assert elsewhere not in (None, first)
    assert reopened == first


def test_an_address_that_was_given_up_in_the_same_batch_can_be_had_by_somebody_known(store: Store) -> None:
    """Both give an address up and take another in one transaction: each has the newest, and nobody has two."""
    taken(store, ContactRow(outside_id="A", address="a@x.example"), ContactRow(outside_id="C", address="c@x.example"))
    taken(
        store,
        ContactRow(outside_id="A", address="new@x.example"),
        ContactRow(outside_id="C", address="a@x.example"),
        ContactRow(outside_id="A", address="c@x.example"),
    )
    with store.database.reading() as connection:
        valid = select(ADDRESS.c.key, OUTSIDE_ID.c.value).join(OUTSIDE_ID, OUTSIDE_ID.c.person == ADDRESS.c.person)
        found = sorted(map(tuple, connection.execute(valid.where(ADDRESS.c.valid_to.is_(None)))))
    assert found == [("a@x.example", "C"), ("c@x.example", "A")]


def test_a_large_batch_has_room_and_gives_it_back(store: Store) -> None:
    """Only on SQLite; PostgreSQL's memory is its own."""
    if store.database.file is None:
        return
    asked = "PRAGMA cache_size"
    with store.database.writing() as connection:
        before = connection.exec_driver_sql(asked).scalar_one()
        with roomy(connection, MUCH):
            assert connection.exec_driver_sql(asked).scalar_one() < before  # in kilobytes, below zero
        assert connection.exec_driver_sql(asked).scalar_one() == before
        with roomy(connection, MUCH - 1):
            assert connection.exec_driver_sql(asked).scalar_one() == before
