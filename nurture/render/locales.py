"""Locales of readers and mails: the chain of fallbacks, and which way a script runs."""

from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import get_day_names

SCRIPT_LETTERS = 4


@lru_cache(maxsize=4096)
def chain(wanted: str, house: tuple[str, ...]) -> tuple[str, ...]:
    """The locales to try for a reader, best first: fr-CA, then fr, then the house's own order (language.md 3)."""
    parts = spelt(wanted).split("-") if wanted else []
    return (*("-".join(parts[:length]) for length in range(len(parts), 0, -1)), *house)


def spelt(locale: str) -> str:
    """A locale as files are named: `pt_br` is `pt-BR`, `zh-hant` is `zh-Hant` (BCP 47, RFC 5646 2.1.1)."""
    language, *rest = locale.replace("_", "-").split("-")
    return "-".join(
        [language.lower(), *(part.title() if len(part) == SCRIPT_LETTERS else part.upper() for part in rest)]
    )


def is_locale(text: str) -> bool:
    """Whether Babel knows the language, script and territory."""
    try:
        Locale.parse(text.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        return False
    return True


@lru_cache
def babel_locale(locale: str) -> Locale:
    """Babel's rules for a locale; for one that Babel does not know, English."""
    try:
        return Locale.parse(locale, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale("en")


@lru_cache(maxsize=4096)
def with_territory(locale: str, wanted: str, country: str) -> str:
    """The locale that days and amounts are written in: the mail's language, as it is written where the reader is.

    The territory is that of the reader's own locale (`wanted`), else their country (ISO 3166). A mail that is of a
    territory keeps its own, and where CLDR knows the language in no such territory the mail's locale stands.
    """
    if babel_locale(locale).territory:
        return locale
    for territory in (territory_of(wanted), country.strip().upper()):
        if territory and is_locale(f"{locale}-{territory}"):
            return f"{locale}-{territory}"
    return locale


def territory_of(locale: str) -> str:
    """The `GB` of `en-GB`; empty where there is none, or the locale is not known."""
    return (babel_locale(spelt(locale)).territory or "") if is_locale(locale) else ""


@lru_cache
def direction(locale: str) -> str:
    """`rtl` or `ltr`, told by the script the locale is written in."""
    return "rtl" if babel_locale(locale).character_order == "right-to-left" else "ltr"


def day_names(locale: str) -> tuple[str, ...]:
    """The days of the week in a locale's own words, Monday first."""
    names = get_day_names("wide", locale=babel_locale(locale))
    return tuple(names[day] for day in range(7))
