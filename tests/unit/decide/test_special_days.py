"""When special days fall: the tables, the house's calendars before them, estimates, days of mourning (6.9)."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from holidays import country_holidays

from nurture.decide.special_days import (
    dates_in,
    is_estimate,
    mood_of,
    moves,
    names_of,
    next_special_day,
    solemn_on,
)
from nurture.model.book import Book
from nurture.model.event import MonthDay
from nurture.model.house import House, SpecialDay
from nurture.model.special_days import RELIGIOUS, SPECIAL_DAYS
from tests import worlds as w

BOOK = w.book()
YEARS = (2026, 2027, 2028, 2029, 2030)


def house(*days: SpecialDay) -> Book:
    return replace(BOOK, house=House(days=days))


def on(name: str, country: str, year: int = 2027) -> str:
    """The dates, without their year."""
    return " ".join(f"{day:%m-%d}" for day in dates_in(BOOK, name, country, year))


# Figures of domain.md 4.1 and 7, and well-known dates of the years 2026 to 2030.
@pytest.mark.parametrize(("name", "country", "year", "wanted"), [
    ("ramadan_start", "TR", 2026, "02-18"), ("ramadan_start", "TR", 2027, "02-08"),
    ("ramadan_start", "SA", 2030, "01-05 12-26"),
    ("rosh_hashanah", "IL", 2026, "09-12"), ("rosh_hashanah", "FR", 2027, "10-02"), ("purim", "IL", 2027, "03-23"),
    ("eid_al_fitr", "TR", 2026, "03-20"), ("eid_al_fitr", "EG", 2026, "03-20"), ("eid_al_fitr", "ID", 2026, "03-21"),
    ("eid_al_fitr", "SA", 2026, "03-20"), ("eid_al_fitr", "AE", 2026, "03-20"),
    ("eid_al_fitr", "AE", 2027, "03-09"), ("eid_al_fitr", "IN", 2027, "03-10"), ("eid_al_fitr", "MY", 2027, "03-10"),
    ("vardavar", "AM", 2026, "07-12"), ("vardavar", "AM", 2027, "07-04"), ("st_sarkis", "AM", 2026, "01-31"),
    ("tu_bav", "IL", 2026, "07-29"), ("tu_bav", "IL", 2027, "08-18"),
    ("black_friday", "GB", 2026, "11-27"), ("cyber_monday", "GB", 2026, "11-30"),
    ("black_friday", "US", 2024, "11-29"), ("cyber_monday", "US", 2024, "12-02"),
    ("mothers_day", "FR", 2027, "05-30"), ("mothers_day", "FR", 2020, "06-07"), ("mothers_day", "GB", 2027, "03-07"),
    ("mothers_day", "TR", 2027, "05-09"), ("mothers_day", "EG", 2027, "03-21"), ("mothers_day", "IL", 2026, "02-17"),
    ("mothers_day", "IL", 2027, "02-07"), ("mothers_day", "JP", 2027, "05-09"), ("mothers_day", "NO", 2027, "02-14"),
    ("fathers_day", "DE", 2027, "05-06"), ("fathers_day", "US", 2027, "06-20"),
    ("yom_hashoah", "IL", 2026, "04-14"), ("yom_hashoah", "IL", 2027, "05-04"), ("yom_hashoah", "IL", 2028, "04-24"),
    ("yom_hazikaron", "IL", 2026, "04-21"), ("yom_hazikaron", "IL", 2028, "05-01"),
    ("yom_hazikaron", "IL", 2029, "04-18"), ("tisha_bav", "IL", 2029, "07-22"), ("yom_kippur", "IL", 2027, "10-11"),
    ("christmas", "AM", 2027, "01-06"), ("christmas", "EG", 2027, "01-07"), ("christmas", "GR", 2027, "12-25"),
    ("easter", "FR", 2027, "03-28"), ("easter", "GR", 2027, "05-02"), ("hanukkah", "US", 2026, "12-05"),
    ("nowruz", "IR", 2028, "03-20"), ("nowruz", "AZ", 2028, "03-20"), ("nowruz", "TR", 2028, "03-21"),
    ("lunar_new_year", "CN", 2027, "02-06"), ("diwali", "IN", 2027, "10-29"), ("diwali", "FR", 2028, "10-17"),
    ("singles_day", "TR", 2027, "11-11"), ("thanksgiving", "CA", 2027, "10-11"), ("thanksgiving", "FR", 2027, ""),
])  # fmt: skip
def test_when_a_day_falls(name: str, country: str, year: int, wanted: str) -> None:
    assert on(name, country, year) == wanted


# Our own rules against the national tables of the `holidays` package, wherever a country has the day.
CHECKED = [
    ("mothers_day", r"Mother's Day$|Mother's Day;|Motherhood and Beauty|; Mother's Day|Sirikit The Queen Mother's Bir"),
    ("fathers_day", r"Father's Day"),
    ("womens_day", r"Women's Day"),
    ("teachers_day", r"Teachers? Day|Teacher's Day|Teachers and Instructors"),
    ("halloween", r"^Halloween$"),
    ("valentines_day", r"Valentine"),
    ("nowruz", r"^(International )?Nowruz( Day)?$|Eid al-Fitr(; | \(estimated\); )Nowruz$"),
    ("orthodox_easter", r"^Orthodox Easter( Sunday)?$"),
    ("armenian_genocide_day", r"Victims of Armenian Genocide"),
    ("spitak_earthquake_day", r"Earthquake Victims"),
    ("fallen_defenders_day", r"Fallen Defenders"),
    ("black_january", r"^Martyrs' Day$"),
    ("azerbaijan_memorial_day", r"^Memorial Day$"),
    ("july_15_day", r"^Democracy and National Unity Day$"),
    ("anzac_day", r"^(ANZAC|Anzac) Day$"),
    ("rwandan_genocide_day", r"Genocide perpetrated against the Tutsi"),
    ("yom_hazikaron", r"^Remembrance Day"),
    ("tisha_bav", r"^Tisha B'Av"),
    ("yom_kippur", r"^Yom Kippur$"),
]
AS_KEPT = ("yom_hazikaron", "tisha_bav")  # their dates move with the Sabbath; ours are the moved ones
COUNTRIES = (
    "US AM CV CR SV FI GE LV LT MG MW NI PA WS SY TH AZ IL TR AU NZ RW IR IQ UZ AL KZ LA TW YE BY UA ZA TN MZ TL RU GR"
)
TABLES: dict[str, dict[date, str]] = {}


def table(country: str) -> dict[date, str]:
    if country not in TABLES:
        kept = country_holidays(country)
        english = "en_US" if "en_US" in kept.supported_languages else None
        whole = country_holidays(country, years=YEARS, language=english, categories=kept.supported_categories)
        TABLES[country] = dict(whole.items())
    return TABLES[country]


@pytest.mark.parametrize(("name", "called"), CHECKED, ids=[name for name, _ in CHECKED])
def test_the_own_rules_agree_with_the_national_tables(name: str, called: str) -> None:
    compared = 0
    for country in COUNTRIES.split():
        put_off = re.compile("in lieu" if name in AS_KEPT else r"observed\)|in lieu")
        theirs = {day for day, said in table(country).items() if re.search(called, said) and not put_off.search(said)}
        if not theirs or SPECIAL_DAYS[name].rule(country) is None:
            continue
        ours = {day for year in YEARS for day in dates_in(BOOK, name, country, year)}
        assert theirs <= ours, f"{country}: {sorted(theirs - ours)}"
        compared += 1
    assert compared


def test_every_row_has_a_kind_a_mood_and_dates() -> None:
    for name, day in SPECIAL_DAYS.items():
        assert day.name == name
        assert day.category in ("religious", "family", "commerce", "civic")
        assert day.mood in ("festive", "neutral", "solemn")
        countries = [country for one in day.dated for country in one.countries]
        assert len(countries) == len(set(countries)), f"{name} dates a country twice"
        for country in [*countries, "FR"]:
            if day.rule(country) is not None:
                assert all(dates_in(BOOK, name, country, year) for year in YEARS), (name, country)


def test_a_country_that_is_not_known_has_no_date_where_countries_differ() -> None:
    assert [on(name, "") for name in ("eid_al_fitr", "christmas", "mothers_day")] == ["", "", ""]
    assert on("valentines_day", "") == "02-14"


def test_the_houses_calendars_win_over_the_tables() -> None:
    eid = SpecialDay("eid_al_fitr", dates=((2027, "AE", date(2027, 3, 10)), (2027, "FR", date(2027, 3, 11))))
    book = house(eid, SpecialDay("kestrel_day", every=MonthDay(10, 1)))
    assert dates_in(book, "eid_al_fitr", "AE", 2027) == (date(2027, 3, 10),)
    assert dates_in(book, "eid_al_fitr", "FR", 2027) == (date(2027, 3, 11),)
    assert dates_in(book, "eid_al_fitr", "EG", 2027) == (date(2027, 3, 9),)
    assert dates_in(book, "kestrel_day", "", 2028) == (date(2028, 10, 1),)
    assert "kestrel_day" in names_of(book)
    assert "kestrel_day" not in names_of(BOOK)


def test_a_date_for_every_country_serves_where_none_is_named() -> None:
    book = house(SpecialDay("eid_al_fitr", dates=((2027, "", date(2027, 3, 10)), (2027, "AE", date(2027, 3, 9)))))
    assert dates_in(book, "eid_al_fitr", "TR", 2027) == (date(2027, 3, 10),)
    assert dates_in(book, "eid_al_fitr", "", 2027) == (date(2027, 3, 10),)
    assert dates_in(book, "eid_al_fitr", "AE", 2027) == (date(2027, 3, 9),)


def test_of_two_in_one_year_only_the_one_that_is_told_gives_way() -> None:
    book = house(SpecialDay("ramadan_start", dates=((2030, "SA", date(2030, 1, 6)),)))
    assert dates_in(book, "ramadan_start", "SA", 2030) == (date(2030, 1, 6), date(2030, 12, 26))


def test_lunar_feasts_are_estimates_until_a_calendar_confirms_them() -> None:
    confirmed = house(SpecialDay("eid_al_fitr", dates=((2027, "AE", date(2027, 3, 9)),)))
    assert is_estimate(BOOK, "eid_al_fitr", "TR", 2027)
    assert not is_estimate(confirmed, "eid_al_fitr", "AE", 2027)
    assert is_estimate(confirmed, "eid_al_fitr", "AE", 2028)
    assert is_estimate(confirmed, "eid_al_fitr", "FR", 2027)
    assert not is_estimate(BOOK, "christmas", "FR", 2027)
    assert not is_estimate(BOOK, "hanukkah", "IL", 2027)


def test_the_next_one_may_be_next_year() -> None:
    assert next_special_day(BOOK, "christmas", "FR", date(2027, 12, 26)) == date(2028, 12, 25)
    assert next_special_day(BOOK, "christmas", "FR", date(2027, 12, 25)) == date(2027, 12, 25)
    assert next_special_day(BOOK, "eid_al_fitr", "TR", date(2027, 3, 10)) == date(2028, 2, 26)
    assert next_special_day(BOOK, "thanksgiving", "FR", date(2027, 1, 1)) is None


@pytest.mark.parametrize(("country", "day", "name"), [
    ("IL", date(2027, 5, 11), "yom_hazikaron"), ("IL", date(2027, 5, 4), "yom_hashoah"),
    ("IL", date(2027, 8, 12), "tisha_bav"), ("IL", date(2027, 10, 11), "yom_kippur"),
    ("AM", date(2027, 4, 24), "armenian_genocide_day"), ("AM", date(2027, 12, 7), "spitak_earthquake_day"),
    ("AZ", date(2027, 1, 20), "black_january"), ("TR", date(2027, 11, 10), "ataturk_memorial_day"),
    ("TR", date(2027, 7, 15), "july_15_day"), ("IR", date(2027, 6, 16), "ashura"),
    ("FR", date(2027, 11, 10), ""), ("", date(2027, 11, 10), ""),
])  # fmt: skip
def test_days_of_mourning_are_those_of_a_country(country: str, day: date, name: str) -> None:
    assert solemn_on(BOOK, country, day) == name


def test_the_house_may_say_another_mood_and_mourn_a_day_of_its_own() -> None:
    book = house(
        SpecialDay("july_15_day", mood="neutral"),
        SpecialDay("our_loss", every=MonthDay(6, 3), mood="solemn"),
        SpecialDay("plain", every=MonthDay(6, 4)),
    )
    assert mood_of(book, "july_15_day") == "neutral"
    assert solemn_on(book, "TR", date(2027, 7, 15)) == ""
    assert dates_in(book, "july_15_day", "TR", 2027) == (date(2027, 7, 15),)
    assert solemn_on(book, "", date(2027, 6, 3)) == "our_loss" == solemn_on(book, "FR", date(2027, 6, 3))
    assert solemn_on(book, "", date(2027, 6, 4)) == ""


def test_a_day_of_mourning_is_nobodys_party() -> None:
    """Christmas and the like are religious: they need `observed_by` (E331)."""
    assert {name for name, day in SPECIAL_DAYS.items() if day.category == RELIGIOUS} >= {
        "christmas", "eid_al_fitr", "eid_al_adha", "hanukkah", "diwali", "passover", "vardavar", "easter",
    }  # fmt: skip


def test_which_days_need_the_extra_package() -> None:
    assert moves("eid_al_fitr")
    assert moves("easter")
    assert moves("mothers_day")
    assert moves("mothers_day", "FR")
    assert not moves("mothers_day", "TR")
    assert not moves("valentines_day")
    assert not moves("nothing")


def test_every_day_says_in_the_docs_what_it_was_checked_against() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/special-days.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line.split(" | ") for line in page.splitlines() if line.startswith("| `")}
    assert rows.keys() == SPECIAL_DAYS.keys()
    for name, day in SPECIAL_DAYS.items():
        assert rows[name][1].startswith(day.category)
        assert rows[name][2] == day.mood
        assert len(rows[name][4]) > len("checked")
