"""Where something stands in an author's file, and what is wrong there."""

from enum import Enum

from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one line; line and column count from 1, columns in characters, not bytes."""

    file: str
    line: int = 1
    column: int = 1
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(Enum):
    """What a finding means for `apply` (language.md 9.4)."""

    error = "error"
    warning = "warning"
    remark = "remark"


_SEVERITIES = {"E": Severity.error, "W": Severity.warning, "I": Severity.remark}


@dataclass(frozen=True, slots=True)
class Problem:
    """A user's mistake as a value: its code (language.md 9.4), place, message and cure."""

    code: str
    place: Place
    message: str
    hint: str = ""

    @property
    def severity(self) -> Severity:
        """Error, warning or remark, told by the code's first letter."""
        return _SEVERITIES[self.code[0]]
