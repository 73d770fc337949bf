"""What stands in the way of the store, said so that somebody can take it away; nothing of a library's own words."""

import errno
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError, OperationalError

from nurture.cli.edge import TROUBLE, explain_fault
from nurture.store import world_faults
from nurture.store.database import connect
from nurture.store.world_faults import in_words


def of_sqlite(path: Path, change: str) -> BaseException:
    """The true error of SQLite."""
    database = connect(f"sqlite:///{path}")
    with pytest.raises(DatabaseError) as raised, database.writing() as connection:
        connection.exec_driver_sql(change)
    database.engine.dispose()
    return raised.value


def test_true_errors_of_the_database_have_words_and_a_cure(tmp_path: Path) -> None:
    held = sqlite3.connect(tmp_path / "held.db", isolation_level=None)
    held.execute("PRAGMA journal_mode=WAL")
    held.execute("BEGIN IMMEDIATE")
    database = connect(f"sqlite:///{tmp_path / 'held.db'}")
    with database.reading() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
        with pytest.raises(OperationalError) as raised:
            connection.exec_driver_sql("CREATE TABLE a (b)")
    assert in_words(raised.value) == world_faults.LOCKED
    database.engine.dispose()
    held.close()
    (tmp_path / "rubbish.db").write_bytes(b"no database at all, but text" * 100)
    assert in_words(of_sqlite(tmp_path / "rubbish.db", "SELECT 1")) == world_faults.DAMAGED
    (tmp_path / "folder.db").mkdir()
    assert in_words(of_sqlite(tmp_path / "folder.db", "SELECT 1")) == world_faults.NO_FILE


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES])
def test_a_disk_that_takes_nothing_is_no_fault_of_ours(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Also without the name of a file: a write that fails has none."""
    assert explain_fault(OSError(number, "said the system")) == TROUBLE
    said = capsys.readouterr().err
    assert said.startswith("nurture: said the system: ")
    assert "Please report" not in said


def test_what_is_nobodys_fault_but_ours_is_reported() -> None:
    assert in_words(ValueError("database is locked")) == ""
    assert in_words(OSError("no number")) == ""
