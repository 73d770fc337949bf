"""What a tick does beside deciding: it leaves the process as it found it."""

import gc
from collections.abc import Iterator

import pytest

from nurture.engine.tick import uncollected


@pytest.fixture(autouse=True)
def collector_as_before() -> Iterator[None]:
    collecting = gc.isenabled()
    yield
    (gc.enable if collecting else gc.disable)()


def test_a_page_is_decided_without_collections_and_they_go_on_after_it() -> None:
    gc.enable()
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_they_go_on_after_a_page_that_failed() -> None:
    gc.enable()
    with pytest.raises(ZeroDivisionError), uncollected():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_whoever_had_switched_them_off_finds_them_off() -> None:
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()
