"""The store's file is its owner's alone, from the moment it is made, and so is what SQLite lays beside it."""

import os
import stat
from pathlib import Path

import pytest

from nurture.store.open import open_store


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_nobody_else_may_read_a_new_store(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        store = open_store(f"sqlite:///{tmp_path}/nurture.db")
        with store.database.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE one (two)")
        files = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.glob("nurture.db*")}
        store.close()
    finally:
        os.umask(before)
    assert files == {"nurture.db": 0o600, "nurture.db-shm": 0o600, "nurture.db-wal": 0o600}


def test_rights_that_somebody_gave_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "nurture.db"
    open_store(f"sqlite:///{file}").close()
    file.chmod(0o660)
    open_store(f"sqlite:///{file}").close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o660
