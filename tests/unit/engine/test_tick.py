"""What a tick does beside deciding: it leaves the process as it found it."""

import gc
from collections.abc import Iterator

import pytest

from nurture.engine.collecting import SELDOM, seldom_collected, uncollected


@pytest.fixture(autouse=True)
def collector_as_before() -> Iterator[None]:
    collecting, usual = gc.isenabled(), gc.get_threshold()
    yield
    gc.set_threshold(*usual)
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


def test_where_they_are_seldom_they_are_as_before_behind_it() -> None:
    gc.set_threshold(700, 10, 10)
    with seldom_collected():
        assert gc.get_threshold() == (SELDOM, 10, 10)
    assert gc.get_threshold() == (700, 10, 10)
    with pytest.raises(ZeroDivisionError), seldom_collected():
        raise ZeroDivisionError
    assert gc.get_threshold() == (700, 10, 10)
