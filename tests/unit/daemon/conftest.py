"""An applied project, and the log as the tests read it."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.engine.applying import apply
from nurture.engine.check import check
from nurture.engine.project import read_files
from nurture.engine.starter import make_project
from nurture.wiring import workshop

from .life import NOW


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An applied project without people; a turn is due every hour."""
    make_project(tmp_path)
    (tmp_path / "config.toml").write_text('[tick]\nevery = "1 hour"\n', encoding="utf-8")
    files = read_files(tmp_path)
    book = check(files).book
    assert book is not None
    with workshop(tmp_path) as shop:
        apply(shop.store, book, files, NOW - timedelta(days=1), "a test")
    return tmp_path


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "nurture")
