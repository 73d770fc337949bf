"""The names of a project that values may refer to, and the nearest one to a misspelt word."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from difflib import get_close_matches

from nurture.model.values import dataclass

_SHORTEST = 3  # letters of a short form
CODES = {
    "event": "E202",
    "stage": "E203",
    "stage of the line": "E203",
    "mail": "E204",
    "ladder": "E205",
    "gift": "E207",
    "topic": "E208",
    "theme": "E208",
    "tag": "E208",
    "person": "E209",
    "endpoint": "E209",
    "thing": "E209",
    "special day": "E209",
    "sequence": "E209",
    "kind of numbers": "E209",
    "fact": "E201",
    "field": "E201",
    "record field": "E201",
}
"""The finding for a name that does not exist, by what it names; E209 is this module's own, beside those of 9.4."""


Renamed = Callable[[], Mapping[tuple[str, str], str]]
"""By kind and former name what is called so no longer (`was:`), and its name of today."""


def called_now(name: str) -> str:
    """The hint for a former name."""
    return f"it is called '{name}' now"


@dataclass(frozen=True, slots=True)
class Names:
    """What exists in the project; None where it could not be read, so that nothing is said about it.

    `person` are those of the shop, `special_day` the days of calendars and of the built-in tables; `renamed` says
    what a former name is called now, and is only asked when a name does not exist.
    """

    event: tuple[str, ...] | None = ()
    stage: tuple[str, ...] | None = ()
    moment: tuple[str, ...] | None = ()
    mail: tuple[str, ...] | None = ()
    topic: tuple[str, ...] | None = ()
    theme: tuple[str, ...] | None = ()
    tag: tuple[str, ...] | None = ()
    gift: tuple[str, ...] | None = ()
    ladder: tuple[str, ...] | None = ()
    person: tuple[str, ...] | None = ()
    endpoint: tuple[str, ...] | None = ()
    thing: tuple[str, ...] | None = ()
    special_day: tuple[str, ...] | None = ()
    sequence: tuple[str, ...] | None = ()
    renamed: "Renamed" = field(default=dict, compare=False)

    def of(self, what: str) -> tuple[str, ...] | None:
        """All names of one kind in the house's order; stages and moments are named alike."""
        if what == "stage":
            return None if self.stage is None or self.moment is None else (*self.stage, *self.moment)
        found: tuple[str, ...] | None = getattr(self, _FIELDS.get(what, what))
        return found

    def of_today(self, what: str, word: str) -> str:
        """The hint for a name that `was:` of something gives up; empty for any other."""
        today = self.renamed().get((what, word))
        return called_now(today) if today else ""


_FIELDS = {"stage of the line": "stage", "special day": "special_day"}


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word most like a misspelt one, if any is near enough; `saturday` is near its short form `sat`."""
    known = list(words)
    found = get_close_matches(word, known, n=1, cutoff=0.6) or [
        one for one in known if len(one) >= _SHORTEST and word.lower().startswith(one)
    ]
    return found[0] if found else None


def did_you_mean(word: str, words: Iterable[str], otherwise: str = "") -> str:
    """The hint for a misspelt word, or something else to say when nothing is near."""
    near = nearest(word, words)
    return f"did you mean '{near}'?" if near else otherwise
