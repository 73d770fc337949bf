"""A store whose file was replaced while it was open is neither read nor written any more: SQLite has files, alone."""

import shutil
from pathlib import Path

import pytest

from nurture.store.database import DisplacedError
from nurture.store.open import Store, open_store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(file: Path):
    opened = open_store(f"sqlite:///{file}")
    yield opened
    opened.close()


def replaced(file: Path) -> None:
    """As a backup is put back: another file of the same name."""
    copy = file.with_name("backup.db")
    shutil.copy(file, copy)
    copy.replace(file)


def test_another_file_of_its_name_is_said_and_not_touched(store: Store, file: Path) -> None:
    assert store.watermark is None
    replaced(file)
    with pytest.raises(DisplacedError, match="replaced or taken away"):
        store.watermark  # noqa: B018  (asking is enough)
    with pytest.raises(DisplacedError), store.database.writing():
        pytest.fail("nothing may be written")
    assert str(file) == DisplacedError(str(file)).filename


def test_a_file_that_was_taken_away_is_said_too(store: Store, file: Path) -> None:
    file.unlink()
    with pytest.raises(DisplacedError):
        store.watermark  # noqa: B018


def test_a_file_that_was_only_written_to_is_the_same(store: Store, file: Path) -> None:
    other = open_store(f"sqlite:///{file}")
    other.accept()
    other.close()
    assert store.counter == 1
