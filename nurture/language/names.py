"""The names of a project that values may refer to, and the nearest one to a misspelt word."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

_SHORTEST = 3  # letters of a short form
CODES = {"event": "E202", "stage": "E203", "mail": "E204", "topic": "E208", "theme": "E208", "tag": "E208"}


@dataclass(frozen=True, slots=True)
class Names:
    """What exists in the project; None where it could not be read, so that nothing is said about it."""

    event: tuple[str, ...] | None = ()
    stage: tuple[str, ...] | None = ()
    moment: tuple[str, ...] | None = ()
    mail: tuple[str, ...] | None = ()
    topic: tuple[str, ...] | None = ()
    theme: tuple[str, ...] | None = ()
    tag: tuple[str, ...] | None = ()

    def of(self, what: str) -> tuple[str, ...] | None:
        """All names of one kind in the house's order; stages and moments are named alike."""
        match what:
            case "event":
                return self.event
            case "stage":
                return None if self.stage is None or self.moment is None else (*self.stage, *self.moment)
            case "mail":
                return self.mail
            case "topic":
                return self.topic
            case "theme":
                return self.theme
            case _:
                return self.tag


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
