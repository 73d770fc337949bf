"""doctor: everything that can be wrong around a project, in plain words, each with how it stands and its remedy."""

from collections.abc import Iterator
from enum import Enum

from nurture.model.values import dataclass


class State(Enum):
    """How it stands: fine, worth a look, or wrong. Only what is wrong makes the command fail."""

    ok = "ok"
    look = "look"
    wrong = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, how it stands, what was found, and what to do about it."""

    about: str
    state: State
    words: str
    remedy: str = ""

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.state.value:<5}  {self.about:<13}  {self.words}"
        if self.remedy and self.state is not State.ok:
            yield f"{'':<5}  {'':<13}  -> {self.remedy}"


def ok(about: str, words: str) -> Finding:
    """It is as it should be."""
    return Finding(about, State.ok, words)


def look(about: str, words: str, remedy: str = "") -> Finding:
    """Somebody should look at it; it may be meant so."""
    return Finding(about, State.look, words, remedy)


def wrong(about: str, words: str, remedy: str) -> Finding:
    """It keeps something from working."""
    return Finding(about, State.wrong, words, remedy)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings, in the order in which they were looked for."""

    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not any(one.state is State.wrong for one in self.findings)

    def lines(self) -> Iterator[str]:
        """For people: what is wrong, then what is worth a look, then in one line what is fine."""
        for state in (State.wrong, State.look):
            for one in self.findings:
                if one.state is state:
                    yield from one.lines()
        fine = [one for one in self.findings if one.state is State.ok]
        for one in fine:
            yield from one.lines()
        number = sum(one.state is State.wrong for one in self.findings)
        doubtful = len(self.findings) - len(fine) - number
        yield f"{number} wrong, {doubtful} to look at, {len(fine)} fine"
