"""Events of nurture's own that a step makes: known at once, and kept with the decision."""

from collections.abc import Mapping
from datetime import datetime

from nurture.decide.draft import Draft
from nurture.decide.fold import fold
from nurture.decide.inside import Inside
from nurture.decide.keys import key_of
from nurture.model.event import Event, Origin


def make(draft: Draft, inside: Inside, now: datetime, name: str, fields: Mapping[str, object]) -> Event:
    """Make the one event of the step and round that an enrolment stands in, and take it in."""
    event = Event(key_of(draft.book, draft.id, inside), name, now, now, fields=fields, origin=Origin.sequence)
    draft.made.append(event)
    fold(draft, event)
    return event
