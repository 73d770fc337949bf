"""Whoever is forgotten is found nowhere any more: in no column of any table, and in no byte of the file."""

import json
import re
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, inspect, select, text, update

from nurture.model.event import ERASED, FORGOTTEN
from nurture.store import erased_columns as columns
from nurture.store import forgetting
from nurture.store.erasures import ASKED, HASHED, list_of
from nurture.store.forgetting import Forgetting
from nurture.store.open import open_store
from nurture.store.raw_posts import Names, without
from nurture.store.rows import ConsentRow, ContactRow, EventRow, SuppressionRow
from nurture.store.tables import METADATA

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)
ADDRESS, OTHER = "salma.haddad@example.net", "ben@example.net"
WORDS = (ADDRESS, "Salma", "salma-4711", "crushed bag", "Haddad", "orangerie")


@pytest.fixture
def store(store_url, tmp_path):
    opened = open_store(store_url, tmp_path / "installation.json")
    take(opened, *rows("salma-4711", ADDRESS, "Salma", "crushed bag"), *rows("ben-1", OTHER, "Ben", "fine"))
    yield opened
    opened.close()


def rows(outside: str, address: str, name: str, words: str):
    yield ContactRow(
        outside_id=outside, address=address, facts={"first_name": name, "street": "orangerie"}, tags=frozenset({name}),
        topics=("tips",), basis="said so to Haddad",
    )  # fmt: skip
    yield EventRow(outside_id=outside, name="review.posted", at=NOW - DAY, id=f"R-{outside}", fields={"words": words})
    yield ConsentRow(
        outside_id=outside, at=NOW, topics=("tips",), given=True, basis="form", wording=f"I am {name} Haddad"
    )


def take(store, *rows, at=NOW, source="shop"):
    refused = []
    store.importing(at, source).take(rows, lambda _, why: refused.append(why))
    return refused


def door(store, tmp_path):
    return Forgetting(store.database, store.outbox.remember, tmp_path / "installation.json")


def dump(store) -> str:
    """Every value of every table, raw posts unpacked."""
    said = []
    with store.database.reading() as connection:
        for table in METADATA.tables.values():
            for row in connection.execute(select(table)).mappings():
                for name, value in row.items():
                    data = zlib.decompress(value) if (table.name, name) == ("received", "body") else value
                    said.append(data.decode("utf-8", "replace") if isinstance(data, bytes) else str(data))
    return "\n".join(said)


def fill(store, person: str, address: str, name: str) -> None:
    """A row of this person in every table that has one, each text saying who they are."""
    full = {"first_name": name, "address": address}
    with store.database.writing() as connection:
        for table in METADATA.tables.values():
            if "person" not in table.c or table.name in ("erasure", "merged", "outside_id", "address"):
                continue
            row = {column.name: _value(column, table.name, person, f"{name} {address}") for column in table.c}
            row = {key: value for key, value in row.items() if value is not None}
            connection.execute(insert(table), row)
        posts = (("sendgrid.events", [{"email": address, "first": name}, {"email": OTHER}]), ("shopify", full))
        for source, document in posts:
            body = zlib.compress(json.dumps(document).encode())
            row = {"source": source, "digest": f"{source}{person}", "at": 1, "body": body}
            connection.execute(insert(METADATA.tables["received"]), row | {"problem": f"{address} is strange"})
        of_person = update(METADATA.tables["person"]).where(METADATA.tables["person"].c.id == person)
        state = json.dumps({"address": address})
        connection.execute(of_person.values(state=state, facts=json.dumps(full), zone=name, stage=name, country=name))


def _value(column, table: str, person: str, words: str):
    kept = {"person": person, "key": f"key of {person[:4]} {table}", "happening.id": f"h{person}"}
    if column.name == "person" or f"{table}.{column.name}" in kept or column.name == "key":
        return kept.get(f"{table}.{column.name}", kept.get(column.name))
    kind = column.type.python_type
    if kind is int and column.primary_key and column.name in ("number", "id"):
        return None
    if kind is int and column.unique:
        return int(person[1:8], 16)
    if kind in (int, float):
        return 1
    if kind is bool:
        return False
    if kind is bytes:
        return words.encode()
    kept_as_it_is = column.name in columns.KEPT.get(table, frozenset())
    return f"{table}.{column.name}{person}" if kept_as_it_is else words


def test_every_column_of_every_table_is_thought_of():
    for table in METADATA.tables.values():
        if table.name in columns.NOBODYS | columns.GONE | columns.OTHERWISE:
            continue
        told = (
            set(columns.BLANKED[table.name]),
            set(columns.HASHED.get(table.name, ())),
            set(columns.KEPT[table.name]),
        )
        assert set().union(*told) == {column.name for column in table.c}, table.name
        assert sum(map(len, told)) == len(table.c), f"{table.name}: a column is told of twice"


