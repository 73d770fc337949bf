"""Keys for the API: shown once, kept as a hash, believed until they are revoked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nurture.config import Config
from nurture.deliver.folder import Folder
from nurture.engine.api_keys import PLACES, PREFIX, believed, listing, new_key, revoke
from nurture.engine.faults import MisuseError, StateError
from nurture.engine.workshop import Workshop
from nurture.store.open import open_store
from nurture.store.tables import API_KEY
from nurture.wiring import UNMISTAKEN, mint

NOW = datetime(2027, 3, 9, 10, 30, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = open_store(url)
    config = Config(url, tmp_path / "outbox", tmp_path / "installation.json")
    yield Workshop(tmp_path, config, store, Folder(tmp_path / "outbox"), mint=mint)
    store.close()


def test_a_key_is_256_bits_of_chance_and_no_two_are_alike(shop: Workshop) -> None:
    one, two = (new_key(shop, name, ["events"], "lena", NOW) for name in ("one", "two"))
    assert one != two
    assert one.startswith(PREFIX)
    assert len(one) == len(PREFIX) + PLACES
    assert len(UNMISTAKEN) ** PLACES >= 2**256


def test_nothing_in_the_store_is_the_key(shop: Workshop) -> None:
    key = new_key(shop, "till", ["events"], "lena", NOW)
    with shop.store.database.reading() as connection:
        row = connection.execute(API_KEY.select()).one()
    assert key not in "".join(map(str, row))
    assert key.removeprefix(PREFIX) not in "".join(map(str, row))


def test_a_key_is_believed_with_its_scopes_until_it_is_revoked(shop: Workshop) -> None:
    key = new_key(shop, "till", ["events", "contacts"], "lena", NOW)
    other = new_key(shop, "crm", ["contacts"], "lena", NOW)
    found = believed(shop, key, lambda: NOW)
    assert found is not None
    assert (found.name, found.scopes) == ("till", frozenset({"events", "contacts"}))
    revoke(shop, "till", NOW)
    assert believed(shop, key, lambda: NOW) is None
    assert believed(shop, other, lambda: NOW) is not None


@pytest.mark.parametrize("presented", ["", "nvk_", "nvk_wrong", "\udcff", "nvk_" + "2" * PLACES])
def test_what_is_no_key_is_nobody(shop: Workshop, presented: str) -> None:
    new_key(shop, "till", ["events"], "lena", NOW)
    assert believed(shop, presented, lambda: NOW) is None


def test_the_last_use_is_kept_to_the_day(shop: Workshop) -> None:
    key = new_key(shop, "till", ["events"], "lena", NOW)
    assert [one.used_at for one in listing(shop)] == [None]
    day = NOW.replace(hour=0, minute=0)
    for later, kept in ((timedelta(0), day), (timedelta(hours=2), day), (timedelta(days=3), day + timedelta(days=3))):
        believed(shop, key, lambda later=later: NOW + later)  # type: ignore[misc]
        assert [one.used_at for one in listing(shop)] == [kept]


def test_names_and_scopes_that_cannot_be_are_refused(shop: Workshop) -> None:
    new_key(shop, "till", ["events"], "lena", NOW)
    revoke(shop, "till", NOW)
    for name, scopes, words in (
        ("till", ["events"], "names are not used again"),
        ("Till", ["events"], "no name for a key"),
        ("crm", ["evnts"], "did you mean 'events'"),
        ("crm", [], "--scope says what"),
    ):
        with pytest.raises(MisuseError, match=words):
            new_key(shop, name, scopes, "lena", NOW)
    with pytest.raises(MisuseError, match="no key 'till' is in use"):
        revoke(shop, "till", NOW)
    with pytest.raises(StateError, match="chance"):
        new_key(replace(shop, mint=None), "crm", ["events"], "lena", NOW)
