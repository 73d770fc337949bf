"""Applied files: by content and version, live since when, older versions kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from nurture.model.book import Applied
from nurture.store.open import Store, open_store

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)
FILE = "sequences/welcome.yaml"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def apply(store: Store, text: str, now: datetime, live: bool = True, **more: bytes) -> object:
    files = {FILE: text.encode(), **more}
    return store.applications.save_files(files, {"welcome": FILE}, ["welcome"] if live else [], now, "lena", "abc")


def test_nothing_is_applied_at_first(store: Store) -> None:
    assert dict(store.load_files().files) == {}


def test_files_come_back_as_applied_last(store: Store) -> None:
    first = store.applications.save_files(
        {FILE: b"one", "templates/a/en.md": b"hello"}, {"welcome": FILE}, ["welcome"], NOW
    )
    assert first.added == (FILE, "templates/a/en.md")
    assert first.versions == {"welcome": Applied(1, NOW)}
    second = store.applications.save_files(
        {FILE: b"two", "templates/b/en.md": b"hello"}, {"welcome": FILE}, ["welcome"], NOW + DAY
    )
    assert (second.added, second.changed, second.removed) == (("templates/b/en.md",), (FILE,), ("templates/a/en.md",))
    loaded = store.load_files()
    assert dict(loaded.files) == {FILE: b"two", "templates/b/en.md": b"hello"}
    assert loaded.applied == {"welcome": Applied(2, NOW)}
    assert loaded.older == {}  # nobody is inside of it
    assert loaded.numbers["welcome"] == 2


def test_the_same_file_is_the_same_version(store: Store) -> None:
    apply(store, "one", NOW)
    apply(store, "one", NOW + DAY)
    assert store.load_files().applied == {"welcome": Applied(1, NOW)}


def test_live_starts_anew_after_a_pause_from_being_live(store: Store) -> None:
    apply(store, "draft", NOW, live=False)
    apply(store, "live", NOW + DAY)
    apply(store, "closed", NOW + 2 * DAY, live=False)
    apply(store, "live again", NOW + 3 * DAY)
    assert store.load_files().applied == {"welcome": Applied(4, NOW + 3 * DAY)}


def test_a_sequence_taken_away_is_no_longer_applied(store: Store) -> None:
    apply(store, "one", NOW)
    store.applications.save_files({"sequences/other.yaml": b"x"}, {"other": "sequences/other.yaml"}, [], NOW + DAY)
    loaded = store.load_files()
    assert set(loaded.applied) == {"other"}
    assert loaded.older == {}  # nobody is inside of it
    assert loaded.numbers["welcome"] == 1
