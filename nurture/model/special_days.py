"""Special days by name: what they are, and by which rule each country dates them (language.md 6.9; domain.md 4.1, 4.2).

The names are ours, since tables name one feast in several ways. A rule is no date: `decide/special_days.py` works dates
out of it. `docs/special-days.md` says of each row what it was checked against.
"""

from collections.abc import Mapping

from nurture.model.values import dataclass

RELIGIOUS, FAMILY, COMMERCE, CIVIC = "religious", "family", "commerce", "civic"
FESTIVE, NEUTRAL, SOLEMN = "festive", "neutral", "solemn"


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same date every year."""

    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Nth:
    """The nth weekday of a month (0 is Monday; -1 the last), and so many days after it."""

    month: int
    weekday: int
    nth: int
    plus: int = 0


@dataclass(frozen=True, slots=True)
class Easter:
    """So many days after Easter Sunday, the Western or the Orthodox one."""

    days: int = 0
    orthodox: bool = False


@dataclass(frozen=True, slots=True)
class Calendar:
    """A feast of the Islamic, Hebrew, Hindu, Chinese or Persian calendar, by its name in the `holidays` package.

    The country's own table is asked where the package has one, else the general one. `plus` counts days after it.
    """

    calendar: str
    feast: str
    plus: int = 0


@dataclass(frozen=True, slots=True)
class Worked:
    """A date with a rule of its own, named after the function that works it out."""

    rule: str


AnyRule = Fixed | Nth | Easter | Calendar | Worked


@dataclass(frozen=True, slots=True)
class Dated:
    """One rule and the countries (ISO 3166) that follow it; no countries: all that no other rule names."""

    rule: AnyRule
    countries: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NamedDay:
    """One special day. `lunar` says that its dates are estimates until a calendar file confirms them."""

    name: str
    title: str
    category: str
    mood: str
    dated: tuple[Dated, ...]
    lunar: bool = False

    def rule(self, country: str) -> AnyRule | None:
        """The rule by which a country dates it; None where it is not kept.

        A country that is not known ('') has a date only where all countries share it; of a lunar feast none does.
        """
        named = next((one.rule for one in self.dated if country in one.countries), None)
        if named is not None:
            return named
        everywhere = next((one.rule for one in self.dated if not one.countries), None)
        return everywhere if country or (len(self.dated) == 1 and not self.lunar) else None


def _in(rule: AnyRule, countries: str = "") -> Dated:
    return Dated(rule, frozenset(countries.split()))


_ORTHODOX = "BY BG CY EG ER ET GE GR MD ME MK RO RS RU UA XK"
_MARCH_21 = "AE BH DZ EG IQ JO KW LB LY OM PS QA SA SD SY YE"
_US = "US AS GU MP PR UM VI"

_RELIGIOUS = (
    NamedDay("christmas", "Christmas", RELIGIOUS, FESTIVE, (
        _in(Fixed(1, 6), "AM"), _in(Fixed(1, 7), "BY EG ER ET GE KZ KG ME MK RS RU"), _in(Fixed(12, 25)))),
    NamedDay("orthodox_christmas", "Orthodox Christmas (7 January)", RELIGIOUS, FESTIVE, (_in(Fixed(1, 7)),)),
    NamedDay("epiphany", "Epiphany", RELIGIOUS, FESTIVE, (_in(Fixed(1, 6)),)),
    NamedDay("easter", "Easter", RELIGIOUS, FESTIVE, (_in(Easter(orthodox=True), _ORTHODOX), _in(Easter()))),
    NamedDay("orthodox_easter", "Orthodox Easter", RELIGIOUS, FESTIVE, (_in(Easter(orthodox=True)),)),
    NamedDay("st_sarkis", "Saint Sarkis", RELIGIOUS, FESTIVE, (_in(Easter(-64)),)),
    NamedDay("trndez", "Trndez", RELIGIOUS, FESTIVE, (_in(Fixed(2, 14)),)),
    NamedDay("vardavar", "Vardavar", RELIGIOUS, FESTIVE, (_in(Easter(98)),)),
    NamedDay("ramadan_start", "First day of Ramadan", RELIGIOUS, NEUTRAL, (
        _in(Calendar("islamic", "ramadan_beginning")),), lunar=True),
    NamedDay("eid_al_fitr", "Eid al-Fitr", RELIGIOUS, FESTIVE, (_in(Calendar("islamic", "eid_al_fitr")),), lunar=True),
    NamedDay("eid_al_adha", "Eid al-Adha", RELIGIOUS, FESTIVE, (_in(Calendar("islamic", "eid_al_adha")),), lunar=True),
    NamedDay("islamic_new_year", "Islamic New Year", RELIGIOUS, NEUTRAL, (
        _in(Calendar("islamic", "hijri_new_year")),), lunar=True),
    NamedDay("mawlid", "Mawlid", RELIGIOUS, FESTIVE, (_in(Calendar("islamic", "mawlid")),), lunar=True),
    NamedDay("rosh_hashanah", "Rosh Hashanah", RELIGIOUS, FESTIVE, (_in(Calendar("hebrew", "rosh_hashanah")),)),
    NamedDay("sukkot", "Sukkot", RELIGIOUS, FESTIVE, (_in(Calendar("hebrew", "sukkot")),)),
    NamedDay("hanukkah", "First day of Hanukkah", RELIGIOUS, FESTIVE, (_in(Calendar("hebrew", "hanukkah")),)),
    NamedDay("purim", "Purim", RELIGIOUS, FESTIVE, (_in(Calendar("hebrew", "purim")),)),
    NamedDay("passover", "First day of Passover", RELIGIOUS, FESTIVE, (_in(Calendar("hebrew", "passover")),)),
    NamedDay("shavuot", "Shavuot", RELIGIOUS, FESTIVE, (_in(Calendar("hebrew", "shavuot")),)),
    NamedDay("diwali", "Diwali", RELIGIOUS, FESTIVE, (
        _in(Calendar("hindu", "diwali"), "KE MM MY SG SR TT"), _in(Calendar("hindu", "diwali_india"))), lunar=True),
    NamedDay("holi", "Holi", RELIGIOUS, FESTIVE, (_in(Calendar("hindu", "holi")),), lunar=True),
)  # fmt: skip

_FAMILY = (
    NamedDay("new_years_eve", "New Year's Eve", CIVIC, FESTIVE, (_in(Fixed(12, 31)),)),
    NamedDay("new_year", "New Year", CIVIC, FESTIVE, (_in(Fixed(1, 1)),)),
    NamedDay("lunar_new_year", "Lunar New Year", FAMILY, FESTIVE, (_in(Calendar("chinese", "lunar_new_year")),),
             lunar=True),
    NamedDay("mid_autumn", "Mid-Autumn Festival", FAMILY, FESTIVE, (_in(Calendar("chinese", "mid_autumn")),),
             lunar=True),
    NamedDay("nowruz", "Nowruz", FAMILY, FESTIVE, (
        _in(Calendar("persian", "new_year"), "IR AF"), _in(Fixed(3, 20), "AZ"), _in(Fixed(3, 22), "AL"),
        _in(Fixed(3, 21)))),
    NamedDay("mothers_day", "Mother's Day", FAMILY, FESTIVE, (
        _in(Easter(-21), "GB IE GG JE IM NG"),
        _in(Worked("mothers_day_of_france"), "FR GP GF MQ RE YT"),
        _in(Nth(5, 6, -1), "SE MG TN MA DO HT"),
        _in(Nth(5, 6, 1), "ES PT HU LT MZ"),
        _in(Nth(2, 6, 2), "NO"),
        _in(Nth(6, 6, 2), "LU"),
        _in(Nth(10, 6, 3), "AR"),
        _in(Nth(11, 6, -1), "RU"),
        _in(Nth(5, 6, 2, 1), "WS"),
        _in(Fixed(3, 3), "GE"),
        _in(Fixed(3, 8), "BG MD MK RS TJ UZ AZ KZ KG AL"),
        _in(Fixed(3, 21), _MARCH_21),
        _in(Fixed(3, 25), "SI"),
        _in(Fixed(4, 7), "AM"),
        _in(Fixed(5, 8), "KR"),
        _in(Fixed(5, 10), "MX SV GT"),
        _in(Fixed(5, 26), "PL"),
        _in(Fixed(5, 27), "BO"),
        _in(Fixed(5, 30), "NI"),
        _in(Fixed(8, 12), "TH"),
        _in(Fixed(8, 15), "CR"),
        _in(Fixed(10, 15), "MW"),
        _in(Fixed(12, 8), "PA"),
        _in(Fixed(12, 22), "ID"),
        _in(Worked("family_day_of_israel"), "IL"),
        _in(Nth(5, 6, 2), f"{_US} CA TR DE AT CH IT BE NL DK FI AX EE LV GR CY MT HR CZ SK UA AU NZ JP CN HK TW SG MY "
                          "PH IN PK BD BR CL CO PE EC UY VE ZA KE GH IS CV"))),
    NamedDay("fathers_day", "Father's Day", FAMILY, FESTIVE, (
        _in(Easter(39), "DE"),
        _in(Fixed(3, 19), "ES IT PT HR AD BO HN LI"),
        _in(Fixed(5, 8), "KR"),
        _in(Nth(5, 6, 2), "RO"),
        _in(Fixed(6, 5), "DK"),
        _in(Nth(6, 6, 1), "LT CH"),
        _in(Nth(6, 6, 2), "AT BE"),
        _in(Fixed(6, 17), "AM SV GT"),
        _in(Fixed(6, 21), "EG LB SY JO AE IQ KW BH OM QA SA YE"),
        _in(Fixed(6, 23), "PL NI UG"),
        _in(Nth(8, 6, 2, 1), "WS"),
        _in(Nth(8, 6, 2), "BR"),
        _in(Fixed(8, 8), "TW"),
        _in(Nth(9, 6, 1), "AU NZ FJ PG"),
        _in(Nth(10, 6, 1), "LU"),
        _in(Nth(10, 6, 3), "RU"),
        _in(Nth(11, 6, 2), "EE FI AX NO SE"),
        _in(Fixed(12, 5), "TH"),
        _in(Nth(6, 6, 3), f"{_US} GB IE FR TR CA NL CZ SK HU GR CY MT UA IN PK BD CN HK JP SG MY PH ZA AR CL CO CR CU "
                          "EC MX PA PE PY VE CV MG"))),
    NamedDay("childrens_day", "Children's Day", FAMILY, FESTIVE, (
        _in(Fixed(4, 23), "TR"), _in(Fixed(5, 5), "JP KR"), _in(Fixed(11, 14), "IN"), _in(Fixed(4, 4), "TW HK"),
        _in(Fixed(6, 1), "AM CN CV LA MD MN RO PL CZ UA BY RU PT TL AZ KZ"), _in(Nth(1, 5, 2), "TH"))),
    NamedDay("thanksgiving", "Thanksgiving", FAMILY, FESTIVE, (
        _in(Nth(11, 3, 4), f"{_US} PW"), _in(Nth(10, 0, 2), "CA"), _in(Nth(11, 3, 1), "LR"))),
)  # fmt: skip

_COMMERCE = (
    NamedDay("valentines_day", "Valentine's Day", COMMERCE, FESTIVE, (_in(Fixed(2, 14)),)),
    NamedDay("tu_bav", "Tu B'Av", COMMERCE, FESTIVE, (_in(Calendar("hebrew", "passover", 118), "IL"),)),
    NamedDay("halloween", "Halloween", COMMERCE, FESTIVE, (_in(Fixed(10, 31)),)),
    NamedDay("singles_day", "Singles' Day", COMMERCE, FESTIVE, (_in(Fixed(11, 11)),)),
    NamedDay("black_friday", "Black Friday", COMMERCE, FESTIVE, (_in(Nth(11, 3, 4, 1)),)),
    NamedDay("cyber_monday", "Cyber Monday", COMMERCE, FESTIVE, (_in(Nth(11, 3, 4, 4)),)),
)  # fmt: skip

_CIVIC = (
    NamedDay("womens_day", "Women's Day", CIVIC, FESTIVE, (
        _in(Fixed(8, 9), "ZA"), _in(Fixed(8, 13), "TN"), _in(Fixed(4, 7), "MZ"), _in(Fixed(11, 3), "TL"),
        _in(Fixed(3, 8)))),
    NamedDay("teachers_day", "Teachers' Day", CIVIC, FESTIVE, (
        _in(Fixed(11, 24), "TR"), _in(Fixed(9, 10), "CN"), _in(Fixed(9, 5), "IN"), _in(Fixed(9, 28), "TW"),
        _in(Fixed(10, 7), "LA"), _in(Fixed(1, 16), "TH"), _in(Fixed(10, 1), "UZ"), _in(Fixed(5, 5), "YE"),
        _in(Fixed(5, 15), "KR MX CO"), _in(Fixed(10, 15), "BR"), _in(Fixed(11, 20), "VN"), _in(Fixed(10, 5)))),
    # Days of mourning: celebrations and offers are silent in these countries.
    NamedDay("yom_kippur", "Yom Kippur", RELIGIOUS, SOLEMN, (_in(Calendar("hebrew", "yom_kippur"), "IL"),)),
    NamedDay("tisha_bav", "Tisha B'Av", RELIGIOUS, SOLEMN, (_in(Worked("tisha_bav"), "IL"),)),
    NamedDay("yom_hashoah", "Yom HaShoah", CIVIC, SOLEMN, (_in(Worked("yom_hashoah"), "IL"),)),
    NamedDay("yom_hazikaron", "Yom HaZikaron", CIVIC, SOLEMN, (_in(Worked("yom_hazikaron"), "IL"),)),
    NamedDay("armenian_genocide_day", "Genocide Remembrance Day", CIVIC, SOLEMN, (_in(Fixed(4, 24), "AM"),)),
    NamedDay("spitak_earthquake_day", "Earthquake Remembrance Day", CIVIC, SOLEMN, (_in(Fixed(12, 7), "AM"),)),
    NamedDay("fallen_defenders_day", "Fallen Defenders' Day", CIVIC, SOLEMN, (_in(Fixed(1, 27), "AM"),)),
    NamedDay("black_january", "Martyrs' Day", CIVIC, SOLEMN, (_in(Fixed(1, 20), "AZ"),)),
    NamedDay("azerbaijan_memorial_day", "Memorial Day", CIVIC, SOLEMN, (_in(Fixed(9, 27), "AZ"),)),
    NamedDay("ataturk_memorial_day", "Ataturk Memorial Day", CIVIC, SOLEMN, (_in(Fixed(11, 10), "TR"),)),
    NamedDay("july_15_day", "Democracy and National Unity Day", CIVIC, SOLEMN, (_in(Fixed(7, 15), "TR"),)),
    NamedDay("tasua", "Tasua", RELIGIOUS, SOLEMN, (_in(Calendar("islamic", "tasua"), "IR BH"),), lunar=True),
    NamedDay("ashura", "Ashura", RELIGIOUS, SOLEMN, (_in(Calendar("islamic", "ashura"), "IR IQ BH"),), lunar=True),
    NamedDay("arbaeen", "Arbaeen", RELIGIOUS, SOLEMN, (_in(Calendar("islamic", "arbaeen"), "IR IQ"),), lunar=True),
    NamedDay("anzac_day", "ANZAC Day", CIVIC, SOLEMN, (_in(Fixed(4, 25), "AU NZ"),)),
    NamedDay("rwandan_genocide_day", "Genocide Memorial Day", CIVIC, SOLEMN, (_in(Fixed(4, 7), "RW"),)),
)  # fmt: skip

SPECIAL_DAYS: Mapping[str, NamedDay] = {day.name: day for day in (*_RELIGIOUS, *_FAMILY, *_COMMERCE, *_CIVIC)}
"""Every special day that is known by name without a calendar file."""
