"""What a person said at the command line and what holds until it is taken back: halt, pause, stop (language.md 6.5)."""

from datetime import datetime
from enum import Enum

from nurture.model.values import dataclass


class Word(Enum):
    """halt holds all sending, pause that of one sequence, stop ends one sequence."""

    halt = "halt"
    pause = "pause"
    stop = "stop"


@dataclass(frozen=True, slots=True)
class Switch:
    """One of them: of which sequence (empty for halt), since when (UTC), who said it and why.

    `keep_service` is of a halt: service mail still goes. A halt whose `who` is `nurture` was made by the
    program itself, since the provider refused us.
    """

    word: Word
    since: datetime
    who: str
    sequence: str = ""
    because: str = ""
    keep_service: bool = False

    @property
    def words(self) -> str:
        """`paused by lena: wrong price`, for reasons and for people."""
        said = f"{_DONE[self.word]} by {self.who}"
        return f"{said}: {self.because}" if self.because else said

    @property
    def lifted_by(self) -> str:
        """The command that takes it back."""
        return f"{_LIFTED_BY[self.word]} {self.sequence}".strip()

    @property
    def line(self) -> str:
        """`welcome is stopped by lena since 2027-03-09 10:00 UTC: wrong price (nurture resume welcome)`."""
        what = self.sequence or "All sending"
        kept = ", but for service mail" if self.keep_service else ""
        because = f": {self.because}" if self.because else ""
        since = f"{self.since:%Y-%m-%d %H:%M} UTC"
        return f"{what} is {_DONE[self.word]} by {self.who} since {since}{kept}{because} ({self.lifted_by})"


_LIFTED_BY = {Word.halt: "nurture unhalt", Word.pause: "nurture resume", Word.stop: "nurture resume"}
_DONE = {Word.halt: "halted", Word.pause: "paused", Word.stop: "stopped"}
