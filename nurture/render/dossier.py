"""How the page of what is known of somebody speaks: sentences, days and names in one of five languages, escaped.

The words are in dossier.toml, one table for each language; a reader of another language gets the house's, or English.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files

from babel.dates import format_date, format_datetime
from markupsafe import escape

from nurture.model.values import dataclass
from nurture.render.locales import babel_locale, chain, direction
from nurture.render.page_words import Titles, names_for


@lru_cache(maxsize=1)
def all_words() -> Mapping[str, Mapping[str, str]]:
    """Every language of the page."""
    return tomllib.loads(files("nurture.render").joinpath("dossier.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Speech:
    """One language of the page; `named` is what the project calls facts and events in it."""

    locale: str
    house: tuple[str, ...]
    named: Mapping[str, str]

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return direction(self.locale)

    def word(self, name: str, **values: str) -> str:
        """A sentence as plain text."""
        return all_words()[self.locale][name].format(**values)

    def say(self, name: str, **values: str) -> str:
        """A sentence, escaped; what is put into it may be of another direction."""
        parts = {one: f"<bdi>{escape(value)}</bdi>" for one, value in values.items()}
        return str(escape(all_words()[self.locale][name])).format(**parts)

    def day(self, day: date) -> str:
        """A day, as it is written in that language; of an instant the day in its own zone."""
        return format_date(day, "long", babel_locale(self.locale))

    def moment(self, there: datetime) -> str:
        """A day and a time, of the zone that it is in."""
        return format_datetime(there.replace(tzinfo=None), "medium", locale=babel_locale(self.locale))

    def title(self, titles: Titles, otherwise: str) -> str:
        """What a topic is called."""
        written = dict(titles)
        return next((written[one] for one in chain(self.locale, self.house) if one in written), otherwise)


def speech(wanted: str, house: Sequence[str], templates: Mapping[str, bytes]) -> Speech:
    """The language for a reader of this locale, in this house."""
    locale = next((one for one in chain(wanted, tuple(house)) if one in all_words()), "en")
    return Speech(locale, tuple(house), names_for(templates, locale))
