"""A disk that is full keeps nobody from asking how things stand."""

import errno
from pathlib import Path

import pytest

from nurture.store import installation
from nurture.store.open import open_store
from tests.sending_worlds import NOW


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_store_is_opened_on_a_full_disk_and_its_installation_stays_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, file = f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "installation.json"
    store = open_store(url, file)
    store.declare("tried", "once", NOW)
    store.close()
    file.write_text(file.read_text(encoding="utf-8").replace(f'"counter": {store.counter}', '"counter": 0'))
    before = file.read_text(encoding="utf-8")
    monkeypatch.setattr(installation.os, "replace", full)
    again = open_store(url, file)
    assert (again.halted, again.declared("tried"), file.read_text(encoding="utf-8")) == ("", "once", before)
    again.close()
    with pytest.raises(OSError, match="No space left"):
        open_store(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "other.json")
    monkeypatch.undo()
    open_store(url, file).close()
    assert file.read_text(encoding="utf-8") != before
