"""Events: append-only, and the truth from which everything known about a person follows."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from nurture.model.values import dataclass

# Events of nurture's own, beside those of the catalogue. Their fields are named behind each.
PERSON_CHANGED = "person.changed"  # facts: mapping of fact to value, None makes it unknown
PERSON_TAGGED = "person.tagged"  # tags: tuple of names
PERSON_UNTAGGED = "person.untagged"  # tags: tuple of names
PERSON_ENROLLED = "person.enrolled"  # sequence: name; what it is for (`--already`): trigger: place, name, day, thing
ADDRESS_ADDED = "address.added"  # address: the e-mail address, from now on theirs; asked: id of the wish it fulfils
ADDRESS_STATE = "address.state"  # address, state: ok soft blocked hard complained role
CONSENT_GIVEN = "consent.given"  # topics: tuple, basis: text, wording: text, how: text, until: date or None
CONSENT_REFUSED = "consent.refused"  # topics: tuple; an empty tuple refuses everything
CONSENT_LIFTED = "consent.lifted"  # topics: tuple; only by the reader: takes a refusal back
THEME_SPARED = "theme.spared"  # theme: name
THEME_WANTED = "theme.wanted"  # theme: name; only by the reader: takes it back
THING_CHANGED = "thing.changed"  # thing: kind, key: which one, fields: mapping of field to value, None is unknown
THING_REMOVED = "thing.removed"  # thing: kind, key: which one
NUMBERS_TOLD = "numbers.told"  # numbers: name, fields: mapping of field to value
STAGE_MOVED = "stage.moved"  # stage: id, until: datetime or None (a `move_to` step, and until when it is pinned)
TASK_DONE = "task.done"  # key: of the task, by: who, words: what came of it
WEBHOOK_ANSWERED = "webhook.answered"  # key: of the webhook, ok: bool, words: text, value: what it answered
GIFT_GIVEN = "gift.given"  # key: of the reservation, gift, code, expires_on: date, mail: key of the mail
GIFT_REFUSED = "gift.refused"  # key: of the reservation, gift, because: out_of_codes or over_budget
GIFT_USED = "gift.used"  # code
DRAFT_SETTLED = "draft.settled"  # key: of the mail, outcome: approved edited dropped, by: who
MAIL_CLICKED = "mail.clicked"  # key: of the mail
MAIL_REPLIED = "mail.replied"  # key: of the mail it answers or empty, kind: complaint question praise automatic other
CONSENT_ASKED = "consent.asked"  # topics: tuple, wording: text, how: text (a double opt-in that waits for their click)
ADDRESS_ASKED = "address.asked"  # address: the one that the reader wants, which is theirs once they confirm it there;
# barred: why nothing goes there, from: the address they had
ADDRESS_KEPT = "address.kept"  # asked: id of a wish for another address that was not theirs, as the old address says
TRACKING_GIVEN = "tracking.given"  # only by the reader: opens and clicks may be told apart by person
TRACKING_REFUSED = "tracking.refused"
PERSON_MERGED = "person.merged"  # old: the id of the contact that is this one from now on; what of both stands for it:
# refused: topics, everything: bool, suppressed: text, spared: themes, tags, address, state: of it, tracked: bool
SUPPRESSED = "person.suppressed"  # because: text
ERASED = "person.erased"
FORGOTTEN = "event.forgotten"  # what any event of somebody who was forgotten is called, once nothing of it is left

READER = "reader"
"""Who says it themselves, as the field `by` of an event names them; only they lift a refusal (language.md 3)."""

OWN_EVENTS = frozenset(
    {
        PERSON_CHANGED, PERSON_TAGGED, PERSON_UNTAGGED, PERSON_ENROLLED, ADDRESS_ADDED, ADDRESS_STATE,
        CONSENT_GIVEN, CONSENT_REFUSED, CONSENT_LIFTED, THEME_SPARED, THEME_WANTED, SUPPRESSED, ERASED,
        THING_CHANGED, THING_REMOVED, NUMBERS_TOLD, STAGE_MOVED, TASK_DONE, WEBHOOK_ANSWERED, GIFT_GIVEN,
        GIFT_REFUSED, GIFT_USED, DRAFT_SETTLED, MAIL_CLICKED, MAIL_REPLIED, CONSENT_ASKED, TRACKING_GIVEN,
        TRACKING_REFUSED, PERSON_MERGED, ADDRESS_ASKED, ADDRESS_KEPT, FORGOTTEN,
    }
)  # fmt: skip


class Money(NamedTuple):
    """An amount and its ISO 4217 currency."""

    amount: Decimal
    currency: str


class MonthDay(NamedTuple):
    """A day of the year whose year is not known, such as a birthday `--05-14`."""

    month: int
    day: int


class Line(NamedTuple):
    """One line of an order."""

    product: str
    quantity: float = 1
    price: Money | None = None


class Origin(Enum):
    """Where an event came from; what came with an import, a merge or a rebuild starts nothing old."""

    live = "live"
    imported = "imported"
    sequence = "sequence"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one person. Instants are aware, in UTC.

    `happened_at` is the world's time, `known_at` when nurture learned of it, `number` the
    order of arrival. Values of fields are str, float, int, bool, date, MonthDay, datetime,
    Money, tuples of Line, tuples of str, or (facts) a mapping.
    """

    id: str
    name: str
    happened_at: datetime
    known_at: datetime
    number: int = 0
    fields: Mapping[str, object] = field(default_factory=dict)
    origin: Origin = Origin.live
    outside_id: str = ""
    fresh: bool = False  # may start sequences whatever its age (`import --fresh`)
