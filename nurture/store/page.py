"""What one page of decisions writes, as rows by table."""

from dataclasses import dataclass, field
from typing import Any

from nurture.model.person import Person

Row = dict[str, Any]
EVERYTHING = "*"  # the topic of a refusal of everything
REASON_NAMES = (
    "person", "bucket", "at", "due_at", "why", "sequence", "version", "subject", "step", "mail", "words", "until",
    "looks", "place", "basis",
)  # fmt: skip
"""The columns of a reason, in the order of its values."""


@dataclass(slots=True)
class Rows:
    """What one page of decisions writes, gathered per table so that each is one statement.

    `in_place` and `stepped` are the places, among `people` and `moved`, of rows of which no indexed column moves.
    """

    people: list[Row] = field(default_factory=list)
    agenda: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    started: list[Row] = field(default_factory=list)
    moved: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    planned: list[Row] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    clicked: list[Row] = field(default_factory=list)
    reasons: list[tuple[Any, ...]] = field(default_factory=list)
    consents: list[Row] = field(default_factory=list)
    consents_of: list[str] = field(default_factory=list)
    addresses: list[Row] = field(default_factory=list)
    projected: list[tuple[Person, str, Person, str]] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    webhooks: list[Row] = field(default_factory=list)
    drafts: list[Row] = field(default_factory=list)
    journal: list[Row] = field(default_factory=list)
    in_place: set[int] = field(default_factory=set)
    stepped: set[int] = field(default_factory=set)

    @property
    def named_reasons(self) -> list[Row]:
        """The reasons by the names of their columns."""
        return [dict(zip(REASON_NAMES, reason, strict=True)) for reason in self.reasons]