def test_nothing_of_somebody_is_left_in_any_table_and_all_of_others_is(store, tmp_path):
    person, other = store.find("salma-4711"), store.find("ben-1")
    fill(store, person, ADDRESS, "Salma")
    fill(store, other, OTHER, "Ben")
    before = dump(store)
    assert all(word in before for word in WORDS)
    done = door(store, tmp_path).forget(person, "lena", NOW + DAY)
    after = dump(store)
    found = [word for word in WORDS if word in after and word not in ("orangerie", "Haddad")]
    assert not found
    assert not done.left
    assert not done.before
    assert after.count("orangerie") * 2 == before.count("orangerie")
    assert after.count(OTHER) == before.count(OTHER)
    assert after.count("Ben") == before.count("Ben")


def left_in(store, word: str) -> bool:
    """Whether a word is in a byte of SQLite's file or its log; on PostgreSQL, whether any former row is kept."""
    if store.database.file:
        return any(word.encode() in file.read_bytes() for file in store.database.file.parent.iterdir())
    said: list[str] = []
    with store.database.engine.connect().execution_options(nurture_mode="by itself") as connection:
        connection.connection.driver_connection.add_notice_handler(lambda notice: said.append(notice.message_primary))
        connection.execute(text("VACUUM (VERBOSE) person, event, address, consent"))
    return any(int(removed) for removed in re.findall(r"tuples: (\d+) removed", "\n".join(said)))


def test_what_a_kill_left_in_the_file_goes_when_it_is_finished(store, tmp_path, monkeypatch):
    """The rows are blanked and the process is killed before the file is rewritten: whoever comes next does it."""
    person = store.find("salma-4711")
    fill(store, person, ADDRESS, "Salma")
    with monkeypatch.context() as killed:
        killed.setattr(forgetting, "scrub", lambda _database: exit_at_once())
        with pytest.raises(SystemExit):
            door(store, tmp_path).forget(person, "lena", NOW + DAY)
    assert left_in(store, ADDRESS)
    assert door(store, tmp_path).finish() == ""
    assert not left_in(store, ADDRESS)
    monkeypatch.setattr(forgetting, "scrub", lambda _database: exit_at_once())
    assert door(store, tmp_path).finish() == "", "it is done once"


def exit_at_once():
    raise SystemExit(137)


def test_what_cannot_be_rewritten_now_stays_to_do(store, tmp_path, monkeypatch):
    with monkeypatch.context() as busy:
        busy.setattr(forgetting, "scrub", lambda _database: "somebody is reading it")
        assert door(store, tmp_path).forget(store.find("salma-4711"), "lena", NOW + DAY).left
        assert door(store, tmp_path).finish() == "somebody is reading it"
    assert door(store, tmp_path).finish() == ""
    assert not left_in(store, "crushed bag")


def test_not_one_byte_of_them_is_left_in_the_file_or_its_log(store, tmp_path):
    person = store.find("salma-4711")
    fill(store, person, ADDRESS, "Salma")
    door(store, tmp_path).forget(person, "lena", NOW + DAY)
    assert [word for word in (ADDRESS, "Salma", "salma-4711") if left_in(store, word)] == []


def test_what_is_left_is_an_event_that_they_were_erased(store, tmp_path):
    person = store.find(ADDRESS)
    door(store, tmp_path).forget(person, "lena", NOW + DAY)
    assert store.find(ADDRESS) is None
    assert store.find("salma-4711") is None
    events = store.histories([person])[person]
    assert {event.name for event in events[:-1]} == {FORGOTTEN}
    assert events[-1].name == ERASED
    assert not any(event.fields for event in events)
    ((known, arrived),) = store.people([person], NOW + DAY)
    assert known.erased
    assert not arrived
    assert (known.address, dict(known.facts), known.events, dict(known.consents)) == ("", {}, (), {})


@pytest.mark.parametrize("again", ["address", "id", "both", "upper"])
def test_an_import_of_them_again_brings_nobody_back_who_may_be_written_to(store, tmp_path, again):
    person = store.find(ADDRESS)
    door(store, tmp_path).forget(person, "lena", NOW + DAY)
    outside = "" if again in ("address", "upper") else "salma-4711"
    address = {"id": "", "upper": ADDRESS.upper()}.get(again, ADDRESS)
    row = ContactRow(outside_id=outside, address=address, topics=("tips",), basis="x")
    assert not take(store, row, at=NOW + 2 * DAY)
    back = store.find(outside or ADDRESS)
    assert back
    assert back != person
    events = store.histories([back])[back]
    assert [event.fields["because"] for event in events if event.name == "person.suppressed"] == [ASKED]


def test_the_id_of_another_shop_is_somebody_else(store, tmp_path):
    door(store, tmp_path).forget(store.find(ADDRESS), "lena", NOW + DAY)
    take(store, ContactRow(outside_id="salma-4711"), at=NOW + 2 * DAY, source="another")
    back = store.find("salma-4711")
    assert "person.suppressed" not in {event.name for event in store.histories([back])[back]}


