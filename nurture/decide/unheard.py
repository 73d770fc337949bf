"""The rule `silence`: who heard nothing but offers for so long is enrolled in a sequence (language.md 15; B18, C7)."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from nurture.decide.clock import at, local_day
from nurture.decide.draft import Draft
from nurture.model.makers import new_armed
from nurture.model.person import Armed

HOUR = time(10, 0)  # as for every silence (4.2)
NAME = "silence"  # `start.name` of who is enrolled by the rule
BY_RULE = -1  # in place of a trigger's number: no `start` of the sequence fired
NOT_GIVING = frozenset({"service", "offer"})  # service is owed and an offer asks; the others give (15, `balance`)


def armed_silence(draft: Draft) -> Iterator[Armed]:
    """When the present silence becomes too long."""
    rule = draft.index.silence
    since = heard_on(draft) if rule is not None else None
    if rule is None or since is None:
        return
    listening, dates = rule
    day = since + timedelta(days=dates)
    when = at(day, HOUR, draft.clock)
    if when > draft.asof and may_hear(draft, when):
        yield new_armed(when, listening.sequence.name, BY_RULE, day, NAME)


def may_hear(draft: Draft, when: datetime) -> bool:
    """Whether one of the consents that they gave still holds then; who never gave one hears as a customer."""
    given = [consent for consent in draft.consents.values() if consent.given]
    return not given or any(consent.holds(when) for consent in given)


def heard_on(draft: Draft) -> date | None:
    """The reader's date of the last mail that gave them something; while there was none, of their first consent.

    None for whom nothing may be sent to anyway.
    """
    heard = [message.day for message in draft.messages if message.class_ not in NOT_GIVING and not message.cancelled]
    if heard:
        return max(heard)
    given = [consent.since for consent in draft.consents.values() if consent.given]
    return local_day(min(given), draft.clock) if given else None
