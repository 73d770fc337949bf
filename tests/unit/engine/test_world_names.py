"""Which countries, zones and locales are known, and how those that are not are told."""

import pytest

from nurture.engine.world_names import LONGEST, NotKnown, Unheard, is_country, is_locale, is_zone


@pytest.mark.parametrize("name", ["Europe/Paris", "UTC", "America/Argentina/Ushuaia"])
def test_zones(name: str) -> None:
    assert is_zone(name)


@pytest.mark.parametrize("name", ["Mars/Base", "+02:00", "localtime", "../etc/passwd", "/etc/localtime", "Europe"])
def test_no_zones(name: str) -> None:
    assert not is_zone(name)


@pytest.mark.parametrize(
    ("name", "known"), [("FR", True), ("tr", True), ("XK", True), ("XX", False), ("France", False)]
)
def test_countries(name: str, known: bool) -> None:
    assert is_country(name) is known


@pytest.mark.parametrize("name", ["en", "hye", "pt-BR", "pt_br", "zh-Hant", "sr_Latn_RS", "es-419", "ca-ES-valencia"])
def test_locales(name: str) -> None:
    assert is_locale(name)


@pytest.mark.parametrize("name", ["klingon_!", "klingon", "e", "en-", "en US", "en-USA", "12", "en\n"])
def test_no_locales(name: str) -> None:
    assert not is_locale(name)


def test_other_facts_are_read_as_they_are() -> None:
    unheard = Unheard()
    assert unheard.watched("first_name", str)("XX") == "XX"
    assert unheard.found() == ()


def test_a_name_is_told_without_what_a_terminal_would_obey_and_not_at_full_length() -> None:
    unheard = Unheard()
    read = unheard.watched("zone", str)
    assert [read("\x1b[2J"), read("x" * 99), read("Europe/Paris")] == [None, None, "Europe/Paris"]
    (found,) = unheard.found()
    assert found == NotKnown("zone", 2, ("?[2J", "x" * (LONGEST - 1) + "…"))


def test_one_row_is_told_as_one() -> None:
    assert next(NotKnown("locale", 1, ("klingon",)).words()) == "the locale of 1 row is not known (klingon):"