def test_a_suppression_of_theirs_is_kept_as_a_hash_and_no_sync_writes_it_out_again(store, tmp_path):
    take(store, SuppressionRow(address=ADDRESS, because="bounced", at=NOW))
    door(store, tmp_path).forget(store.find(ADDRESS), "lena", NOW + DAY)
    take(store, SuppressionRow(address=ADDRESS, because="bounced", at=NOW), at=NOW + 2 * DAY)
    with store.database.reading() as connection:
        keys = connection.execute(select(METADATA.tables["suppression"].c.key)).scalars().all()
    assert keys
    assert all(key.startswith(HASHED) for key in keys)


def test_a_restored_backup_forgets_them_again_also_whom_it_does_not_know(new_stores, tmp_path):
    url, installation = new_stores(), tmp_path / "installation.json"
    store = open_store(url, installation)
    take(store, *rows("salma-4711", ADDRESS, "Salma", "crushed bag"))
    store.close()
    backup = new_stores.copy_of(url)
    store = open_store(url, installation)
    take(store, ContactRow(outside_id="ben-1", address=OTHER))
    for who in ("salma-4711", "ben-1"):
        door(store, tmp_path).forget(store.find(who), "lena", NOW + DAY)
    store.close()
    store = open_store(backup, installation)
    assert store.find(ADDRESS)
    assert door(store, tmp_path).again(store.id) == 2
    assert store.find(ADDRESS) is None
    assert door(store, tmp_path).again(store.id) == 0
    assert "Salma" not in dump(store)
    take(store, ContactRow(outside_id="new", address=OTHER), ContactRow(outside_id="salma-4711"), at=NOW + 3 * DAY)
    for who in ("new", "salma-4711"):
        found = store.find(who)
        assert "person.suppressed" in {event.name for event in store.histories([found])[found]}
    store.close()
    if store.database.file:
        assert b"Salma" not in store.database.file.read_bytes()


def test_a_forgetting_that_was_cut_once_it_was_listed_is_made_good_and_the_provider_told(store, tmp_path, monkeypatch):
    person = store.find(ADDRESS)
    with monkeypatch.context() as killed:
        killed.setattr(forgetting, "forget", lambda *_all, **_more: exit_at_once())
        with pytest.raises(SystemExit):
            door(store, tmp_path).forget(person, "lena", NOW + DAY, tell=True)
    assert store.find(ADDRESS) == person
    assert door(store, tmp_path).again(store.id, tell=True) == 1
    assert store.find(ADDRESS) is None
    assert ADDRESS in door(store, tmp_path).untold(10)[person]


def test_the_list_outside_says_nothing_to_a_reader_and_only_its_owner_reads_it(store, tmp_path):
    person = store.find(ADDRESS)
    door(store, tmp_path).forget(person, "lena", NOW + DAY)
    listed = list_of(tmp_path / "installation.json")
    assert listed.stat().st_mode & 0o077 == 0
    assert person in listed.read_text()
    assert not any(word in listed.read_text() for word in WORDS)


def test_an_address_that_is_somebody_elses_by_now_is_not_taken_from_them(store, tmp_path):
    take(store, ContactRow(outside_id="salma-4711", address="new@example.net"), at=NOW + DAY)
    take(store, ContactRow(outside_id="nur", address=ADDRESS), at=NOW + DAY)
    door(store, tmp_path).forget(store.find("salma-4711"), "lena", NOW + DAY)
    assert store.find(ADDRESS) == store.find("nur")
    take(store, ContactRow(outside_id="x", address="new@example.net"), at=NOW + 2 * DAY)
    found = store.find("x")
    assert "person.suppressed" in {event.name for event in store.histories([found])[found]}


def test_forgetting_twice_is_no_fault(store, tmp_path):
    person = store.find(ADDRESS)
    door(store, tmp_path).forget(person, "lena", NOW + DAY)
    once = dump(store)
    assert door(store, tmp_path).forget(person, "lena", NOW + DAY).before
    assert inspect(store.database.engine).has_table("erasure")
    assert dump(store).count(ERASED) == once.count(ERASED) == 1


def test_until_the_provider_was_told_their_address_is_kept_and_no_longer(store, tmp_path):
    person = store.find(ADDRESS)
    forgetting = door(store, tmp_path)
    forgetting.forget(person, "lena", NOW + DAY, tell=True)
    assert forgetting.untold(10) == {person: (ADDRESS,)}
    forgetting.told([person], NOW + DAY)
    assert forgetting.untold(10) == {}
    assert not left_in(store, ADDRESS)


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (b'[{"email":"%s"},{"email":"x@example.net"}]', b'[{"email": "x@example.net"}]'),
        (b'{"email":"%s"}', b""),
        (b'{"customer":{"id":4711}}', b""),
        (b'{"customer_id":"4711"}', b""),
        (b'{"quantity":4711}', None),
        (b"From: Salma <%s>", b""),
        (b"envelope=salma.haddad%%40example.net", b""),
        (b"From: salma.had=\r\ndad@example.net", b""),
        (b"From: ben@example.net", None),
        (b"", None),
    ],
)
def test_a_raw_post_keeps_what_is_of_others(body, left):
    names = Names(frozenset({ADDRESS}), frozenset({"4711"}), "p1")
    assert without(names, body.replace(b"%s", ADDRESS.encode()).replace(b"%%", b"%"), theirs=False) == left
